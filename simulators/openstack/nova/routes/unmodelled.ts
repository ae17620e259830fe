import { refuseAsUnmodelled } from "../wire/errors.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

/** Routes that only other services or operators of a real cloud call: they answer 501, so that nobody takes silence for success. */
export const UNMODELLED_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/os-assisted-volume-snapshots", handler: refuseAsUnmodelled("assisted snapshots") },
  {
    method: "POST",
    path: "/os-server-external-events",
    handler: refuseAsUnmodelled("events from other services over HTTP"),
  },
  proxyRoute("GET", "/os-instance_usage_audit_log", refuseAsUnmodelled("the audit log of usage")),
  proxyRoute("GET", "/os-instance_usage_audit_log/:before", refuseAsUnmodelled("the audit log of usage")),
];
