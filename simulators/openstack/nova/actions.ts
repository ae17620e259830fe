import { type HttpReply, own } from "../../kernel/index.ts";
import type { ImageView } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import { validate } from "../schema/index.ts";
import { isoMicros } from "../time.ts";
import {
  badRequest,
  type Call,
  conflict,
  denied,
  explain,
  FORMATS,
  NO_JSON,
  noResource,
  type NovaRoute,
  nothing,
  notFound,
  ok,
  readBody,
} from "./call.ts";
import { startDelete, startFixedIp, startSnapshot, startTask, touch, dropShelvedImage } from "./behaviour.ts";
import { newPassword } from "./create.ts";
import { findFlavor } from "./flavors.ts";
import { checkQuota, quotaOf } from "./quotas.ts";
import { actionSchema } from "./schemas.ts";
import { serverOf } from "./servers.ts";
import { type Extras, extrasOf, HOST, type Server, setFlavor, type VmState, shortIpv6 } from "./state.ts";
import { changedView } from "./view.ts";

/*
 * POST /servers/{id}/action. Each action says what its body is, who may, in which states, and what it leads to. They are
 * checked in this order: body, server, policy, lock, state, and what the body names.
 */

type Body = Readonly<Record<string, unknown>>;

interface Action {
  /** Administrators only: the rule that the refusal names. */
  readonly admin?: string;
  /** States in which it is allowed; absent: all. */
  readonly from?: readonly VmState[] | ((body: Body) => readonly VmState[]);
  /** The word of the conflict's sentence; default the action's name without `os-`. */
  readonly verb?: string;
  /** The word of the record of actions; absent: not recorded. */
  readonly record?: string;
  /** Also works on a locked server. */
  readonly ignoresLock?: true;
  /** Last microversion that has it. */
  readonly to?: number;
  readonly run: (call: Call, server: Server, body: Body) => HttpReply;
}

/** ms of simulated work. */
const WORK = {
  power: 600,
  reboot: 1000,
  pause: 300,
  rescue: 800,
  rebuild: 1500,
  resize: 1200,
  password: 300,
  migrate: 800,
};

/** @throws Refusal 409 */
export function checkUnlocked({ actor }: Call, server: Server): void {
  if (server.extras?.lock !== undefined && !actor.isAdmin) throw conflict(`Instance ${server.id} is locked`);
}

/** @throws Refusal 409 */
export function checkState(server: Server, verb: string, allowed: readonly VmState[], needsLaunch = true): void {
  const where = `Cannot '${verb}' instance ${server.id} while it is in`;
  if (!allowed.includes(server.vm)) throw conflict(`${where} vm_state ${server.vm}`);
  if (server.task !== null) throw conflict(`${where} task_state ${server.task}`);
  if (needsLaunch && server.launchedMs === 0) throw conflict(`Instance ${server.id} is not ready`);
}

const ACTIONS_MAX = 100;

export function recordAction(call: Call, server: Server, action: string): void {
  const { actor, requestId, nova } = call;
  const record = {
    action,
    requestId,
    userId: actor.userId,
    projectId: actor.projectId,
    startMs: nova.cloud.kernel.nowMs,
    finishMs: null,
    message: null,
  };
  server.actions = [...(server.actions ?? []), record].slice(-ACTIONS_MAX);
}

const moves =
  (task: string, ms: number, to: VmState) =>
  (call: Call, server: Server): HttpReply => {
    startTask(call.nova, server, task, ms, to);
    return nothing(202);
  };

function reboot(call: Call, server: Server, { type }: Body): HttpReply {
  const task = String(type).toLowerCase() === "hard" ? "rebooting_hard" : "rebooting";
  startTask(call.nova, server, task, WORK.reboot, "active");
  return nothing(202);
}

function setDiskConfig(server: Server, { "OS-DCF:diskConfig": wanted }: Body): void {
  if (wanted !== undefined) extrasOf(server).autoDisk = wanted === "AUTO";
}

