import type { OpenStackRoute } from "../../service.ts";
import { forAdmins, refuseUnmodelled } from "../wire/request.ts";

const TASKS = "/v2/zones/:zone_id/tasks";

/** Tasks of one zone that are not simulated; two of them are for administrators. */
export const ZONE_TASK_ROUTES: readonly OpenStackRoute[] = [
  { method: "POST", path: `${TASKS}/xfr`, handler: refuseUnmodelled("transfers from other name servers") },
  { method: "POST", path: `${TASKS}/abandon`, handler: forAdmins(refuseUnmodelled("abandoning a zone")) },
  { method: "POST", path: `${TASKS}/pool_move`, handler: forAdmins(refuseUnmodelled("several pools")) },
];
