import type { HttpReply } from "../../../kernel/index.ts";
import { HOST } from "../state/host.ts";
import { notFound, refuseAsUnmodelled, requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

function showHost(call: NovaCall): never {
  requireAdmin(call, "os-hosts:show");
  if (call.params.host !== HOST) throw notFound(`Host '${call.params.host}' is not mapped to any cell`);
  return refuseAsUnmodelled("hosts one by one")();
}

function listHosts(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hosts:list");
  const [zone] = call.nova.cloud.zones;
  const isWanted = !call.query.get("zone") || call.query.get("zone") === zone;
  return ok({ hosts: isWanted ? [{ host_name: HOST, service: "compute", zone }] : [] });
}

/** Routes of the API reference, "Hosts (os-hosts)". Until 2.42. */
export const HOST_ROUTES: readonly NovaRoute[] = [
  ...["", "/startup", "/shutdown", "/reboot"].map((end) => proxyRoute("GET", `/os-hosts/:host${end}`, showHost)),
  proxyRoute("PUT", "/os-hosts/:host", showHost),
  proxyRoute("GET", "/os-hosts", listHosts, 42),
];
