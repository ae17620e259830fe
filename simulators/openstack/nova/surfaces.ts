import { Refusal } from "../refusal.ts";
import { isoMicros } from "../time.ts";
import { checkState } from "./actions.ts";
import { admin, badRequest, type Call, checkedBody, denied, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import { EXTENSIONS } from "./extensions.ts";
import { oldGroupView } from "./old-groups.ts";
import { quotaOf } from "./quotas.ts";
import { envelope, objectSchema } from "./schemas.ts";
import { serverOf } from "./servers.ts";
import { HOST, HOST_LIMITS, type Server } from "./state.ts";
import { portsOf, statusOf } from "./view.ts";

/*
 * The smaller surfaces: limits, zones, what administrators see of the hosts, usage, and what a server is asked beside its life.
 */

function limits(call: Call): ReturnType<NovaRoute["handler"]> {
  const { version, nova, actor } = call;
  const asked = actor.isAdmin ? call.query.get("tenant_id") : null;
  const project = asked ?? actor.projectId;
  const used = nova.slot.value.usage.get(project) ?? { instances: 0, cores: 0, ram: 0 };
  const groups = [...nova.slot.value.groups.values()].filter(({ projectId }) => projectId === project).length;
  const limit = (name: string): number => quotaOf(nova, project, name);
  const absolute = {
    maxTotalInstances: limit("instances"),
    maxTotalCores: limit("cores"),
    maxTotalRAMSize: limit("ram"),
    maxServerMeta: limit("metadata_items"),
    ...(version < 39 && { maxImageMeta: limit("metadata_items") }),
    ...(version < 57 && {
      maxPersonality: limit("injected_files"),
      maxPersonalitySize: limit("injected_file_content_bytes"),
    }),
    maxTotalKeypairs: limit("key_pairs"),
    maxServerGroups: limit("server_groups"),
    maxServerGroupMembers: limit("server_group_members"),
    ...(version < 36 && { maxTotalFloatingIps: -1, maxSecurityGroups: -1, maxSecurityGroupRules: -1 }),
    totalRAMUsed: used.ram,
    totalCoresUsed: used.cores,
    totalInstancesUsed: used.instances,
    ...(version < 36 && { totalFloatingIpsUsed: 0, totalSecurityGroupsUsed: 0 }),
    totalServerGroupsUsed: groups,
  };
  return ok({ limits: { rate: [], absolute } });
}

const zones = ({ nova }: Call): object[] =>
  nova.cloud.zones.map((zoneName) => ({ zoneName, zoneState: { available: true }, hosts: null }));

/** The service's own ids; the same in every cloud, as there is one host. */
const IDS = {
  conductor: "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c01",
  scheduler: "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c02",
  compute: "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c03",
  hypervisor: "0b9c1a7e-0c3f-4a5e-9b1f-5f2a7f6d1c04",
};

function services(call: Call): ReturnType<NovaRoute["handler"]> {
  admin(call, "os-services:list");
  const binaries = ["conductor", "scheduler", "compute"] as const;
  const each = binaries.map((name, at) => ({
    id: call.version >= 53 ? IDS[name] : at + 1,
    binary: `nova-${name}`,
    host: HOST,
    zone: name === "compute" ? call.nova.cloud.zones[0] : "internal",
    status: "enabled",
    state: "up",
    updated_at: isoMicros(call.nova.cloud.kernel.nowMs),
    disabled_reason: null,
    ...(call.version >= 11 && { forced_down: false }),
  }));
  const isWanted = (name: string, value: string): boolean => !call.query.has(name) || call.query.get(name) === value;
  return ok({ services: each.filter(({ binary, host }) => isWanted("binary", binary) && isWanted("host", host)) });
}

const brief = ({ version }: Call): object => ({
  id: version >= 53 ? IDS.hypervisor : 1,
  hypervisor_hostname: HOST,
  state: "up",
  status: "enabled",
});

function hypervisorDetail(call: Call): object {
  const all = [...call.nova.slot.value.servers.values()].filter(({ isScheduled }) => isScheduled);
  const sum = (of: (server: Server) => number): number => all.reduce((total, server) => total + of(server), 0);
  const [vcpus, ram, disk] = [
    sum(({ flavor }) => flavor.vcpus),
    sum(({ flavor }) => flavor.ram),
    sum(({ flavor }) => flavor.disk),
  ];
  return {
    ...brief(call),
    host_ip: "127.0.0.1",
    hypervisor_type: "fake",
    hypervisor_version: 1000,
    service: { id: call.version >= 53 ? IDS.compute : 3, host: HOST, disabled_reason: null },
    ...(call.version < 88 && {
      vcpus: HOST_LIMITS.vcpus,
      memory_mb: HOST_LIMITS.ramMb,
      local_gb: HOST_LIMITS.diskGb,
      vcpus_used: vcpus,
      memory_mb_used: ram,
      local_gb_used: disk,
      free_ram_mb: HOST_LIMITS.ramMb - ram,
      free_disk_gb: HOST_LIMITS.diskGb - disk,
      current_workload: 0,
      running_vms: all.length,
      disk_available_least: 0,
      cpu_info:
        call.version >= 28 ? { arch: "x86_64", model: "fake", vendor: "fake", topology: {}, features: [] } : "?",
    }),
    ...(call.version >= 88 && { uptime: null }),
    ...(call.version >= 53 &&
      call.query.has("with_servers") && { servers: all.map(({ id, name }) => ({ uuid: id, name })) }),
  };
}

function hypervisor(call: Call): ReturnType<NovaRoute["handler"]> {
  admin(call, "os-hypervisors:show");
  const id = call.version >= 53 ? IDS.hypervisor : "1";
  if (call.params.id !== id) throw notFound(`Hypervisor with ID '${call.params.id}' could not be found.`);
  return ok({ hypervisor: hypervisorDetail(call) });
}

/** The fake hypervisor does not say since when it is up. */
function uptime(call: Call): ReturnType<NovaRoute["handler"]> {
  admin(call, "os-hypervisors:uptime");
  hypervisor(call);
  throw badRequest("Virt driver does not implement uptime function.");
}

/** By a part of the name. @throws Refusal 404 */
function searched(call: Call, rule: string): object {
  admin(call, `os-hypervisors:${rule}`);
  const pattern = call.params.id ?? "";
  if (!HOST.includes(pattern)) throw notFound(`No hypervisor matching '${pattern}' could be found.`);
  return brief(call);
}

function hypervisorServers(call: Call): ReturnType<NovaRoute["handler"]> {
  const found = searched(call, "servers");
  const all = [...call.nova.slot.value.servers.values()].filter(({ isScheduled }) => isScheduled);
  const servers = all.map(({ id, name }) => ({ uuid: id, name }));
  return ok({ hypervisors: [{ ...found, ...(servers.length > 0 && { servers }) }] });
}

function statistics(call: Call): ReturnType<NovaRoute["handler"]> {
  admin(call, "os-hypervisors:statistics");
  const detail = hypervisorDetail({ ...call, version: 1 }) as Record<string, unknown>;
  const names = [
    "vcpus",
    "memory_mb",
    "local_gb",
    "vcpus_used",
    "memory_mb_used",
    "local_gb_used",
    "free_ram_mb",
    "free_disk_gb",
    "current_workload",
    "running_vms",
    "disk_available_least",
  ];
  return ok({
    hypervisor_statistics: { count: 1, ...Object.fromEntries(names.map((name) => [name, detail[name]])) },
  });
}

const HOUR_MS = 3_600_000;

/** @throws Refusal 400 */
function periodOf({ query, nova }: Call): { readonly from: number; readonly to: number } {
  const parse = (name: string, fallback: number): number => {
    const text = query.get(name);
    if (text === null) return fallback;
    const ms = Date.parse(text.endsWith("Z") ? text : `${text}Z`);
    if (Number.isNaN(ms)) throw badRequest(`Datetime is in invalid format`);
    return ms;
  };
  const now = nova.cloud.kernel.nowMs;
  const [from, to] = [parse("start", now - 28 * 24 * HOUR_MS), parse("end", now)];
  if (from >= to) throw badRequest("Invalid start time. The start time cannot occur after the end time.");
  return { from, to };
}

/** What a project used in the period; nothing at all when it had no servers. */
function usageOf(call: Call, project: string, isDetailed: boolean): object {
  const { from, to } = periodOf(call);
  const own = [...(call.nova.slot.value.byProject.get(project)?.values() ?? [])].filter(
    ({ launchedMs }) => launchedMs !== 0 && launchedMs < to,
  );
  if (own.length === 0) return {};
  const each = own.map((server) => ({ server, hours: (to - Math.max(from, server.launchedMs)) / HOUR_MS }));
  const total = (weight: (server: Server) => number): number =>
    each.reduce((sum, { server, hours }) => sum + hours * weight(server), 0);
  return {
    tenant_id: project,
    start: isoMicros(from),
    stop: isoMicros(to),
    total_hours: total(() => 1),
    total_vcpus_usage: total(({ flavor }) => flavor.vcpus),
    total_memory_mb_usage: total(({ flavor }) => flavor.ram),
    total_local_gb_usage: total(({ flavor }) => flavor.disk),
    ...(isDetailed && { server_usages: each.map(({ server, hours }) => serverUsage(call, server, hours)) }),
  };
}

const serverUsage = (call: Call, server: Server, hours: number): object => ({
  instance_id: server.id,
  name: server.name,
  hours,
  tenant_id: server.projectId,
  flavor: server.flavor.name,
  vcpus: server.flavor.vcpus,
  memory_mb: server.flavor.ram,
  local_gb: server.flavor.disk,
  started_at: isoMicros(server.launchedMs),
  ended_at: null,
  state: statusOf(server).toLowerCase(),
  uptime: Math.floor((call.nova.cloud.kernel.nowMs - server.launchedMs) / 1000),
});

function tenantUsages(call: Call): ReturnType<NovaRoute["handler"]> {
  admin(call, "os-simple-tenant-usage:list");
  const isDetailed = call.query.get("detailed") === "1";
  const all = [...call.nova.slot.value.byProject.keys()].map((project) => usageOf(call, project, isDetailed));
  return ok({ tenant_usages: all.filter((usage) => Object.keys(usage).length > 0) });
}

function tenantUsage(call: Call): ReturnType<NovaRoute["handler"]> {
  const project = call.params.project ?? "";
  if (!call.actor.isAdmin && project !== call.actor.projectId) throw denied("os-simple-tenant-usage:show");
  return ok({ tenant_usage: usageOf(call, project, true) });
}

function groupsOfServer(call: Call): ReturnType<NovaRoute["handler"]> {
  const server = serverOf(call);
  const names = new Set(portsOf(call, server).flatMap(({ securityGroups }) => securityGroups));
  const groups = call.nova.cloud.ports.securityGroups(call.actor).filter(({ name }) => names.has(name));
  return ok({ security_groups: groups.map((group) => oldGroupView(call, group)) });
}

/** What the fake hypervisor says of every server. */
const DIAGNOSTICS = {
  cpu0_time: 17300000000,
  memory: 524288,
  vda_errors: -1,
  vda_read: 262144,
  vda_read_req: 112,
  vda_write: 5778432,
  vda_write_req: 488,
  vnet1_rx: 2070139,
  vnet1_rx_drop: 0,
  vnet1_rx_errors: 0,
  vnet1_rx_packets: 26701,
  vnet1_tx: 140208,
  vnet1_tx_drop: 0,
  vnet1_tx_errors: 0,
  vnet1_tx_packets: 662,
};
const DIAGNOSTICS_48 = {
  state: "running",
  driver: "libvirt",
  hypervisor: "kvm",
  hypervisor_os: "ubuntu",
  uptime: 46664,
  config_drive: true,
  num_cpus: 1,
  num_nics: 1,
  num_disks: 1,
  disk_details: [
    { read_bytes: 262144, read_requests: 112, write_bytes: 5778432, write_requests: 488, errors_count: 1 },
  ],
  cpu_details: [{ id: 0, time: 17300000000, utilisation: 15 }],
  nic_details: [
    {
      mac_address: "01:23:45:67:89:ab",
      rx_octets: 2070139,
      rx_errors: 100,
      rx_drop: 200,
      rx_packets: 26701,
      rx_rate: 300,
      tx_octets: 140208,
      tx_errors: 400,
      tx_drop: 500,
      tx_packets: 662,
      tx_rate: 600,
    },
  ],
  memory_details: { maximum: 524288, used: 0 },
};

function diagnostics(call: Call): ReturnType<NovaRoute["handler"]> {
  const server = serverOf(call);
  admin(call, "os-server-diagnostics");
  checkState(server, "get_diagnostics", ["active", "paused", "rescued", "suspended"]);
  return ok(call.version >= 48 ? DIAGNOSTICS_48 : DIAGNOSTICS);
}

function remoteConsole(call: Call): ReturnType<NovaRoute["handler"]> {
  const protocols = ["vnc", "spice", "rdp", "serial", ...(call.version >= 8 ? ["mks"] : [])];
  const types = ["novnc", "xvpvnc", "spice-html5", "rdp-html5", "serial", ...(call.version >= 8 ? ["webmks"] : [])];
  const fields = { protocol: { type: "string", enum: protocols }, type: { type: "string", enum: types } };
  const body = checkedBody(call, envelope("remote_console", objectSchema(fields, ["protocol", "type"])));
  serverOf(call);
  throw badRequest(`Unavailable console type ${(body.remote_console as { type: string }).type}.`);
}

const extension = ([alias, name, description]: (typeof EXTENSIONS)[number]): object => ({
  alias,
  description,
  links: [],
  name,
  namespace: "http://docs.openstack.org/compute/ext/fake_xml",
  updated: "2014-12-03T00:00:00Z",
});

const extensionOf = (call: Call): ReturnType<NovaRoute["handler"]> => {
  const found = EXTENSIONS.find(([alias]) => alias === call.params.alias);
  if (found === undefined) throw new Refusal(404, "itemNotFound", "The resource could not be found.");
  return ok({ extension: extension(found) });
};

export const SURFACE_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/limits", clients: ["openstack"], handler: limits },
  {
    method: "GET",
    path: "/os-availability-zone",
    clients: ["openstack"],
    handler: (call) => ok({ availabilityZoneInfo: zones(call) }),
  },
  {
    method: "GET",
    path: "/os-availability-zone/detail",
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-availability-zone:detail");
      const alive = { available: true, active: true, updated_at: isoMicros(call.nova.cloud.kernel.nowMs) };
      const hosts = { [HOST]: { "nova-compute": alive } };
      return ok({ availabilityZoneInfo: zones(call).map((zone) => ({ ...zone, hosts })) });
    },
  },
  { method: "GET", path: "/os-services", clients: ["openstack"], handler: services },
  {
    method: "GET",
    path: "/os-hypervisors",
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-hypervisors:list");
      return ok({ hypervisors: [brief(call)] });
    },
  },
  {
    method: "GET",
    path: "/os-hypervisors/detail",
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-hypervisors:list-detail");
      return ok({ hypervisors: [hypervisorDetail(call)] });
    },
  },
  { method: "GET", path: "/os-hypervisors/statistics", to: 87, clients: ["openstack"], handler: statistics },
  { method: "GET", path: "/os-hypervisors/:id/uptime", to: 87, handler: uptime },
  {
    method: "GET",
    path: "/os-hypervisors/:id/search",
    to: 52,
    handler: (call) => ok({ hypervisors: [searched(call, "search")] }),
  },
  { method: "GET", path: "/os-hypervisors/:id/servers", to: 52, handler: hypervisorServers },
  { method: "GET", path: "/os-hypervisors/:id", clients: ["openstack"], handler: hypervisor },
  { method: "GET", path: "/os-simple-tenant-usage", clients: ["openstack"], handler: tenantUsages },
  { method: "GET", path: "/os-simple-tenant-usage/:project", clients: ["openstack"], handler: tenantUsage },
  {
    method: "GET",
    path: "/os-migrations",
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-migrations:index");
      return ok({ migrations: [] });
    },
  },
  {
    method: "GET",
    path: "/servers/:id/migrations",
    from: 23,
    handler: (call) => {
      admin(call, "servers:migrations:index");
      serverOf(call);
      return ok({ migrations: [] });
    },
  },
  { method: "GET", path: "/extensions", handler: () => ok({ extensions: EXTENSIONS.map(extension) }) },
  { method: "GET", path: "/extensions/:alias", handler: extensionOf },
  { method: "GET", path: "/servers/:id/os-security-groups", clients: ["openstack"], handler: groupsOfServer },
  { method: "GET", path: "/servers/:id/diagnostics", clients: ["openstack"], handler: diagnostics },
  { method: "POST", path: "/servers/:id/remote-consoles", from: 6, clients: ["openstack"], handler: remoteConsole },
  {
    method: "GET",
    path: "/servers/:id/os-server-password",
    handler: (call) => {
      serverOf(call);
      return ok({ password: "" });
    },
  },
  {
    method: "DELETE",
    path: "/servers/:id/os-server-password",
    handler: (call) => {
      serverOf(call);
      return nothing(204);
    },
  },
  {
    method: "GET",
    path: "/servers/:id/topology",
    from: 78,
    handler: (call) => {
      serverOf(call);
      return ok({ nodes: [], pagesize_kb: null });
    },
  },
];
