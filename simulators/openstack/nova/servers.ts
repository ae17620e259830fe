import type { HttpReply } from "../../kernel/index.ts";
import { startBuild, startDelete, startTask, survives, type WantedNic } from "./behaviour.ts";
import {
  badRequest,
  type Call,
  checkedBody,
  conflict,
  limitOf,
  links,
  nextLink,
  type NovaRoute,
  nothing,
  notFound,
  ok,
} from "./call.ts";
import { checkQuota, quotaOf } from "./quotas.ts";
import { addServer, type Extras, NO_METADATA, NO_NICS, NO_VOLUMES, type Server } from "./state.ts";
import { addressesOf, briefView, changedView, fullView, statusOf } from "./view.ts";

/** @throws Refusal 404 */
export function serverOf(call: Call): Server {
  const id = call.params.id ?? "";
  const server = call.nova.slot.value.servers.get(id);
  const visible = server !== undefined && (call.actor.isAdmin || server.projectId === call.actor.projectId);
  if (!visible || !survives(call.nova, server)) throw notFound(`Instance ${id} could not be found.`);
  return server;
}

const NETWORK = {
  type: "object",
  properties: { uuid: { type: "string" }, port: { type: ["string", "null"] }, fixed_ip: { type: "string" } },
};
const CREATE = {
  type: "object",
  properties: {
    server: {
      type: "object",
      properties: {
        name: { type: "string", minLength: 1, maxLength: 255 },
        flavorRef: { type: ["string", "integer"], minLength: 1 },
        imageRef: { type: "string" },
        metadata: { type: "object" },
        networks: {
          oneOf: [
            { type: "array", items: NETWORK },
            { type: "string", enum: ["none", "auto"] },
          ],
        },
        key_name: { type: ["string", "null"] },
        user_data: { type: ["string", "null"], maxLength: 65535 },
        availability_zone: { type: ["string", "null"] },
        security_groups: { type: "array", items: { type: "object" } },
        min_count: { type: ["integer", "string"] },
        max_count: { type: ["integer", "string"] },
      },
      required: ["name", "flavorRef"],
    },
  },
  required: ["server"],
} as const;

interface Wanted {
  readonly name: string;
  readonly flavorRef: string | number;
  readonly imageRef?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly networks?:
    | readonly { readonly uuid?: string; readonly port?: string | null; readonly fixed_ip?: string }[]
    | "none"
    | "auto";
  readonly key_name?: string | null;
  readonly user_data?: string | null;
  readonly availability_zone?: string | null;
  readonly security_groups?: readonly { readonly name: string }[];
  readonly block_device_mapping_v2?: unknown;
  readonly config_drive?: boolean | string;
}

/** @throws Refusal 400 */
function nicsOf(call: Call, wanted: Wanted): readonly WantedNic[] {
  const { ports } = call.nova.cloud;
  if (wanted.networks === "none") return [];
  if (wanted.networks === undefined || wanted.networks === "auto") {
    const networks = ports.networksFor(call.actor).filter(({ subnets }) => subnets.length > 0);
    if (networks.length > 1 && wanted.networks === undefined) {
      throw conflict("Multiple possible networks found, use a Network ID to be more specific.");
    }
    return networks.slice(0, 1).map(({ id }) => ({ networkId: id }));
  }
  return wanted.networks.map(({ uuid, port, fixed_ip: fixedIp }) => nicOf(call, uuid, port ?? undefined, fixedIp));
}

function nicOf(
  call: Call,
  networkId: string | undefined,
  portId: string | undefined,
  fixedIp: string | undefined,
): WantedNic {
  const { ports } = call.nova.cloud;
  if (portId !== undefined) {
    const port = ports.port(portId);
    if (port === undefined || (port.projectId !== call.actor.projectId && !call.actor.isAdmin))
      throw badRequest(`Port ${portId} could not be found.`);
    if (port.deviceId !== "") throw conflict(`Port ${portId} is still in use.`);
    return { portId };
  }
  if (networkId === undefined || ports.network(call.actor, networkId) === undefined)
    throw badRequest(`Network ${networkId} could not be found.`);
  return { networkId, ...(fixedIp !== undefined && { fixedIp }) };
}

