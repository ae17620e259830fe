import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { checkMutable, startChange } from "../behaviour/changes.ts";
import { requireRow } from "../behaviour/parents.ts";
import type { Octavia, OctaviaRow } from "../state/state.ts";
import { statusOf } from "../wire/views.ts";

/** No traffic flows through a simulated load balancer. */
const NO_TRAFFIC = { active_connections: 0, bytes_in: 0, bytes_out: 0, request_errors: 0, total_connections: 0 };

/** Routes of a load balancer as a whole: statistics, its tree of statuses, failover. */
export function loadBalancerRoutes(octavia: Octavia): readonly OpenStackRoute[] {
  const rowIn = ({ actor, params }: RequestContext, kind: "loadbalancer" | "listener"): OctaviaRow =>
    requireRow(octavia, actor, kind, params.id ?? "");
  const status = (context: RequestContext): HttpReply =>
    json(200, { statuses: { loadbalancer: statusOf(octavia, rowIn(context, "loadbalancer")) } });
  const statsOf =
    (kind: "loadbalancer" | "listener") =>
    (context: RequestContext): HttpReply => {
      rowIn(context, kind);
      return json(200, { stats: NO_TRAFFIC });
    };
  const failover = (context: RequestContext): HttpReply => {
    const row = rowIn(context, "loadbalancer");
    checkMutable(row);
    startChange(octavia, row, "update");
    return empty(202);
  };
  return ["/v2", "/v2.0"].flatMap((version): readonly OpenStackRoute[] => {
    const path = `${version}/lbaas/loadbalancers/:id`;
    return [
      { method: "GET", path: `${path}/status`, handler: status },
      { method: "GET", path: `${path}/statuses`, handler: status },
      { method: "GET", path: `${path}/stats`, handler: statsOf("loadbalancer") },
      { method: "PUT", path: `${path}/failover`, handler: failover },
      { method: "GET", path: `${version}/lbaas/listeners/:id/stats`, handler: statsOf("listener") },
    ];
  });
}
