import type { HttpReply } from "../../kernel/index.ts";
import type { ImageView } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import { startBuild, type WantedNic, type WantedVolume } from "./behaviour.ts";
import { badRequest, type Call, checkedBody, conflict, denied, forbidden, isUuid, links, ok } from "./call.ts";
import { affordable, quotaOf } from "./quotas.ts";
import { createSchema } from "./schemas.ts";
import {
  addServer,
  type Extras,
  type Flavor,
  HOST,
  NO_METADATA,
  NO_NICS,
  NO_VOLUMES,
  type Server,
  shortIpv6,
} from "./state.ts";
import { findFlavor } from "./flavors.ts";

/*
 * What POST /servers checks before it says 202; everything else turns the server to ERROR later. Nothing is 404 here: what a
 * body names and is not there is a bad request (docs/discoveries/openstack.md, "Failures", row 13).
 */

interface WireDevice {
  readonly source_type?: "volume" | "image" | "snapshot" | "blank";
  readonly destination_type?: "volume" | "local";
  readonly uuid?: string;
  readonly boot_index?: number | string | null;
  readonly volume_size?: number | string;
  readonly delete_on_termination?: boolean | string;
  readonly device_name?: string;
  readonly volume_type?: string | null;
  readonly tag?: string;
}

interface Wanted {
  readonly name: string;
  readonly flavorRef: string | number;
  readonly imageRef?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly networks?:
    | readonly {
        readonly uuid?: string;
        readonly port?: string | null;
        readonly fixed_ip?: string;
        readonly tag?: string;
      }[]
    | "none"
    | "auto";
  readonly key_name?: string;
  readonly user_data?: string;
  readonly availability_zone?: string;
  readonly security_groups?: readonly { readonly name: string }[];
  readonly block_device_mapping_v2?: readonly WireDevice[];
  readonly block_device_mapping?: unknown;
  readonly config_drive?: boolean | string;
  readonly min_count?: number | string;
  readonly max_count?: number | string;
  readonly return_reservation_id?: boolean | string;
  readonly adminPass?: string;
  readonly description?: string | null;
  readonly tags?: readonly string[];
  readonly accessIPv4?: string;
  readonly accessIPv6?: string;
  readonly hostname?: string;
  readonly "OS-DCF:diskConfig"?: "AUTO" | "MANUAL";
}

export const isTrue = (value: unknown): boolean =>
  ["true", "1", "on", "yes", "y", "t"].includes(String(value).toLowerCase());

/** How many, at least and at most. @throws Refusal 400 */
/** Servers that one request may make, where quotas have no limit. */
const SERVERS_MAX = 10_000;

function countsOf({ min_count, max_count }: Wanted): { readonly min: number; readonly max: number } {
  const min = Number(min_count ?? 1);
  const max = Number(max_count ?? min);
  if (min > max) throw badRequest("min_count must be <= max_count");
  if (min > SERVERS_MAX) throw new Refusal(501, "notImplemented", `not simulated: over ${SERVERS_MAX} servers at once`);
  return { min, max };
}

/** `zone:host:node` forces a host, which is for administrators. @throws Refusal 400, 403 */
function zoneOf(call: Call, wanted: Wanted): string | undefined {
  if (wanted.availability_zone === undefined) return undefined;
  const [zone = "", host] = wanted.availability_zone.split(":");
  if (host !== undefined && !call.actor.isAdmin) throw denied("servers:create:forced_host");
  if (host !== undefined && host !== "" && host !== HOST)
    throw badRequest(`No valid host was found. No such host - host: ${host} node: None `);
  const { aggregates } = call.nova.slot.value;
  const isAggregates = [...aggregates.values()].some((each) => each.zone === zone && each.hosts.length > 0);
  if (!isAggregates && !call.nova.cloud.zones.includes(zone))
    throw badRequest("The requested availability zone is not available");
  return zone;
}

const badDevices = (why: string): Refusal => badRequest(`Block Device Mapping is Invalid: ${why}`);
const BOOT_SEQUENCE = "Boot sequence for the instance and image/block device mapping combination is not valid.";

