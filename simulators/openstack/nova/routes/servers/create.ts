import type { HttpReply } from "../../../../kernel/index.ts";
import { Refusal } from "../../../refusal.ts";
import type { BootVolume } from "../../behaviour/boot-volumes.ts";
import { startBuild } from "../../behaviour/build.ts";
import type { BootNic } from "../../behaviour/interfaces.ts";
import { membersOf } from "../../behaviour/scheduler.ts";
import type { Flavor } from "../../state/flavor.ts";
import { findFlavor } from "../../state/flavors.ts";
import { findHost, zonesInUse } from "../../state/host.ts";
import { recordChange } from "../../state/nova.ts";
import { affordableCount, quotaOf } from "../../state/quotas.ts";
import { type Extras, NO_METADATA, NO_NICS, NO_VOLUMES, type Server } from "../../state/server.ts";
import { addServer } from "../../state/servers.ts";
import { requireBody } from "../../wire/body.ts";
import { badRequest, forbidden, forbiddenByPolicy } from "../../wire/errors.ts";
import { isTrueWord, shortIpv6 } from "../../wire/formats.ts";
import { links } from "../../wire/links.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { createSchema, type CreateServerBody, type WantedServer } from "../schemas/servers.ts";
import { checkDevices, planVolumes } from "./block-devices.ts";
import { checkImage, requireBootImage } from "./boot-image.ts";
import { checkNetworkIds, planNics } from "./boot-networks.ts";
import { checkMetadataCount } from "./checks.ts";
import { newPassword } from "./password.ts";

/** The most servers that one request may create if quotas are unlimited. */
const SERVERS_MAX = 10_000;

/** How many servers, at least and at most. @throws Refusal 400, 501 */
function serverCounts({ min_count, max_count }: WantedServer): { readonly min: number; readonly max: number } {
  const min = Number(min_count ?? 1);
  const max = Number(max_count ?? min);
  if (min > max) throw badRequest("min_count must be <= max_count");
  if (min > SERVERS_MAX) throw new Refusal(501, "notImplemented", `not simulated: over ${SERVERS_MAX} servers at once`);
  return { min, max };
}

/** Only administrators name the host. @throws Refusal 400, 403 */
function checkDestination(call: NovaCall, wanted: WantedServer): void {
  const named = [wanted.host, wanted.hypervisor_hostname].filter((name) => name !== undefined);
  if (named.length === 0) return;
  const unknown = named.find((name) => findHost(call.nova, name) === undefined);
  if (call.actor.isAdmin && unknown !== undefined) throw badRequest(`Compute host ${unknown} could not be found.`);
  if (call.actor.isAdmin) return;
  throw forbidden("Policy doesn't allow compute:servers:create:requested_destination to be performed.");
}

/** `zone:host:node` forces a host, which is for administrators. @throws Refusal 400, 403 */
function requireZone(call: NovaCall, wanted: WantedServer): string | undefined {
  if (wanted.availability_zone === undefined) return undefined;
  const [zone = "", host, , ...more] = wanted.availability_zone.split(":");
  if (more.length > 0) throw badRequest("Invalid input received: Unable to parse availability_zone");
  if (host !== undefined && !call.actor.isAdmin) throw forbiddenByPolicy("servers:create:forced_host");
  if (host !== undefined && host !== "" && findHost(call.nova, host) === undefined)
    throw badRequest(`No valid host was found. No such host - host: ${host} node: None `);
  if (!zonesInUse(call.nova).includes(zone)) throw badRequest("The requested availability zone is not available");
  return zone;
}

function securityGroupIds(call: NovaCall, wanted: WantedServer): readonly string[] | null {
  if (wanted.security_groups === undefined) return null;
  const named = wanted.security_groups.flatMap(({ name }) => name ?? []);
  return named.map((name) => {
    const group = call.nova.cloud.ports.securityGroup(call.actor, name);
    if (group === undefined) throw badRequest(`Unable to find security_group with name or id '${name}'`);
    return group.id;
  });
}

/** @throws Refusal 400, 403 */
function requireServerGroup(call: NovaCall, body: CreateServerBody): string | undefined {
  const hints = body["os:scheduler_hints"] ?? body["OS-SCH-HNT:scheduler_hints"];
  if (hints?.group === undefined) return undefined;
  const group = call.nova.slot.value.groups.get(hints.group);
  if (group === undefined || group.projectId !== call.actor.projectId)
    throw badRequest(`Instance group ${hints.group} could not be found.`);
  const limit = quotaOf(call.nova, group.projectId, "server_group_members");
  if (limit >= 0 && membersOf(call.nova, group.id).length >= limit)
    throw forbidden("Quota exceeded, too many servers in group");
  return group.id;
}

/** @throws Refusal 400, 403 */
function checkLimits(call: NovaCall, wanted: WantedServer, nics: readonly BootNic[], max: number): void {
  const { keypairs } = call.nova.slot.value;
  if (wanted.key_name !== undefined && keypairs.get(call.actor.userId)?.has(wanted.key_name) !== true)
    throw badRequest("Invalid key_name provided.");
  checkMetadataCount(call, call.actor, wanted.metadata ?? {});
  const needed = nics.filter(({ portId }) => portId === undefined).length * max;
  const left = call.nova.cloud.ports.portsLeft(call.actor.projectId);
  if (needed > left) throw forbidden("Maximum number of ports exceeded");
}

