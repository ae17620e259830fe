import { badRequest, refuseAsUnmodelled, requireAdmin } from "../wire/errors.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";

const MOMENT = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?$/;

function refuseLog(call: NovaCall, rule: string): never {
  requireAdmin(call, `os-instance-usage-audit-log:${rule}`);
  const before = decodeURIComponent(call.params.before ?? "");
  if (rule === "show" && !MOMENT.test(before)) throw badRequest(`Invalid timestamp for date ${before}`);
  return refuseAsUnmodelled("the audit log of usage")();
}

/** Routes that only other services or operators of a real cloud call: they answer 501, so that nobody mistakes silence for success. */
export const UNMODELLED_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/os-assisted-volume-snapshots", handler: refuseAsUnmodelled("assisted snapshots") },
  {
    method: "POST",
    path: "/os-server-external-events",
    handler: refuseAsUnmodelled("events from other services over HTTP"),
  },
  { method: "GET", path: "/os-instance_usage_audit_log", handler: (call) => refuseLog(call, "list") },
  { method: "GET", path: "/os-instance_usage_audit_log/:before", handler: (call) => refuseLog(call, "show") },
];