function resize(call: Call, server: Server, body: Body): HttpReply {
  const { flavorRef } = body;
  const flavor = findFlavor(call, String(flavorRef).split("/").at(-1) ?? "");
  if (flavor === undefined) throw badRequest(`Flavor ${String(flavorRef)} could not be found.`);
  const isVolume = server.imageId === "";
  if (flavor.disk === 0 && server.flavor.disk !== 0 && !isVolume)
    throw badRequest("Resize to zero disk flavor is not allowed.");
  if (flavor.id === server.flavor.id) throw badRequest("When resizing, instances must change flavor!");
  const more = (key: "vcpus" | "ram"): number => Math.max(0, flavor[key] - server.flavor[key]);
  checkQuota(call.nova, server.projectId, { cores: more("vcpus"), ram: more("ram") });
  Object.assign(extrasOf(server), { oldFlavor: server.flavor, oldVm: server.vm });
  setFlavor(call.nova, server, flavor);
  setDiskConfig(server, body);
  startTask(call.nova, server, "resize_prep", WORK.resize, "resized");
  return nothing(202);
}

const before = (server: Server): VmState => server.extras?.oldVm ?? "active";

function confirmResize(call: Call, server: Server): HttpReply {
  startTask(call.nova, server, null, WORK.resize / 2, before(server), "confirm");
  return nothing(204);
}

function revertResize(call: Call, server: Server): HttpReply {
  startTask(call.nova, server, "resize_reverting", WORK.resize, before(server), "revert");
  return nothing(202);
}

interface Rebuild {
  readonly imageRef: string;
  readonly name?: string;
  readonly adminPass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly description?: string | null;
  readonly key_name?: string | null;
  readonly user_data?: string | null;
  readonly accessIPv4?: string;
  readonly accessIPv6?: string;
}

function rebuild(call: Call, server: Server, body: Body): HttpReply {
  const wanted = body as unknown as Rebuild;
  const image = call.nova.cloud.images.image(call.actor, wanted.imageRef);
  if (image === undefined) throw badRequest("Cannot find image for rebuild");
  if (image.status !== "active") throw badRequest(`Image ${image.id} is not active.`);
  if (server.imageId === "")
    throw badRequest(
      `Image ${image.id} is unacceptable: Unable to rebuild with a different image for a volume-backed server.`,
    );
  const limit = quotaOf(call.nova, server.projectId, "metadata_items");
  if (limit >= 0 && Object.keys(wanted.metadata ?? {}).length > limit)
    throw new Refusal(403, "forbidden", `Maximum number of metadata items exceeds ${limit}`);
  server.imageId = image.id;
  server.name = wanted.name ?? server.name;
  server.metadata = wanted.metadata ?? server.metadata;
  if (wanted.key_name !== undefined) server.keyName = wanted.key_name;
  if (wanted.description !== undefined) server.description = wanted.description;
  setExtras(server, wanted);
  setDiskConfig(server, body);
  const end = server.vm === "stopped" ? "stopped" : "active";
  startTask(call.nova, server, "rebuilding", WORK.rebuild, end);
  const shown = {
    ...changedView(call, server),
    adminPass: wanted.adminPass ?? newPassword(call),
    ...(call.version >= 54 && { key_name: server.keyName }),
    ...(call.version >= 57 && { user_data: server.extras?.userData ?? null }),
  };
  // The user's data stand in the answer once.
  delete (shown as Record<string, unknown>)["OS-EXT-SRV-ATTR:user_data"];
  return { ...ok({ server: shown }), status: 202, headers: { Location: `${call.base}/servers/${server.id}` } };
}

function setExtras(server: Server, wanted: Rebuild): void {
  const change: Extras = {
    ...(wanted.accessIPv4 !== undefined && { accessIPv4: wanted.accessIPv4 }),
    ...(wanted.accessIPv6 !== undefined && { accessIPv6: shortIpv6(wanted.accessIPv6) }),
    ...(wanted.user_data != null && { userData: wanted.user_data }),
  };
  if (Object.keys(change).length > 0) Object.assign(extrasOf(server), change);
  if (wanted.user_data === null) delete extrasOf(server).userData;
}