function groupIdsOf(call: Call, wanted: Wanted): readonly string[] | null {
  if (wanted.security_groups === undefined) return null;
  return wanted.security_groups.map(({ name }) => {
    const group = call.nova.cloud.ports.securityGroup(call.actor, name);
    if (group === undefined) throw badRequest(`Unable to find security_group with name or id '${name}'`);
    return group.id;
  });
}

/** The image on the server's own disk, as a mapping: python-openstackclient sends it beside the imageRef. */
function isOfImage(mapping: unknown, imageRef: string | undefined): boolean {
  if (!Array.isArray(mapping) || mapping.length !== 1) return false;
  const { uuid, source_type: from, destination_type: to, boot_index: place } = mapping[0] as Record<string, unknown>;
  return uuid === imageRef && from === "image" && to === "local" && String(place) === "0";
}

function checkImage(call: Call, wanted: Wanted): void {
  const mapping = wanted.block_device_mapping_v2;
  if (mapping !== undefined && !isOfImage(mapping, wanted.imageRef))
    throw badRequest("not simulated: block_device_mapping_v2; give an imageRef");
  if (!wanted.imageRef)
    throw badRequest(
      "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.",
    );
  const image = call.nova.cloud.images.image(call.actor, wanted.imageRef);
  if (image === undefined) throw badRequest("Can not find requested image");
  if (image.status !== "active") throw badRequest(`Image ${image.id} is not active.`);
}

function checkKey(call: Call, name: string | null | undefined): string | null {
  if (name === undefined || name === null) return null;
  if (!call.nova.slot.value.keypairs.get(call.actor.userId)?.has(name)) throw badRequest("Invalid key_name provided.");
  return name;
}

function zoneOf(call: Call, zone: string | null | undefined): Extras {
  if (zone === undefined || zone === null) return {};
  if (!call.nova.cloud.zones.includes(zone)) throw badRequest("The requested availability zone is not available");
  return { zone };
}

function create(call: Call): HttpReply {
  const wanted = checkedBody(call, CREATE).server as Wanted;
  const flavor = call.nova.slot.value.flavors.get(String(wanted.flavorRef).split("/").at(-1) ?? "");
  if (flavor === undefined) throw badRequest(`Flavor ${wanted.flavorRef} could not be found.`);
  checkImage(call, wanted);
  const keyName = checkKey(call, wanted.key_name);
  const extras: Extras = {
    ...zoneOf(call, wanted.availability_zone),
    ...(wanted.user_data && { userData: wanted.user_data }),
    ...(String(wanted.config_drive).toLowerCase() === "true" && { configDrive: true }),
  };
  const nics = nicsOf(call, wanted);
  const groupIds = groupIdsOf(call, wanted);
  checkQuota(call.nova, call.actor.projectId, { instances: 1, cores: flavor.vcpus, ram: flavor.ram });
  const { cloud, slot } = call.nova;
  const server: Server = {
    id: cloud.uuid("nova"),
    seq: ++slot.value.serversMade,
    projectId: call.actor.projectId,
    userId: call.actor.userId,
    requestId: call.requestId,
    createdMs: cloud.kernel.nowMs,
    name: wanted.name,
    flavor,
    imageId: wanted.imageRef ?? "",
    keyName,
    vm: "building",
    task: "scheduling",
    updatedMs: cloud.kernel.nowMs,
    launchedMs: 0,
    isScheduled: false,
    metadata: wanted.metadata ?? NO_METADATA,
    nics: NO_NICS,
    volumes: NO_VOLUMES,
    actions: undefined,
    extras: Object.keys(extras).length > 0 ? extras : undefined,
  };
  addServer(call.nova, server);
  cloud.kernel.record("nova", "server.create", server.id, { project: server.projectId, name: server.name });
  startBuild(call.nova, { id: server.id, nics, groupIds, volumes: [] });
  return accepted(call, server, wanted);
}

