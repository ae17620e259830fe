import type { HttpReply } from "../../../kernel/index.ts";
import { HOST, SERVICE_IDS } from "../state/host.ts";
import { refuseAsUnmodelled, requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { storedTime } from "../../time.ts";

function listServices(call: NovaCall): HttpReply {
  requireAdmin(call, "os-services:list");
  const binaries = ["conductor", "scheduler", "compute"] as const;
  const each = binaries.map((name, at) => ({
    id: call.version >= 53 ? SERVICE_IDS[name] : at + 1,
    binary: `nova-${name}`,
    host: HOST,
    zone: name === "compute" ? call.nova.cloud.zones[0] : "internal",
    status: "enabled",
    state: "up",
    updated_at: storedTime(call.nova.cloud.kernel.nowMs),
    disabled_reason: null,
    ...(call.version >= 11 && { forced_down: false }),
  }));
  const isWanted = (name: string, value: string): boolean => !call.query.has(name) || call.query.get(name) === value;
  return ok({ services: each.filter(({ binary, host }) => isWanted("binary", binary) && isWanted("host", host)) });
}

function refuseChange(call: NovaCall): never {
  requireAdmin(call, "os-services:update");
  return refuseAsUnmodelled("changes of services")();
}

/** Routes of the API reference, "Compute services (os-services)". */
export const SERVICE_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/os-services", clients: ["openstack"], handler: listServices },
  { method: "PUT", path: "/os-services/:id", handler: refuseChange },
  { method: "DELETE", path: "/os-services/:id", handler: refuseChange },
];
