import { faultPoint } from "../../kernel/index.ts";

const BALANCER = { id: { prose: "the id of the load balancer" }, name: { prose: "its name" } };

/** Where Octavia's own work may fail, besides its routes. */
export const OCTAVIA_POINTS = {
  create: faultPoint({
    point: "octavia:loadbalancer.create",
    effects: ["error", "stuck", "delay"],
    attributes: BALANCER,
    prose:
      "A load balancer that was accepted (201) never serves: its provisioning_status ends in ERROR, stays PENDING_CREATE for good (immutable: even a delete is refused with 409), or takes much longer (no amphora boots). The caller must give up within its own time, and delete it once it may.",
  }),
  update: faultPoint({
    point: "octavia:loadbalancer.update",
    effects: ["error", "stuck", "delay"],
    attributes: BALANCER,
    prose:
      "A change of a load balancer or of one of its parts (201, 200, 204) does not reach it: provisioning_status ERROR, PENDING_UPDATE for good, or late. Until then every other change is refused with 409, which callers must take for `later`.",
  }),
};