function accepted(call: Call, server: Server, wanted: Wanted): HttpReply {
  const groups = wanted.security_groups ?? [{ name: "default" }];
  const body = {
    id: server.id,
    links: links(call, "servers", server.id),
    "OS-DCF:diskConfig": "MANUAL",
    security_groups: groups.map(({ name }) => ({ name })),
    adminPass: call.nova.cloud.random("nova").hex(12),
  };
  return { status: 202, json: { server: body }, headers: { Location: `${call.base}/servers/${server.id}` } };
}

function visible(call: Call): readonly Server[] {
  const { query, actor, nova } = call;
  const allTenants = actor.isAdmin && query.has("all_tenants") && query.get("all_tenants") !== "0";
  const servers = allTenants
    ? nova.slot.value.servers.values()
    : (nova.slot.value.byProject.get(actor.projectId)?.values() ?? []);
  const name = query.get("name");
  const matches = name === null ? undefined : new RegExp(name);
  return [...servers]
    .filter((server) => matches?.test(server.name) ?? true)
    .filter(
      (server) =>
        !query.has("status") || query.getAll("status").some((status) => status.toUpperCase() === statusOf(server)),
    )
    .filter((server) => !query.has("flavor") || server.flavor.id === query.get("flavor"))
    .filter((server) => !query.has("image") || server.imageId === query.get("image"))
    .sort((a, b) => b.seq - a.seq);
}

function list(call: Call, path: string, view: (server: Server) => object): HttpReply {
  const marker = call.query.get("marker");
  const all = visible(call);
  const start = marker === null ? 0 : all.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`marker [${marker}] not found`);
  const limit = limitOf(call);
  const page = all.slice(start, start + limit);
  const last = page.at(-1);
  const more = call.query.has("limit") && page.length === limit && last !== undefined;
  return ok({ servers: page.map(view), ...(more && { servers_links: nextLink(call, path, last.id) }) });
}

type Action = (call: Call, server: Server, argument: unknown) => HttpReply;

/** Actions: the state in which they are allowed, what is shown meanwhile, and the state they lead to. */
const moves = (from: readonly Server["vm"][], task: string, ms: number, to: Server["vm"], verb: string): Action => {
  return (call, server) => {
    if (!from.includes(server.vm) || server.task !== null) {
      const attribute = server.task === null ? `vm_state ${server.vm}` : `task_state ${server.task}`;
      throw conflict(`Cannot '${verb}' instance ${server.id} while it is in ${attribute}`);
    }
    startTask(call.nova, server, task, ms, to);
    return nothing(202);
  };
};

const ACTIONS: Readonly<Record<string, Action>> = {
  "os-start": moves(["stopped"], "powering-on", 600, "active", "start"),
  "os-stop": moves(["active"], "powering-off", 600, "stopped", "stop"),
  reboot: moves(["active"], "rebooting", 1000, "active", "reboot"),
  pause: moves(["active"], "pausing", 300, "paused", "pause"),
  unpause: moves(["paused"], "unpausing", 300, "active", "unpause"),
  suspend: moves(["active"], "suspending", 600, "suspended", "suspend"),
  resume: moves(["suspended"], "resuming", 600, "active", "resume"),
};