function rescue(call: Call, server: Server, body: Body): HttpReply {
  const id = body.rescue_image_ref as string | undefined;
  if (id !== undefined && call.nova.cloud.images.image(call.actor, id) === undefined)
    throw badRequest(`Requested rescue image '${id}' is not supported`);
  startTask(call.nova, server, "rescuing", WORK.rescue, "rescued");
  return ok({ adminPass: (body.adminPass as string | undefined) ?? newPassword(call) });
}

/** A snapshot: the image is there at once, its data later. */
function createImage(call: Call, server: Server, body: Body, more: Readonly<Record<string, string>> = {}): HttpReply {
  const { cloud } = call.nova;
  const image = imageOf(call, server, body, more);
  if (server.imageId === "") cloud.images.activate(image.id, 0);
  else {
    startTask(call.nova, server, "image_snapshot_pending", WORK.pause, server.vm);
    startSnapshot(call.nova, image.id);
  }
  if (call.version >= 45) return { ...ok({ image_id: image.id }), status: 202 };
  const location = `${cloud.root("image", call.context.request)}/images/${image.id}`;
  return { status: 202, body: "", headers: { "Content-Type": NO_JSON, Location: location } };
}

/** The disk of the host's own goes into an image until the server is unshelved or deleted. */
function shelve(call: Call, server: Server): HttpReply {
  if (server.imageId !== "") {
    const { id } = imageOf(call, server, { name: `${server.name}-shelved` }, {});
    extrasOf(server).shelvedImageId = id;
    startSnapshot(call.nova, id);
  }
  startTask(call.nova, server, "shelving", WORK.rebuild, "shelved_offloaded");
  return nothing(202);
}

/** A queued image of the server. */
function imageOf(call: Call, server: Server, body: Body, more: Readonly<Record<string, string>>): ImageView {
  const { cloud } = call.nova;
  const { actor } = call;
  const base = cloud.images.find(server.imageId);
  const isVolume = server.imageId === "";
  const properties = {
    ...base?.properties,
    ...(!isVolume && { base_image_ref: server.imageId }),
    owner_user_name: actor.userName,
    owner_project_name: actor.projectName,
    boot_roles: [...actor.roles].reverse().join(","),
    instance_uuid: server.id,
    user_id: actor.userId,
    image_type: "snapshot",
    ...more,
    ...(body.metadata as Record<string, string> | undefined),
  };
  return cloud.images.create(actor, {
    name: String(body.name),
    visibility: "private",
    diskFormat: null,
    containerFormat: null,
    minDiskGb: isVolume ? 0 : server.flavor.disk,
    properties,
  });
}

function createBackup(call: Call, server: Server, body: Body): HttpReply {
  return createImage(call, server, body, { image_type: "backup", backup_type: String(body.backup_type) });
}

function lock(call: Call, server: Server, body: Body): HttpReply {
  const reason = call.version >= 73 ? ((body.locked_reason as string | undefined) ?? null) : null;
  // Who locks again changes nothing.
  if (server.extras?.lock !== undefined && server.extras.lock.byAdmin === call.actor.isAdmin) return nothing(202);
  extrasOf(server).lock = { byAdmin: call.actor.isAdmin, reason };
  return nothing(202);
}

function unlock(call: Call, server: Server): HttpReply {
  if (server.extras?.lock?.byAdmin === true && !call.actor.isAdmin)
    throw denied("os-lock-server:unlock:unlock_override");
  delete server.extras?.lock;
  return nothing(202);
}

const CONSOLE = ["FAKE CONSOLE OUTPUT", "ANOTHER", "LAST LINE"];

function consoleOutput(_call: Call, server: Server, { length }: Body): HttpReply {
  if (server.launchedMs === 0) throw conflict(`Instance ${server.id} is not ready`);
  const lines = length === undefined || length === null || Number(length) < 0 ? CONSOLE.length : Number(length);
  return ok({ output: lines === 0 ? "" : CONSOLE.slice(-lines).join("\n") });
}

const noConsole = (_call: Call, _server: Server, { type }: Body): HttpReply => {
  throw badRequest(`Unavailable console type ${String(type)}.`);
};

