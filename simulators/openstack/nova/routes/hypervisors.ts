import type { HttpReply } from "../../../kernel/index.ts";
import type { ComputeHost } from "../../hosts.ts";
import type { Flavor } from "../state/flavor.ts";
import { CONTROLLERS, HOST_LIMITS, hypervisorId, serviceId, serviceOf } from "../state/host.ts";
import type { Server } from "../state/server.ts";
import { badRequest, notFound, requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";

interface Hypervisor {
  readonly index: number;
  readonly host: ComputeHost;
}

const hypervisorsOf = ({ nova }: NovaCall): readonly Hypervisor[] =>
  nova.cloud.hosts.map((host, index) => ({ index, host }));

const idOf = ({ version }: NovaCall, { index }: Hypervisor): string | number =>
  version >= 53 ? hypervisorId(index) : index + 1;

function briefView(call: NovaCall, hypervisor: Hypervisor): object {
  const { isDisabled, isForcedDown } = serviceOf(call.nova, hypervisor.host.name);
  return {
    id: idOf(call, hypervisor),
    hypervisor_hostname: hypervisor.host.name,
    state: isForcedDown ? "down" : "up",
    status: isDisabled ? "disabled" : "enabled",
  };
}

const serversOn = ({ nova }: NovaCall, isHost: (host: string) => boolean): readonly Server[] =>
  [...nova.slot.value.servers.values()].filter(({ host }) => host !== null && isHost(host));

/** The resources of hosts, and how much of them these servers use; RAM in MiB, disks in GiB. */
function capacityView(servers: readonly Server[], hosts: number) {
  const sum = (of: (flavor: Flavor) => number): number => servers.reduce((total, { flavor }) => total + of(flavor), 0);
  const [ram, disk] = [sum((flavor) => flavor.ram), sum((flavor) => flavor.disk)];
  return {
    vcpus: hosts * HOST_LIMITS.vcpus,
    memory_mb: hosts * HOST_LIMITS.ramMb,
    local_gb: hosts * HOST_LIMITS.diskGb,
    vcpus_used: sum((flavor) => flavor.vcpus),
    memory_mb_used: ram,
    local_gb_used: disk,
    free_ram_mb: hosts * HOST_LIMITS.ramMb - ram,
    free_disk_gb: hosts * HOST_LIMITS.diskGb - disk,
    current_workload: 0,
    running_vms: servers.length,
    disk_available_least: 0,
  };
}

const namesOf = (servers: readonly Server[]): object[] => servers.map(({ id, name }) => ({ uuid: id, name }));

const FAKE_CPU = { arch: "x86_64", model: "fake", vendor: "fake", topology: {}, features: [] };
const LIBVIRT_CPU = {
  arch: "x86_64",
  model: "EPYC",
  vendor: "AMD",
  topology: { cells: 2, sockets: 32, cores: 64, threads: 1 },
  features: ["aes", "apic", "avx2", "nx", "rdrand", "sse4.2", "svm"],
};

/** How the driver describes itself: the recorded rig has the fake one, a cloud with agents libvirt's. */
function driverView(call: NovaCall): object {
  const isFake = call.nova.cloud.profile === "rig";
  const { version } = call;
  const cpu = isFake ? FAKE_CPU : LIBVIRT_CPU;
  const cpuText = isFake ? "?" : JSON.stringify(cpu);
  return {
    hypervisor_type: isFake ? "fake" : "QEMU",
    hypervisor_version: isFake ? 1000 : 7_002_000,
    ...(version < 88 && { cpu_info: version >= 28 ? cpu : cpuText }),
  };
}

/** ` 09:00:00 up 3 days,  0 users,  load average: …`, as the host's own `uptime` says it; the fake driver has none. */
function uptimeOf({ nova }: NovaCall): string | null {
  if (nova.cloud.profile === "rig") return null;
  const { nowMs } = nova.cloud.kernel;
  const days = Math.floor((nowMs - nova.cloud.bootMs) / 86_400_000);
  const time = new Date(nowMs).toISOString().slice(11, 19);
  return ` ${time} up ${days} days,  0 users,  load average: 0.12, 0.08, 0.05\n`;
}

/** From 2.88 on without the host's resources. */
function detailView(call: NovaCall, hypervisor: Hypervisor): object {
  const { version, nova } = call;
  const { name, address } = hypervisor.host;
  const servers = serversOn(call, (host) => host === name);
  const service = CONTROLLERS.length + hypervisor.index;
  return {
    ...briefView(call, hypervisor),
    host_ip: address,
    ...driverView(call),
    service: {
      id: version >= 53 ? serviceId(service) : service + 1,
      host: name,
      disabled_reason: serviceOf(nova, name).reason,
    },
    ...(version < 88 && capacityView(servers, 1)),
    ...(version >= 88 && { uptime: uptimeOf(call) }),
    ...(version >= 53 && call.query.has("with_servers") && { servers: namesOf(servers) }),
  };
}

/** @throws Refusal 404 */
function requireHypervisor(call: NovaCall): Hypervisor {
  const found = hypervisorsOf(call).find((each) => String(idOf(call, each)) === call.params.id);
  if (found === undefined) throw notFound(`Hypervisor with ID '${call.params.id}' could not be found.`);
  return found;
}

function showUptime(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hypervisors:uptime");
  const hypervisor = requireHypervisor(call);
  const uptime = uptimeOf(call);
  if (uptime === null) throw badRequest("Virt driver does not implement uptime function.");
  return ok({ hypervisor: { ...briefView(call, hypervisor), uptime } });
}

/** Finds hypervisors by a part of the name. @throws Refusal 404 */
function requireMatches(call: NovaCall, pattern: string): readonly Hypervisor[] {
  const found = hypervisorsOf(call).filter(({ host }) => host.name.includes(pattern));
  if (found.length === 0) throw notFound(`No hypervisor matching '${pattern}' could be found.`);
  return found;
}

function listServers(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hypervisors:servers");
  const matches = requireMatches(call, call.params.id ?? "").map((each) => {
    const servers = namesOf(serversOn(call, (host) => host === each.host.name));
    return { ...briefView(call, each), ...(servers.length > 0 && { servers }) };
  });
  return ok({ hypervisors: matches });
}

/** The list; from 2.53 on by a part of the name. */
function list(call: NovaCall, rule: string, view: typeof detailView): HttpReply {
  requireAdmin(call, `os-hypervisors:${rule}`);
  const pattern = call.version >= 53 ? call.query.get("hypervisor_hostname_pattern") : null;
  const found = pattern === null ? hypervisorsOf(call) : requireMatches(call, pattern);
  return ok({ hypervisors: found.map((each) => view(call, each)) });
}

function showStatistics(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hypervisors:statistics");
  const count = call.nova.cloud.hosts.length;
  const capacity = capacityView(
    serversOn(call, () => true),
    count,
  );
  return ok({ hypervisor_statistics: { count, ...capacity } });
}

/** From 2.53 on with its servers where they are asked for. */
function withServers(call: NovaCall, hypervisor: Hypervisor): object {
  const isWanted = call.version >= 53 && call.query.get("with_servers") === "true";
  const servers = isWanted ? namesOf(serversOn(call, (host) => host === hypervisor.host.name)) : [];
  return { ...briefView(call, hypervisor), ...(servers.length > 0 && { servers }) };
}

/** Routes of the API reference, "Hypervisors (os-hypervisors)". */
export const HYPERVISOR_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-hypervisors",
    clients: ["openstack"],
    handler: (call) => list(call, "list", withServers),
  },
  {
    method: "GET",
    path: "/os-hypervisors/detail",
    clients: ["openstack"],
    handler: (call) => list(call, "list-detail", detailView),
  },
  { method: "GET", path: "/os-hypervisors/statistics", to: 87, clients: ["openstack"], handler: showStatistics },
  { method: "GET", path: "/os-hypervisors/:id/uptime", to: 87, handler: showUptime },
  {
    method: "GET",
    path: "/os-hypervisors/:id/search",
    to: 52,
    handler: (call) => {
      requireAdmin(call, "os-hypervisors:search");
      return ok({ hypervisors: requireMatches(call, call.params.id ?? "").map((each) => briefView(call, each)) });
    },
  },
  { method: "GET", path: "/os-hypervisors/:id/servers", to: 52, handler: listServers },
  {
    method: "GET",
    path: "/os-hypervisors/:id",
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-hypervisors:show");
      return ok({ hypervisor: detailView(call, requireHypervisor(call)) });
    },
  },
];