function act(call: Call): HttpReply {
  const server = serverOf(call);
  const body = checkedBody(call, { type: "object" });
  const [name = ""] = Object.keys(body);
  const action = ACTIONS[name];
  if (action === undefined)
    throw badRequest(
      `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
    );
  return action(call, server, body[name]);
}

function rename(call: Call): HttpReply {
  const server = serverOf(call);
  const { server: fields } = checkedBody(call, {
    type: "object",
    properties: { server: { type: "object", properties: { name: { type: "string", minLength: 1, maxLength: 255 } } } },
    required: ["server"],
  }) as {
    server: { name?: string };
  };
  server.name = fields.name ?? server.name;
  server.updatedMs = call.nova.cloud.kernel.nowMs;
  call.nova.cloud.kernel.record("nova", "server.update", server.id, { name: server.name });
  return ok({ server: changedView(call, server) });
}

function setMetadata(call: Call, merge: boolean): HttpReply {
  const server = serverOf(call);
  const { metadata } = checkedBody(call, {
    type: "object",
    properties: { metadata: { type: "object" } },
    required: ["metadata"],
  }) as { metadata: Record<string, string> };
  const next = merge ? { ...server.metadata, ...metadata } : metadata;
  const limit = quotaOf(call.nova, server.projectId, "metadata_items");
  if (limit >= 0 && Object.keys(next).length > limit)
    throw badRequest(`Maximum number of metadata items exceeds ${limit}`);
  server.metadata = next;
  return ok({ metadata: next });
}

function metadataItem(call: Call): { server: Server; key: string; value: string } {
  const server = serverOf(call);
  const key = call.params.key ?? "";
  const value = server.metadata[key];
  if (value === undefined) throw notFound("Metadata item was not found");
  return { server, key, value };
}

export const SERVER_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers", clients: ["bosh", "openstack"], handler: create },
  {
    method: "GET",
    path: "/servers",
    clients: ["openstack"],
    handler: (call) => list(call, "/servers", (server) => briefView(call, server)),
  },
  {
    method: "GET",
    path: "/servers/detail",
    clients: ["openstack"],
    handler: (call) => list(call, "/servers/detail", (server) => fullView(call, server, true)),
  },
  {
    method: "GET",
    path: "/servers/:id",
    clients: ["bosh", "openstack"],
    handler: (call) => ok({ server: fullView(call, serverOf(call)) }),
  },
  { method: "PUT", path: "/servers/:id", clients: ["bosh", "openstack"], handler: rename },
  {
    method: "DELETE",
    path: "/servers/:id",
    clients: ["bosh", "openstack"],
    handler: (call) => {
      startDelete(call.nova, serverOf(call));
      return nothing(204);
    },
  },
  { method: "POST", path: "/servers/:id/action", clients: ["bosh", "openstack"], handler: act },
  {
    method: "GET",
    path: "/servers/:id/metadata",
    clients: ["bosh"],
    handler: (call) => ok({ metadata: serverOf(call).metadata }),
  },
  { method: "POST", path: "/servers/:id/metadata", clients: ["bosh"], handler: (call) => setMetadata(call, true) },
  { method: "PUT", path: "/servers/:id/metadata", handler: (call) => setMetadata(call, false) },
  {
    method: "GET",
    path: "/servers/:id/metadata/:key",
    clients: ["bosh"],
    handler: (call) => {
      const { key, value } = metadataItem(call);
      return ok({ meta: { [key]: value } });
    },
  },
  {
    method: "DELETE",
    path: "/servers/:id/metadata/:key",
    handler: (call) => {
      const { server, key } = metadataItem(call);
      server.metadata = Object.fromEntries(Object.entries(server.metadata).filter(([name]) => name !== key));
      return nothing(204);
    },
  },
  {
    method: "GET",
    path: "/servers/:id/ips",
    clients: ["openstack"],
    handler: (call) => ok({ addresses: addressesOf(call, serverOf(call), false) }),
  },
  {
    method: "GET",
    path: "/servers/:id/os-security-groups",
    clients: ["openstack"],
    handler: (call) => ok({ security_groups: groupsOfServer(call) }),
  },
];

function groupsOfServer(call: Call): readonly object[] {
  const server = serverOf(call);
  const names = new Set(server.nics.flatMap(({ portId }) => call.nova.cloud.ports.port(portId)?.securityGroups ?? []));
  return call.nova.cloud.ports
    .securityGroups(call.actor)
    .filter(({ name }) => names.has(name))
    .map(({ id, name, description }) => ({ id, name, description, rules: [], tenant_id: server.projectId }));
}