/** The name in the body, which may also be an id. @throws Refusal 400, 404 */
function namedGroup(call: Call, body: unknown): { readonly id: string; readonly name: string } {
  if (typeof body !== "object" || body === null) throw badRequest("Missing parameter dict");
  const { name } = body as { name?: unknown };
  if (name === undefined || name === null) throw badRequest("Security group not specified");
  if (typeof name !== "string") throw unexpected("AttributeError");
  if (name.trim() === "") throw badRequest("Security group name cannot be empty");
  const group = call.nova.cloud.ports.securityGroup(call.actor, name);
  if (group === undefined) throw notFound(`Security group ${name} is not found for project ${call.actor.projectId}`);
  return group;
}

/** What the service says when it trips over itself. */
export const unexpected = (python: string): Refusal =>
  new Refusal(
    500,
    "computeFault",
    `Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class '${python}'>`,
  );

function addGroup(call: Call, server: Server, body: Body): HttpReply {
  const group = namedGroup(call, body);
  const { ports } = call.nova.cloud;
  for (const { portId } of server.nics) {
    const ids = ports.groupIdsOf(portId);
    if (ids.includes(group.id))
      throw badRequest(
        `Invalid input for security_groups. Reason: Duplicate items in the list: '${group.id}'.\nNeutron server returns request_ids: ['${call.requestId}']`,
      );
    ports.setSecurityGroups(portId, [...ids, group.id]);
  }
  return nothing(202);
}

function removeGroup(call: Call, server: Server, body: Body): HttpReply {
  const group = namedGroup(call, body);
  const { ports } = call.nova.cloud;
  const holders = server.nics.filter(({ portId }) => ports.groupIdsOf(portId).includes(group.id));
  if (holders.length === 0)
    throw notFound(`Security group ${String(body.name)} not associated with the instance ${server.id}`);
  for (const { portId } of holders)
    ports.setSecurityGroups(
      portId,
      ports.groupIdsOf(portId).filter((id) => id !== group.id),
    );
  return nothing(202);
}

function floating(call: Call, server: Server, { address, fixed_address: fixed }: Body, isAdding: boolean): HttpReply {
  const { ports } = call.nova.cloud;
  const [port] = ports.portsOf(server.id);
  const known = ports.floatingIps(call.actor).find(({ ip }) => ip === address);
  if (isAdding && port === undefined) throw badRequest("No fixed IPs associated to instance");
  if (known === undefined)
    throw notFound(isAdding ? "floating IP not found" : `Floating IP not found for address ${String(address)}.`);
  if (!isAdding && known.deviceId !== server.id)
    throw conflict(`Floating IP ${String(address)} is not associated with instance ${server.id}.`);
  try {
    ports.associateFloatingIp(
      call.actor,
      String(address),
      isAdding ? (port?.id ?? "") : null,
      fixed as string | undefined,
    );
  } catch (error) {
    if (error instanceof Refusal && error.status === 409) throw badRequest(error.message);
    throw error;
  }
  return nothing(202);
}

function resetState(call: Call, server: Server, { state }: Body): HttpReply {
  server.vm = state === "active" ? "active" : "error";
  server.task = null;
  touch(call.nova, server);
  return nothing(202);
}

function migrateLive(_call: Call, server: Server, { host }: Body): HttpReply {
  if (host === HOST) throw badRequest(`Unable to migrate instance (${server.id}) to current host (${HOST}).`);
  throw badRequest("No valid host was found. There are not enough hosts available.");
}

const notSimulated = (what: string) => (): HttpReply => {
  throw new Refusal(501, "notImplemented", `not simulated: ${what}`);
};

const ON: readonly VmState[] = ["active", "stopped", "paused", "suspended"];
const CONSOLES = { run: noConsole, ignoresLock: true } as const;