/** The host that a request names, in either way. */
const forcedHostOf = ({ availability_zone: zone, host, hypervisor_hostname: node }: WantedServer): string | undefined =>
  zone?.split(":")[1] || host || node;

function bootExtras(wanted: WantedServer, zone: string | undefined, groupId: string | undefined): Extras | undefined {
  const forcedHost = forcedHostOf(wanted);
  const extras: Extras = {
    ...(zone !== undefined && { zone }),
    ...(groupId !== undefined && { groupId }),
    ...(wanted.user_data !== undefined && wanted.user_data !== "" && { userData: wanted.user_data }),
    ...(isTrueWord(wanted.config_drive ?? false) && { configDrive: true }),
    ...(wanted["OS-DCF:diskConfig"] === "AUTO" && { autoDisk: true }),
    ...(wanted.accessIPv4 !== undefined && { accessIPv4: wanted.accessIPv4 }),
    ...(wanted.accessIPv6 !== undefined && { accessIPv6: shortIpv6(wanted.accessIPv6) }),
    ...(wanted.tags !== undefined && { tags: [...new Set(wanted.tags)].sort() }),
    ...(forcedHost !== undefined && { forcedHost }),
    ...(wanted.hostname !== undefined && { hostname: wanted.hostname }),
  };
  return Object.keys(extras).length > 0 ? extras : undefined;
}

interface BootPlan {
  readonly wanted: WantedServer;
  readonly flavor: Flavor;
  readonly zone: string | undefined;
  readonly groupId: string | undefined;
  readonly nics: readonly BootNic[];
  readonly groupIds: readonly string[] | null;
  readonly volumes: readonly BootVolume[];
}

function addAndBuild(
  call: NovaCall,
  plan: BootPlan,
  name: string,
  launchIndex: number,
  reservationId: string | undefined,
): Server {
  const { cloud, slot } = call.nova;
  const extras = bootExtras(plan.wanted, plan.zone, plan.groupId);
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
    host: null,
    metadata: plan.wanted.metadata ?? NO_METADATA,
    nics: NO_NICS,
    volumes: NO_VOLUMES,
    actions: undefined,
    extras: Object.keys(many).length > 0 ? { ...extras, ...many } : extras,
  };
  addServer(call.nova, server);
  recordChange(call.nova, "server.create", server.id, { project: server.projectId, name: server.name });
  startBuild(call.nova, { id: server.id, nics: plan.nics, groupIds: plan.groupIds, volumes: plan.volumes });
  return server;
}

interface CheckedBoot {
  readonly plan: BootPlan;
  readonly count: number;
  readonly max: number;
}

/** Reads what a body asks for, checking it in Nova's order. @throws Refusal 400, 403, 409, 501 */
function planBoot(call: NovaCall, body: CreateServerBody): CheckedBoot {
  const { server: wanted } = body;
  const { min, max } = serverCounts(wanted);
  const zone = requireZone(call, wanted);
  checkDestination(call, wanted);
  checkDevices(wanted);
  const image = requireBootImage(call, wanted);
  checkNetworkIds(wanted);
  const flavor = findFlavor(call, String(wanted.flavorRef).split("/").at(-1) ?? "");
  if (flavor === undefined) throw badRequest(`Flavor ${wanted.flavorRef} could not be found.`);
  checkImage(image, flavor);
  const volumes = planVolumes(call, wanted, flavor);
  const groupId = requireServerGroup(call, body);
  const nics = planNics(call, wanted, max);
  checkLimits(call, wanted, nics, max);
  const groupIds = securityGroupIds(call, wanted);
  const count = affordableCount(call.nova, call.actor.projectId, flavor, min, Math.min(max, SERVERS_MAX));
  return { plan: { wanted, flavor, zone, groupId, nics, groupIds, volumes }, count, max };
}

/** POST /servers: one server, or as many between `min_count` and `max_count` as the quota allows. */
export function createServer(call: NovaCall): HttpReply {
  const { plan, count, max } = planBoot(call, requireBody(call, createSchema(call.version)));
  const { wanted } = plan;
  const isReserved = isTrueWord(wanted.return_reservation_id ?? false);
  const reservationId = isReserved || count > 1 ? `r-${call.nova.cloud.random("nova").hex(8)}` : undefined;
  const names = Array.from({ length: count }, (_none, at) => (max > 1 ? `${wanted.name}-${at + 1}` : wanted.name));
  const servers = names.map((name, at) => addAndBuild(call, plan, name, at, reservationId));
  if (isReserved) return { status: 202, json: { reservation_id: reservationId } };
  const [first] = servers;
  if (first === undefined) throw new Error("nova: a request for servers made none");
  return acceptedReply(call, first, wanted);
}

function acceptedReply(call: NovaCall, server: Server, wanted: WantedServer): HttpReply {
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
