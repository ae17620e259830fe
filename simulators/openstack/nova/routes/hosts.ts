import type { HttpReply } from "../../../kernel/index.ts";
import { CONTROLLERS, controllerOf, findHost, HOST_LIMITS, zoneOf } from "../state/host.ts";
import type { Server } from "../state/server.ts";
import { notFound, refuseAsUnmodelled, requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

const resource = (host: string, project: string, cpu: number, memoryMb: number, diskGb: number): object => ({
  resource: { host, project, cpu, memory_mb: memoryMb, disk_gb: diskGb },
});

const sum = (servers: readonly Server[], of: (server: Server) => number): number =>
  servers.reduce((total, server) => total + of(server), 0);

const usedBy = (host: string, project: string, servers: readonly Server[]): object =>
  resource(
    host,
    project,
    sum(servers, ({ flavor }) => flavor.vcpus),
    sum(servers, ({ flavor }) => flavor.ram),
    sum(servers, ({ flavor }) => flavor.disk),
  );

/** The resources of the host, how much of them is taken, and by which projects. @throws Refusal 404 */
function showHost(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hosts:show");
  const { host = "" } = call.params;
  if (findHost(call.nova, host) === undefined) throw notFound(`Host '${host}' is not mapped to any cell`);
  const servers = [...call.nova.slot.value.servers.values()].filter((server) => server.host === host);
  const projects = Map.groupBy(servers, ({ projectId }) => projectId);
  return ok({
    host: [
      resource(host, "(total)", HOST_LIMITS.vcpus, HOST_LIMITS.ramMb, HOST_LIMITS.diskGb),
      usedBy(host, "(used_now)", servers),
      usedBy(host, "(used_max)", servers),
      ...[...projects].map(([project, own]) => usedBy(host, project, own)),
    ],
  });
}

/** A host's own power, which no driver but VMware's turned on and off. @throws Refusal 404, 501 */
function operateHost(call: NovaCall): never {
  requireAdmin(call, "os-hosts:show");
  if (findHost(call.nova, call.params.host ?? "") === undefined)
    throw notFound(`Host '${call.params.host}' is not mapped to any cell`);
  return refuseAsUnmodelled("power and maintenance of hosts")();
}

function listHosts(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hosts:list");
  const { nova, query } = call;
  const controller = controllerOf(nova);
  const hosts = [
    // The recorded list was made where the control plane is a host itself.
    ...(nova.cloud.profile === "rig"
      ? []
      : CONTROLLERS.map((service) => ({ host_name: controller, service, zone: "internal" }))),
    ...nova.cloud.hosts.map((host) => ({ host_name: host.name, service: "compute", zone: zoneOf(nova, host) })),
  ];
  return ok({ hosts: hosts.filter(({ zone }) => !query.get("zone") || query.get("zone") === zone) });
}

/** Routes of the API reference, "Hosts (os-hosts)". Until 2.42. */
export const HOST_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/os-hosts/:host", showHost),
  ...["/startup", "/shutdown", "/reboot"].map((end) => proxyRoute("GET", `/os-hosts/:host${end}`, operateHost)),
  proxyRoute("PUT", "/os-hosts/:host", operateHost),
  proxyRoute("GET", "/os-hosts", listHosts, 42),
];