const ACTIONS: Readonly<Record<string, Action>> = {
  "os-start": { from: ["stopped"], verb: "start", record: "start", run: moves("powering-on", WORK.power, "active") },
  "os-stop": {
    from: ["active", "error"],
    verb: "stop",
    record: "stop",
    run: moves("powering-off", WORK.power, "stopped"),
  },
  reboot: {
    from: ({ type }) =>
      String(type).toLowerCase() === "hard" ? ["active", "stopped", "paused", "suspended", "error"] : ["active"],
    record: "reboot",
    run: reboot,
  },
  pause: { from: ["active"], record: "pause", run: moves("pausing", WORK.pause, "paused") },
  unpause: { from: ["paused"], record: "unpause", run: moves("unpausing", WORK.pause, "active") },
  suspend: { from: ["active"], record: "suspend", run: moves("suspending", WORK.power, "suspended") },
  resume: { from: ["suspended"], record: "resume", run: moves("resuming", WORK.power, "active") },
  resize: { from: ["active", "stopped"], record: "resize", run: resize },
  confirmResize: { from: ["resized"], record: "confirmResize", run: confirmResize },
  revertResize: { from: ["resized"], record: "revertResize", run: revertResize },
  rebuild: { from: ["active", "stopped", "error"], record: "rebuild", run: rebuild },
  rescue: { from: ["active", "stopped", "error"], record: "rescue", run: rescue },
  unrescue: { from: ["rescued"], record: "unrescue", run: moves("unrescuing", WORK.rescue, "active") },
  createImage: { from: ON, record: "createImage", ignoresLock: true, run: createImage },
  createBackup: { from: ON, record: "createBackup", run: createBackup },
  // Shelved servers are offloaded at once on this cloud.
  shelve: { from: ON, record: "shelve", run: shelve },
  shelveOffload: {
    admin: "os-shelve:shelve_offload",
    from: ["shelved"],
    record: "shelveOffload",
    run: moves("shelving_offloading", WORK.power, "shelved_offloaded"),
  },
  unshelve: {
    from: ["shelved", "shelved_offloaded"],
    record: "unshelve",
    run: (call, server) => {
      dropShelvedImage(call.nova, server);
      startTask(call.nova, server, "unshelving", WORK.rebuild, "active", "unshelved");
      return nothing(202);
    },
  },
  changePassword: {
    from: ["active"],
    record: "changePassword",
    run: moves("updating_password", WORK.password, "active"),
  },
  lock: { run: lock, record: "lock", ignoresLock: true },
  unlock: { run: unlock, record: "unlock", ignoresLock: true },
  restore: { from: [], run: () => nothing(202) },
  forceDelete: {
    record: "forceDelete",
    run: (call, server) => {
      startDelete(call.nova, server);
      return nothing(202);
    },
  },
  "os-getConsoleOutput": { run: consoleOutput, ignoresLock: true },
  "os-getVNCConsole": CONSOLES,
  "os-getSPICEConsole": CONSOLES,
  "os-getSerialConsole": CONSOLES,
  addSecurityGroup: { run: addGroup, ignoresLock: true },
  removeSecurityGroup: { run: removeGroup, ignoresLock: true },
  addFloatingIp: { to: 43, ignoresLock: true, run: (call, server, body) => floating(call, server, body, true) },
  removeFloatingIp: { to: 43, ignoresLock: true, run: (call, server, body) => floating(call, server, body, false) },
  addFixedIp: {
    to: 43,
    run: (call, server, { networkId }) => {
      startFixedIp(call.nova, { serverId: server.id, networkId: String(networkId), address: "" });
      return nothing(202);
    },
  },
  removeFixedIp: {
    to: 43,
    run: (call, server, { address }) => {
      startFixedIp(call.nova, { serverId: server.id, networkId: "", address: String(address) });
      return nothing(202);
    },
  },
  migrate: {
    admin: "os-migrate-server:migrate",
    from: ["active", "stopped"],
    record: "migrate",
    // There is one host only, so that it comes to nothing.
    run: (call, server) => moves("resize_prep", WORK.migrate, server.vm)(call, server),
  },
  "os-migrateLive": { admin: "os-migrate-server:migrate_live", from: ["active", "paused"], run: migrateLive },
  evacuate: { admin: "os-evacuate", run: notSimulated("evacuate: this cloud has one host") },
  "os-resetState": { admin: "os-admin-actions:reset_state", run: resetState },
  injectNetworkInfo: { admin: "os-admin-actions:inject_network_info", run: () => nothing(202) },
  resetNetwork: { admin: "os-admin-actions:reset_network", run: () => nothing(202) },
  trigger_crash_dump: { from: ["active", "paused"], run: notSimulated("trigger_crash_dump") },
};

