import type { HttpReply } from "../../../kernel/index.ts";
import type { Flavor } from "../state/flavor.ts";
import { HOST, HOST_LIMITS, SERVICE_IDS } from "../state/host.ts";
import type { Server } from "../state/server.ts";
import { badRequest, notFound, requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";

const hypervisorBrief = ({ version }: NovaCall): object => ({
  id: version >= 53 ? SERVICE_IDS.hypervisor : 1,
  hypervisor_hostname: HOST,
  state: "up",
  status: "enabled",
});

const scheduledServers = ({ nova }: NovaCall): readonly Server[] =>
  [...nova.slot.value.servers.values()].filter(({ isScheduled }) => isScheduled);

/** What the host has and what its servers use of it; RAM in MiB, disks in GiB. */
function capacityView(call: NovaCall) {
  const servers = scheduledServers(call);
  const sum = (of: (flavor: Flavor) => number): number => servers.reduce((total, { flavor }) => total + of(flavor), 0);
  const [ram, disk] = [sum((flavor) => flavor.ram), sum((flavor) => flavor.disk)];
  return {
    vcpus: HOST_LIMITS.vcpus,
    memory_mb: HOST_LIMITS.ramMb,
    local_gb: HOST_LIMITS.diskGb,
    vcpus_used: sum((flavor) => flavor.vcpus),
    memory_mb_used: ram,
    local_gb_used: disk,
    free_ram_mb: HOST_LIMITS.ramMb - ram,
    free_disk_gb: HOST_LIMITS.diskGb - disk,
    current_workload: 0,
    running_vms: servers.length,
    disk_available_least: 0,
  };
}

const serversView = (call: NovaCall): object[] => scheduledServers(call).map(({ id, name }) => ({ uuid: id, name }));

const CPU_INFO = { arch: "x86_64", model: "fake", vendor: "fake", topology: {}, features: [] };

/** From 2.88 on without the host's resources. */
function hypervisorDetail(call: NovaCall): object {
  const { version } = call;
  return {
    ...hypervisorBrief(call),
    host_ip: "127.0.0.1",
    hypervisor_type: "fake",
    hypervisor_version: 1000,
    service: { id: version >= 53 ? SERVICE_IDS.compute : 3, host: HOST, disabled_reason: null },
    ...(version < 88 && { ...capacityView(call), cpu_info: version >= 28 ? CPU_INFO : "?" }),
    ...(version >= 88 && { uptime: null }),
    ...(version >= 53 && call.query.has("with_servers") && { servers: serversView(call) }),
  };
}

function showHypervisor(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hypervisors:show");
  const id = call.version >= 53 ? SERVICE_IDS.hypervisor : "1";
  if (call.params.id !== id) throw notFound(`Hypervisor with ID '${call.params.id}' could not be found.`);
  return ok({ hypervisor: hypervisorDetail(call) });
}

/** The fake hypervisor does not report its uptime. */
function showUptime(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hypervisors:uptime");
  showHypervisor(call);
  throw badRequest("Virt driver does not implement uptime function.");
}

/** Finds hypervisors by a part of the name. @throws Refusal 404 */
function requireMatch(call: NovaCall, rule: string): object {
  requireAdmin(call, `os-hypervisors:${rule}`);
  const pattern = call.params.id ?? "";
  if (!HOST.includes(pattern)) throw notFound(`No hypervisor matching '${pattern}' could be found.`);
  return hypervisorBrief(call);
}

function listHypervisorServers(call: NovaCall): HttpReply {
  const match = requireMatch(call, "servers");
  const servers = serversView(call);
  return ok({ hypervisors: [{ ...match, ...(servers.length > 0 && { servers }) }] });
}

function showStatistics(call: NovaCall): HttpReply {
  requireAdmin(call, "os-hypervisors:statistics");
  return ok({ hypervisor_statistics: { count: 1, ...capacityView(call) } });
}

/** Routes of the API reference, "Hypervisors (os-hypervisors)". */
export const HYPERVISOR_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-hypervisors",
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-hypervisors:list");
      return ok({ hypervisors: [hypervisorBrief(call)] });
    },
  },
  {
    method: "GET",
    path: "/os-hypervisors/detail",
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-hypervisors:list-detail");
      return ok({ hypervisors: [hypervisorDetail(call)] });
    },
  },
  { method: "GET", path: "/os-hypervisors/statistics", to: 87, clients: ["openstack"], handler: showStatistics },
  { method: "GET", path: "/os-hypervisors/:id/uptime", to: 87, handler: showUptime },
  {
    method: "GET",
    path: "/os-hypervisors/:id/search",
    to: 52,
    handler: (call) => ok({ hypervisors: [requireMatch(call, "search")] }),
  },
  { method: "GET", path: "/os-hypervisors/:id/servers", to: 52, handler: listHypervisorServers },
  { method: "GET", path: "/os-hypervisors/:id", clients: ["openstack"], handler: showHypervisor },
];
