import { refuseUnmodelled } from "../wire/errors.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

/** Routes that only other services or operators of a real cloud call: answered 501, so that nobody takes silence for success. */
export const UNMODELLED_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/os-assisted-volume-snapshots", handler: refuseUnmodelled("assisted snapshots") },
  {
    method: "POST",
    path: "/os-server-external-events",
    handler: refuseUnmodelled("events from other services over HTTP"),
  },
  proxyRoute("GET", "/os-instance_usage_audit_log", refuseUnmodelled("the audit log of usage")),
  proxyRoute("GET", "/os-instance_usage_audit_log/:before", refuseUnmodelled("the audit log of usage")),
];