/** The volumes that the body asks for; disks of the host's own need no record. @throws Refusal 400 */
function devicesOf(call: Call, wanted: Wanted): readonly WantedVolume[] {
  if (wanted.block_device_mapping !== undefined)
    throw badRequest("not simulated: block_device_mapping; use block_device_mapping_v2");
  const devices = wanted.block_device_mapping_v2 ?? [];
  const isImageRoot = (wanted.imageRef ?? "") !== "";
  const roots = devices.filter(({ boot_index }) => Number(boot_index ?? -1) === 0);
  const isLocalRoot = roots.some(
    (each) => each.source_type === "image" && (each.destination_type ?? "local") === "local",
  );
  if (devices.length > 0 && roots.length + (isImageRoot && !isLocalRoot ? 1 : 0) !== 1) throw badDevices(BOOT_SEQUENCE);
  return devices
    .filter((each) => (each.destination_type ?? (each.source_type === "volume" ? "volume" : "local")) === "volume")
    .map((each) => deviceOf(call, each));
}

function deviceOf(call: Call, wire: WireDevice): WantedVolume {
  const { volumes, images } = call.nova.cloud;
  const source = wire.source_type ?? "volume";
  const id = wire.uuid ?? "";
  let sizeGb = Number(wire.volume_size ?? 0);
  const isRoot = Number(wire.boot_index ?? -1) === 0;
  const volume = source === "volume" ? volumes.volume(call.actor, id) : undefined;
  if (source === "volume" && volume === undefined) throw badDevices(`failed to get volume ${id}.`);
  if (isRoot && volume?.bootable === false) throw badRequest(`Block Device ${id} is not bootable.`);
  if (source === "image" && images.image(call.actor, id) === undefined) throw badDevices(`failed to get image ${id}.`);
  if (source === "snapshot") {
    const size = volumes.snapshotSizeGb(call.actor, id);
    if (size === undefined) throw badDevices(`failed to get snapshot ${id}.`);
    sizeGb ||= size;
  }
  if ((source === "image" || source === "blank") && sizeGb === 0)
    throw badDevices(
      source === "image"
        ? "Images with destination_type 'volume' need to have a non-zero size specified"
        : "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size",
    );
  return {
    source,
    sourceId: id,
    sizeGb,
    isRoot,
    deleteOnTermination: isTrue(wire.delete_on_termination ?? false),
    ...(wire.volume_type != null && wire.volume_type !== "" && { volumeType: wire.volume_type }),
    ...(wire.tag !== undefined && { tag: wire.tag }),
    ...(wire.device_name !== undefined && { device: wire.device_name }),
  };
}

/** @throws Refusal 400 */
function imageOf(call: Call, wanted: Wanted, devices: readonly WantedVolume[]): ImageView | undefined {
  const id = wanted.imageRef ?? "";
  if (id === "") {
    if (devices.length === 0) throw badRequest("Missing imageRef attribute");
    return undefined;
  }
  const image = call.nova.cloud.images.image(call.actor, id);
  if (image === undefined) throw badRequest("Can not find requested image");
  return image;
}

const GIB = 1024 ** 3;

/** @throws Refusal 400 */
function checkImage(image: ImageView | undefined, flavor: Flavor): void {
  if (image === undefined) return;
  if (image.status !== "active") throw badRequest(`Image ${image.id} is not active.`);
  if (flavor.ram < image.minRamMb) throw badRequest("Flavor's memory is too small for requested image.");
  if (flavor.disk === 0) return;
  const disk = `Flavor's disk is too small for requested image. Flavor disk is ${flavor.disk * GIB} bytes, `;
  if (image.sizeBytes > flavor.disk * GIB) throw badRequest(`${disk}image is ${image.sizeBytes} bytes.`);
  if (image.minDiskGb > flavor.disk) throw badRequest(`${disk}minimum size is ${image.minDiskGb * GIB} bytes.`);
}

/** @throws Refusal 400, 409 */
function nicsOf(call: Call, wanted: Wanted, max: number): readonly WantedNic[] {
  const { ports } = call.nova.cloud;
  if (wanted.networks === "none") return [];
  if (wanted.networks === undefined || wanted.networks === "auto" || wanted.networks.length === 0) {
    const networks = ports.networksFor(call.actor).filter(({ subnets }) => subnets.length > 0);
    if (networks.length > 1) throw conflict("Multiple possible networks found, use a Network ID to be more specific.");
    return networks.map(({ id }) => ({ networkId: id }));
  }
  const one = "Failed to launch instances: max_count cannot be greater than 1 if an";
  if (max > 1 && wanted.networks.some(({ fixed_ip }) => fixed_ip !== undefined))
    throw badRequest(`${one} fixed_ip is specified.`);
  if (max > 1 && wanted.networks.some(({ port }) => port != null))
    throw badRequest("Failed to launch multiple instances, when a port is specified.");
  return wanted.networks.map(({ uuid, port, fixed_ip: fixedIp, tag }) => ({
    ...(port != null ? freePort(call, port) : onNetwork(call, uuid, fixedIp)),
    ...(tag !== undefined && { tag }),
  }));
}

