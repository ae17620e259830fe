import type { OpenStackRoute, RequestContext } from "../../service.ts";
import type { Designate } from "../state/state.ts";
import { notSimulated } from "../wire/errors.ts";
import { forAdmins, requireZone } from "../wire/request.ts";

const TASKS = "/v2/zones/:zone_id/tasks";

/** Tasks of one zone that are not simulated; two of them are for administrators. */
export function zoneTaskRoutes(designate: Designate): readonly OpenStackRoute[] {
  const refuse =
    (what: string): ((context: RequestContext) => never) =>
    (context) => {
      requireZone(designate, context);
      throw notSimulated(what);
    };
  return [
    { method: "POST", path: `${TASKS}/xfr`, handler: refuse("transfers from other name servers") },
    { method: "POST", path: `${TASKS}/abandon`, handler: forAdmins(refuse("abandoning a zone")) },
    { method: "POST", path: `${TASKS}/pool_move`, handler: forAdmins(refuse("several pools")) },
  ];
}