/** @throws Refusal 400 */
function readAction(call: Call): { readonly name: string; readonly action: Action; readonly body: Body } {
  const body = readBody(call);
  const names = typeof body === "object" && body !== null ? Object.keys(body) : [];
  const [name = ""] = names;
  if (names.length !== 1) throw badRequest("Malformed request body");
  const action = own(ACTIONS, name);
  if (action === undefined) throw badRequest(`There is no such action: ${name}`);
  if (call.version > (action.to ?? 999)) throw noResource();
  const schema = actionSchema(name, call.version);
  const failure = schema === undefined ? undefined : validate(schema, body, FORMATS);
  if (failure !== undefined) throw badRequest(explain(failure, "field/attribute"));
  return { name, action, body: (body as Record<string, Body | null>)[name] ?? (NO_BODY as Body) };
}

const NO_BODY: unknown = undefined;

export function act(call: Call): HttpReply {
  const { name, action, body } = readAction(call);
  const server = serverOf(call);
  if (action.admin !== undefined && !call.actor.isAdmin) throw denied(action.admin);
  if (action.ignoresLock !== true) checkUnlocked(call, server);
  const given = body ?? {};
  if (action.from !== undefined) {
    const allowed = typeof action.from === "function" ? action.from(given) : action.from;
    checkState(server, action.verb ?? name, allowed, name !== "rebuild");
  }
  const reply = action.run(call, server, name.endsWith("SecurityGroup") ? body : given);
  if (action.record !== undefined) recordAction(call, server, action.record);
  return reply;
}

interface Recorded {
  readonly action: string;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly startMs: number;
  readonly finishMs: number | null;
  readonly message: string | null;
}

/** Newest first; the creation is not stored, it follows from the server. */
function recorded(server: Server): readonly Recorded[] {
  const creation: Recorded = {
    action: "create",
    requestId: server.requestId,
    userId: server.userId,
    projectId: server.projectId,
    startMs: server.createdMs,
    finishMs: server.launchedMs === 0 ? null : server.launchedMs,
    message: server.vm === "error" && server.launchedMs === 0 ? "Error" : null,
  };
  return [creation, ...(server.actions ?? [])].reverse();
}

const actionView = (server: Server, version: number, each: Recorded): object => ({
  action: each.action,
  instance_uuid: server.id,
  request_id: each.requestId,
  user_id: each.userId,
  project_id: each.projectId,
  start_time: isoMicros(each.startMs),
  message: each.message,
  ...(version >= 58 && { updated_at: isoMicros(each.finishMs ?? each.startMs) }),
});

const EVENTS: Readonly<Record<string, string>> = { create: "compute__do_build_and_run_instance" };

function eventsOf({ actor, version }: Call, each: Recorded): object {
  if (!actor.isAdmin && version < 51) return {};
  const event = {
    event: EVENTS[each.action] ?? `compute_${each.action}_instance`,
    start_time: isoMicros(each.startMs),
    finish_time: each.finishMs === null ? null : isoMicros(each.finishMs),
    result: each.finishMs === null ? null : "Success",
    ...(actor.isAdmin && { traceback: null }),
    ...(version >= 62 && { hostId: "", ...(actor.isAdmin && { host: HOST }) }),
    ...(version >= 84 && { details: null }),
  };
  return { events: [event] };
}

function showAction(call: Call): HttpReply {
  const server = serverOf(call);
  const each = recorded(server).find(({ requestId }) => requestId === call.params.request);
  if (each === undefined) throw notFound(`Action ${call.params.request} not found`);
  return ok({ instanceAction: { ...actionView(server, call.version, each), ...eventsOf(call, each) } });
}

export const ACTION_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers/:id/action", clients: ["bosh", "openstack"], handler: act },
  {
    method: "GET",
    path: "/servers/:id/os-instance-actions",
    clients: ["openstack"],
    handler: (call) => {
      const server = serverOf(call);
      return ok({ instanceActions: recorded(server).map((each) => actionView(server, call.version, each)) });
    },
  },
  {
    method: "GET",
    path: "/servers/:id/os-instance-actions/:request",
    clients: ["openstack"],
    handler: showAction,
  },
];