function freePort(call: Call, portId: string): WantedNic {
  const port = call.nova.cloud.ports.port(portId);
  if (port === undefined || (port.projectId !== call.actor.projectId && !call.actor.isAdmin))
    throw badRequest(`Port id ${portId} could not be found.`);
  if (port.deviceId !== "") throw conflict(`Port ${portId} is still in use.`);
  return { portId };
}

function onNetwork(call: Call, networkId: string | undefined, fixedIp: string | undefined): WantedNic {
  const { ports } = call.nova.cloud;
  if (networkId === undefined || !isUuid(networkId))
    throw badRequest(`Bad networks format: network uuid is not in proper format (${networkId})`);
  if (ports.network(call.actor, networkId) === undefined) throw badRequest(`Network ${networkId} could not be found.`);
  const holder = fixedIp === undefined ? undefined : ports.portAt(networkId, fixedIp);
  if (holder !== undefined)
    throw badRequest(`Fixed IP address ${fixedIp} is already in use on instance ${holder.deviceId}.`);
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

/** @throws Refusal 400, 403 */
function groupOf(call: Call, body: Readonly<Record<string, unknown>>): string | undefined {
  const hints = (body["os:scheduler_hints"] ?? body["OS-SCH-HNT:scheduler_hints"]) as { group?: string } | undefined;
  if (hints?.group === undefined) return undefined;
  const group = call.nova.slot.value.groups.get(hints.group);
  if (group === undefined || group.projectId !== call.actor.projectId)
    throw badRequest(`Instance group ${hints.group} could not be found.`);
  const limit = quotaOf(call.nova, group.projectId, "server_group_members");
  const members = [...(call.nova.slot.value.byProject.get(group.projectId)?.values() ?? [])].filter(
    ({ extras }) => extras?.groupId === group.id,
  );
  if (limit >= 0 && members.length >= limit) throw forbidden("Quota exceeded, too many servers in group");
  return group.id;
}

/** @throws Refusal 400, 403 */
function checkRest(call: Call, wanted: Wanted, nics: readonly WantedNic[], max: number): void {
  const { keypairs } = call.nova.slot.value;
  if (wanted.key_name !== undefined && keypairs.get(call.actor.userId)?.has(wanted.key_name) !== true)
    throw badRequest("Invalid key_name provided.");
  const limit = quotaOf(call.nova, call.actor.projectId, "metadata_items");
  if (limit >= 0 && Object.keys(wanted.metadata ?? {}).length > limit)
    throw forbidden(`Maximum number of metadata items exceeds ${limit}`);
  const needed = nics.filter(({ portId }) => portId === undefined).length * max;
  const left = call.nova.cloud.ports.portsLeft(call.actor.projectId);
  if (needed > left) throw forbidden("Maximum number of ports exceeded");
}

function extrasFor(wanted: Wanted, zone: string | undefined, groupId: string | undefined): Extras | undefined {
  const extras: Extras = {
    ...(zone !== undefined && { zone }),
    ...(groupId !== undefined && { groupId }),
    ...(wanted.user_data !== undefined && wanted.user_data !== "" && { userData: wanted.user_data }),
    ...(isTrue(wanted.config_drive ?? false) && { configDrive: true }),
    ...(wanted["OS-DCF:diskConfig"] === "AUTO" && { autoDisk: true }),
    ...(wanted.accessIPv4 !== undefined && { accessIPv4: wanted.accessIPv4 }),
    ...(wanted.accessIPv6 !== undefined && { accessIPv6: shortIpv6(wanted.accessIPv6) }),
    ...(wanted.tags !== undefined && { tags: [...new Set(wanted.tags)].sort() }),
    ...(wanted.hostname !== undefined && { hostname: wanted.hostname }),
  };
  return Object.keys(extras).length > 0 ? extras : undefined;
}

interface Plan {
  readonly wanted: Wanted;
  readonly flavor: Flavor;
  readonly zone: string | undefined;
  readonly groupId: string | undefined;
  readonly nics: readonly WantedNic[];
  readonly groupIds: readonly string[] | null;
  readonly volumes: readonly WantedVolume[];
}

function build(call: Call, plan: Plan, name: string, launchIndex: number, reservationId: string | undefined): Server {
  const { cloud, slot } = call.nova;
  const extras = extrasFor(plan.wanted, plan.zone, plan.groupId);
  const many = { ...(launchIndex > 0 && { launchIndex }), ...(reservationId !== undefined && { reservationId }) };
  const server: Server = {
    id: cloud.uuid("nova"),
    seq: ++slot.value.serversMade,
    projectId: call.actor.projectId,
    userId: call.actor.userId,
    requestId: call.requestId,
    createdMs: cloud.kernel.nowMs,
    name,
    flavor: plan.flavor,
    imageId: plan.wanted.imageRef ?? "",
    keyName: plan.wanted.key_name ?? null,
    description: call.version >= 19 ? (plan.wanted.description ?? null) : name,
    vm: "building",
    task: "scheduling",
    updatedMs: cloud.kernel.nowMs,
    launchedMs: 0,
    isScheduled: false,
    metadata: plan.wanted.metadata ?? NO_METADATA,
    nics: NO_NICS,
    volumes: NO_VOLUMES,
    actions: undefined,
    extras: Object.keys(many).length > 0 ? { ...extras, ...many } : extras,
  };
  addServer(call.nova, server);
  cloud.kernel.record("nova", "server.create", server.id, { project: server.projectId, name: server.name });
  startBuild(call.nova, { id: server.id, nics: plan.nics, groupIds: plan.groupIds, volumes: plan.volumes });
  return server;
}

export function create(call: Call): HttpReply {
  const body = checkedBody(call, createSchema(call.version));
  const wanted = body.server as unknown as Wanted;
  const { min, max } = countsOf(wanted);
  const zone = zoneOf(call, wanted);
  const volumes = devicesOf(call, wanted);
  const image = imageOf(call, wanted, volumes);
  if (Array.isArray(wanted.networks))
    for (const { uuid, port } of wanted.networks as readonly { uuid?: string; port?: string | null }[])
      if (port == null && !isUuid(uuid ?? ""))
        throw badRequest(`Bad networks format: network uuid is not in proper format (${uuid})`);
  const flavor = findFlavor(call, String(wanted.flavorRef).split("/").at(-1) ?? "");
  if (flavor === undefined) throw badRequest(`Flavor ${wanted.flavorRef} could not be found.`);
  checkImage(image, flavor);
  const groupId = groupOf(call, body);
  const nics = nicsOf(call, wanted, max);
  checkRest(call, wanted, nics, max);
  const groupIds = groupIdsOf(call, wanted);
  const count = affordable(call.nova, call.actor.projectId, flavor, min, Math.min(max, SERVERS_MAX));
  const plan: Plan = { wanted, flavor, zone, groupId, nics, groupIds, volumes };
  const isReserved = isTrue(wanted.return_reservation_id ?? false);
  const reservationId = isReserved || count > 1 ? `r-${call.nova.cloud.random("nova").hex(8)}` : undefined;
  const names = Array.from({ length: count }, (_none, at) => (max > 1 ? `${wanted.name}-${at + 1}` : wanted.name));
  const servers = names.map((name, at) => build(call, plan, name, at, reservationId));
  if (isReserved) return { status: 202, json: { reservation_id: reservationId } };
  return accepted(call, servers[0] as Server, wanted);
}

export const newPassword = (call: Call): string => call.nova.cloud.secrets("nova").hex(12);

function accepted(call: Call, server: Server, wanted: Wanted): HttpReply {
  const groups = wanted.security_groups ?? [{ name: "default" }];
  const body = {
    id: server.id,
    links: links(call, "servers", server.id),
    "OS-DCF:diskConfig": wanted["OS-DCF:diskConfig"] ?? "MANUAL",
    security_groups: groups.map(({ name }) => ({ name })),
    adminPass: wanted.adminPass ?? newPassword(call),
  };
  return { ...ok({ server: body }), status: 202, headers: { Location: `${call.base}/servers/${server.id}` } };
}
