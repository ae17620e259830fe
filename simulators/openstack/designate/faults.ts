import { faultPoint } from "../../kernel/index.ts";

const ZONE = { id: { prose: "the id of the zone" }, name: { prose: "its name, with the final dot" } };

const zonePoint = (action: string, prose: string) =>
  faultPoint({ point: `designate:zone.${action}`, effects: ["error", "stuck", "delay"], prose, attributes: ZONE });

/** Where Designate's own work may fail, besides its routes. */
export const DESIGNATE_POINTS = {
  create: zonePoint(
    "create",
    "A zone that was accepted (202) is never served: it ends in ERROR, stays PENDING, or takes longer.",
  ),
  update: zonePoint(
    "update",
    "A change of a zone or its records (202) does not reach the name servers: ERROR, PENDING for good, or late.",
  ),
  delete: zonePoint(
    "delete",
    "A zone that was to be deleted (202) stays: in ERROR, PENDING for good, or longer than usual.",
  ),
};
