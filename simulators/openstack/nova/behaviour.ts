import { Refusal } from "../refusal.ts";
import { NOVA_POINTS } from "./faults.ts";
import {
  buryServer,
  extrasOf,
  HOST,
  HOST_LIMITS,
  type Nic,
  type Nova,
  ownerOf,
  type Server,
  setFlavor,
  type VmState,
  type VolumeLink,
} from "./state.ts";

/*
 * What happens to servers over time. Durations are those measured on the real services with a fake hypervisor (docs/discoveries/openstack.md, "Timing"),
 * scaled by the kernel's pace. Each wait is a plain timer, so that nothing of an idle server is kept but its record.
 */

/** ms of simulated work. */
const WORK = { schedule: 350, spawn: 1600, delete: 900, gone: 100, volumePoll: 300, snapshot: 600 } as const;
/** Asked of a volume before a build gives up, with WORK.volumePoll between (60 × 3 s on a real cloud). */
const VOLUME_TRIES_MAX = 600;

/** A network as the boot request asked for it. */
export interface WantedNic {
  readonly networkId?: string;
  readonly portId?: string;
  readonly fixedIp?: string;
  readonly tag?: string;
}

/** A block device as the boot request asked for it. */
export interface WantedVolume {
  readonly source: "image" | "volume" | "snapshot" | "blank";
  readonly sourceId: string;
  readonly sizeGb: number;
  readonly isRoot: boolean;
  readonly deleteOnTermination: boolean;
  readonly volumeType?: string;
  readonly tag?: string;
  readonly device?: string;
}

interface Build {
  readonly id: string;
  readonly nics: readonly WantedNic[];
  readonly groupIds: readonly string[] | null;
  readonly volumes: readonly WantedVolume[];
}

interface TaskEnd {
  readonly id: string;
  /** Null: nothing is shown while it lasts. */
  readonly task: string | null;
  readonly vm: VmState;
  /** What else happens. */
  readonly effect: "" | "confirm" | "revert" | "unshelved";
}

interface AttachEnd {
  readonly serverId: string;
  readonly volumeId: string;
  readonly attachmentId: string;
  readonly device: string;
}

/** One more address of a network, or one less. */
interface FixedIpChange {
  readonly serverId: string;
  readonly networkId: string;
  readonly address: string;
}

interface AwaitVolumes {
  readonly id: string;
  readonly links: readonly VolumeLink[];
  readonly tries: number;
}

/** Declares the timers and fault points of this service; once, at construction. */
export function defineBehaviour(nova: Nova): void {
  const { kernel } = nova.cloud;
  kernel.onTimer<Build>("nova.schedule", (build) => schedule(nova, build));
  kernel.onTimer<AwaitVolumes>("nova.volumes", (data) => awaitVolumes(nova, data));
  kernel.onTimer<{ id: string }>("nova.spawned", ({ id }) => spawned(nova, id));
  kernel.onTimer<TaskEnd>("nova.task", (end) => endTask(nova, end));
  kernel.onTimer<{ id: string }>("nova.delete", ({ id }) => terminate(nova, id));
  kernel.onTimer<{ id: string }>("nova.gone", ({ id }) => gone(nova, id));
  kernel.onTimer<AttachEnd>("nova.attach", (end) => endAttach(nova, end));
  kernel.onTimer<AttachEnd>("nova.detach", (end) => endDetach(nova, end));
  kernel.onTimer<{ serverId: string; portId: string }>("nova.unplug", (end) => endUnplug(nova, end));
  kernel.onTimer<FixedIpChange>("nova.fixed-ip", (change) => changeFixedIp(nova, change));
  kernel.onTimer<{ imageId: string }>("nova.snapshot", ({ imageId }) => nova.cloud.images.activate(imageId, 1 << 20));
  defineFaults(nova);
}

function defineFaults({ cloud: { kernel } }: Nova): void {
  for (const point of Object.values(NOVA_POINTS)) kernel.faults.define(point);
}

const find = (nova: Nova, id: string): Server | undefined => nova.slot.value.servers.get(id);

export function touch(nova: Nova, server: Server): void {
  server.updatedMs = nova.cloud.kernel.nowMs;
}

/** Starts to build a server that has been accepted. */
export function startBuild(nova: Nova, build: Build): void {
  const { kernel } = nova.cloud;
  const effect = kernel.faults.at(NOVA_POINTS.build, { id: build.id, name: find(nova, build.id)?.name ?? "" });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") {
    const server = find(nova, build.id);
    if (server !== undefined) fail(nova, server, effect.code ?? 500, effect.message);
    return;
  }
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  kernel.timer(kernel.work(WORK.schedule) + delayMs, "nova.schedule", build);
}

/** ERROR, with what the owner is told. */
export function fail(nova: Nova, server: Server, code: number, message: string): void {
  server.vm = "error";
  server.task = null;
  extrasOf(server).fault = { code, createdMs: nova.cloud.kernel.nowMs, message };
  touch(nova, server);
  nova.cloud.kernel.record("nova", "server.error", server.id, { message });
}

const aborted = (server: Server, reason: string): string => `Build of instance ${server.id} aborted: ${reason}`;

function schedule(nova: Nova, build: Build): void {
  const server = find(nova, build.id);
  if (server === undefined || server.task !== "scheduling") return;
  const refusal = misfit(nova, server);
  if (refusal !== undefined) return fail(nova, server, 500, refusal);
  server.isScheduled = true;
  server.task = "networking";
  try {
    server.nics = build.nics.map((wanted) => plug(nova, server, wanted, build.groupIds));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fail(nova, server, 500, aborted(server, networkFailure(build, error)));
  }
  try {
    const links = build.volumes.map((wanted) => volumeFor(nova, server, wanted));
    server.volumes = links.toSorted((a, b) => Number(b.isRoot) - Number(a.isRoot));
    if (links.length > 0) return awaitVolumes(nova, { id: server.id, links, tries: 0 });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fail(nova, server, 500, aborted(server, error.message));
  }
  spawn(nova, server);
}

function spawn(nova: Nova, server: Server): void {
  const { kernel } = nova.cloud;
  server.task = "spawning";
  touch(nova, server);
  kernel.timer(kernel.work(kernel.random("openstack/nova-work").lognormal(WORK.spawn, 0.2)), "nova.spawned", {
    id: server.id,
  });
}

/** Why no host takes it; the trailing blank is Nova's own. */
function misfit(nova: Nova, server: Server): string | undefined {
  const { ram, vcpus, disk } = server.flavor;
  if (ram > HOST_LIMITS.ramMb || vcpus > HOST_LIMITS.vcpus || disk > HOST_LIMITS.diskGb)
    return "No valid host was found. ";
  const properties = server.imageId === "" ? undefined : nova.cloud.images.find(server.imageId)?.properties;
  const hypervisor = properties?.hypervisor_type ?? "kvm";
  const architecture = properties?.architecture ?? "x86_64";
  if (!["kvm", "qemu"].includes(hypervisor) || architecture !== "x86_64")
    return "No valid host was found. There are not enough hosts available.";
  const group = nova.slot.value.groups.get(server.extras?.groupId ?? "");
  if (group?.policy !== "anti-affinity") return undefined;
  const others = membersOf(nova, group.id).filter((other) => other.id !== server.id && other.isScheduled);
  return others.length >= (group.rules.max_server_per_host ?? 1)
    ? "No valid host was found. There are not enough hosts available."
    : undefined;
}

/** The live servers of a group, oldest first. */
export function membersOf(nova: Nova, groupId: string): Server[] {
  const group = nova.slot.value.groups.get(groupId);
  const own = nova.slot.value.byProject.get(group?.projectId ?? "");
  return [...(own?.values() ?? [])].filter(({ extras }) => extras?.groupId === groupId);
}

const OWNER = (nova: Nova): string => `compute:${nova.cloud.zones[0] ?? "nova"}`;

function plug(nova: Nova, server: Server, wanted: WantedNic, groupIds: readonly string[] | null): Nic {
  const { ports } = nova.cloud;
  const tag = wanted.tag === undefined ? {} : { tag: wanted.tag };
  const device = { deviceId: server.id, deviceOwner: OWNER(nova), hostId: HOST };
  if (wanted.portId !== undefined) {
    ports.bind(wanted.portId, device);
    return { portId: wanted.portId, isOwn: false, ...tag };
  }
  const owner = ownerOf(server);
  const networkId = wanted.networkId ?? "";
  const port = ports.create(owner, {
    projectId: server.projectId,
    networkId,
    ...(wanted.fixedIp !== undefined && { fixedIp: wanted.fixedIp }),
    ...(groupIds !== null && { securityGroupIds: groupIds }),
    ...device,
  });
  return { portId: port.id, isOwn: true, ...tag };
}

function networkFailure({ nics }: Build, error: Refusal): string {
  if (error.type === "InvalidIpForNetwork" || error.type === "InvalidIpForSubnet" || error.type === "InvalidInput") {
    const wanted = nics.find(({ fixedIp }) => fixedIp !== undefined);
    const what = `Fixed IP ${wanted?.fixedIp} is not a valid ip address for network ${wanted?.networkId}.`;
    return `Invalid input received: ${what}`;
  }
  return "Failed to allocate the network(s), not rescheduling.";
}

function volumeFor(nova: Nova, server: Server, wanted: WantedVolume): VolumeLink {
  const owner = ownerOf(server);
  const { volumes } = nova.cloud;
  const volumeId =
    wanted.source === "volume"
      ? wanted.sourceId
      : volumes.create(owner, {
          sizeGb: wanted.sizeGb,
          name: "",
          ...(wanted.source === "image" && { imageId: wanted.sourceId }),
          ...(wanted.source === "snapshot" && { snapshotId: wanted.sourceId }),
          ...(wanted.volumeType !== undefined && { volumeType: wanted.volumeType }),
        }).id;
  const tag = wanted.tag === undefined ? {} : { tag: wanted.tag };
  const { isRoot, deleteOnTermination } = wanted;
  const device = wanted.device ?? (isRoot ? "/dev/sda" : nextDevice(server));
  return { volumeId, attachmentId: "", device, isRoot, deleteOnTermination, ...tag };
}

/** The first free `/dev/sdX`; the root has `a`. */
export function nextDevice(server: Server): string {
  const used = new Set(server.volumes.map(({ device }) => device.at(-1)));
  for (let code = "b".charCodeAt(0); ; code++) {
    const letter = String.fromCharCode(code);
    if (!used.has(letter)) return `/dev/sd${letter}`;
  }
}

/** Waits for the volumes of a booting server, then takes them. */
function awaitVolumes(nova: Nova, { id, links, tries }: AwaitVolumes): void {
  const server = find(nova, id);
  if (server === undefined || server.task !== "networking") return;
  const { kernel, volumes } = nova.cloud;
  const statuses = links.map(({ volumeId }) => volumes.find(volumeId)?.status ?? "error");
  const bad = statuses.findIndex((status) => status.startsWith("error"));
  if (bad >= 0 || tries > VOLUME_TRIES_MAX) {
    const at = Math.max(0, bad);
    const what = `Volume ${links[at]?.volumeId} did not finish being created even after we waited ${Math.round((tries * WORK.volumePoll) / 1000)} seconds or ${tries} attempts. And its status is ${statuses[at]}.`;
    return fail(nova, server, 500, aborted(server, what));
  }
  if (statuses.some((status) => status !== "available" && status !== "in-use")) {
    kernel.timer(Math.max(1, kernel.work(WORK.volumePoll)), "nova.volumes", { id, links, tries: tries + 1 });
    return;
  }
  try {
    server.volumes = server.volumes.map((link) => {
      const attachmentId = volumes.reserve(ownerOf(server), link.volumeId, server.id);
      volumes.attach(attachmentId, link.device, HOST);
      return { ...link, attachmentId };
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fail(nova, server, 500, aborted(server, error.message));
  }
  spawn(nova, server);
}

function spawned(nova: Nova, id: string): void {
  const server = find(nova, id);
  if (server === undefined || server.task !== "spawning") return;
  const { kernel } = nova.cloud;
  server.vm = "active";
  server.task = null;
  server.launchedMs = kernel.nowMs;
  touch(nova, server);
  kernel.record("nova", "server.active", id);
}

/** Sets a task that ends after `workMs` in a state of the server. */
export function startTask(
  nova: Nova,
  server: Server,
  task: string | null,
  workMs: number,
  vm: VmState,
  effect: TaskEnd["effect"] = "",
): void {
  const { kernel } = nova.cloud;
  server.task = task;
  touch(nova, server);
  const end: TaskEnd = { id: server.id, task, vm, effect };
  kernel.timer(kernel.work(workMs), "nova.task", end);
}

function endTask(nova: Nova, { id, task, vm, effect }: TaskEnd): void {
  const server = find(nova, id);
  if (server === undefined || server.task !== task) return;
  if (effect === "revert" && server.extras?.oldFlavor !== undefined) setFlavor(nova, server, server.extras.oldFlavor);
  if ((effect === "revert" || effect === "confirm") && server.extras !== undefined) {
    delete server.extras.oldFlavor;
    delete server.extras.oldVm;
  }
  if (effect === "unshelved") server.launchedMs = nova.cloud.kernel.nowMs;
  if (vm !== "error" && server.extras?.fault !== undefined) delete server.extras.fault;
  server.vm = vm;
  server.task = null;
  touch(nova, server);
  const last = server.actions?.at(-1);
  if (last !== undefined) last.finishMs = nova.cloud.kernel.nowMs;
  nova.cloud.kernel.record("nova", "server.state", id, { vm, task });
}

/** Accepts a delete. What has no host yet is gone at once. */
/** What shelving kept is needed no more. */
export function dropShelvedImage(nova: Nova, server: Server): void {
  const id = server.extras?.shelvedImageId;
  if (id === undefined) return;
  nova.cloud.images.remove(id);
  delete server.extras?.shelvedImageId;
}

export function startDelete(nova: Nova, server: Server): void {
  const { kernel } = nova.cloud;
  if (server.task === "deleting") return;
  dropShelvedImage(nova, server);
  kernel.record("nova", "server.delete", server.id);
  if (!server.isScheduled && server.vm === "building") {
    release(nova, server);
    gone(nova, server.id);
    return;
  }
  server.task = "deleting";
  touch(nova, server);
  const effect = kernel.faults.at(NOVA_POINTS.delete, { id: server.id, name: server.name });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") return fail(nova, server, effect.code ?? 500, effect.message);
  kernel.timer(kernel.work(WORK.delete), "nova.delete", { id: server.id });
}

/** Lets go of what the server holds: ports, volumes. */
function release(nova: Nova, server: Server): void {
  const { ports, volumes } = nova.cloud;
  for (const { portId, isOwn } of server.nics) {
    if (isOwn) ports.remove(portId);
    else ports.unbind(portId);
  }
  for (const { volumeId, deleteOnTermination } of server.volumes) {
    volumes.detach(volumeId, server.id);
    if (deleteOnTermination) volumes.remove(volumeId);
  }
  server.nics = [];
  server.volumes = [];
}

function terminate(nova: Nova, id: string): void {
  const server = find(nova, id);
  if (server === undefined || server.task !== "deleting") return;
  const { kernel } = nova.cloud;
  release(nova, server);
  server.vm = "deleted";
  server.task = null;
  extrasOf(server).terminatedMs = kernel.nowMs;
  touch(nova, server);
  kernel.timer(kernel.work(WORK.gone), "nova.gone", { id });
}

function gone(nova: Nova, id: string): void {
  const server = find(nova, id);
  if (server === undefined) return;
  server.vm = "deleted";
  server.task = null;
  buryServer(nova, server);
  nova.cloud.kernel.record("nova", "server.gone", id);
}

/** What faults do to a server that somebody looks at. Answers whether it is still there. */
export function survives(nova: Nova, server: Server): boolean {
  const effect = nova.cloud.kernel.faults.at(NOVA_POINTS.live, { id: server.id, name: server.name });
  if (effect?.kind === "vanish") {
    release(nova, server);
    gone(nova, server.id);
    return false;
  }
  if (effect?.kind === "error") fail(nova, server, effect.code ?? 500, effect.message);
  return true;
}

export function startAttach(nova: Nova, server: Server, link: VolumeLink): void {
  const { kernel } = nova.cloud;
  server.volumes = [...server.volumes, link];
  const { volumeId, attachmentId, device } = link;
  const end: AttachEnd = { serverId: server.id, volumeId, attachmentId, device };
  kernel.timer(kernel.work(500), "nova.attach", end);
  kernel.record("nova", "volume.attach", server.id, { volume: volumeId, device });
}

function endAttach(nova: Nova, { attachmentId, device }: AttachEnd): void {
  nova.cloud.volumes.attach(attachmentId, device, HOST);
}

export function startDetach(nova: Nova, server: Server, link: VolumeLink): void {
  const { kernel } = nova.cloud;
  kernel.record("nova", "volume.detach", server.id, { volume: link.volumeId });
  const effect = kernel.faults.at(NOVA_POINTS.detach, { server: server.id, volume: link.volumeId });
  if (effect?.kind === "stuck") return;
  const { volumeId, attachmentId, device } = link;
  const end: AttachEnd = { serverId: server.id, volumeId, attachmentId, device };
  kernel.timer(kernel.work(500), "nova.detach", end);
}

function endDetach(nova: Nova, { serverId, volumeId }: AttachEnd): void {
  nova.cloud.volumes.detach(volumeId, serverId);
  const server = find(nova, serverId);
  if (server !== undefined) server.volumes = server.volumes.filter((link) => link.volumeId !== volumeId);
}

/** Takes a port away from a server, later. */
export function startUnplug(nova: Nova, server: Server, portId: string): void {
  const { kernel } = nova.cloud;
  kernel.timer(kernel.work(600), "nova.unplug", { serverId: server.id, portId });
  kernel.record("nova", "port.detach", server.id, { port: portId });
}

function endUnplug(nova: Nova, { serverId, portId }: { readonly serverId: string; readonly portId: string }): void {
  const server = find(nova, serverId);
  const nic = server?.nics.find((one) => one.portId === portId);
  if (server === undefined || nic === undefined) return;
  if (nic.isOwn) nova.cloud.ports.remove(portId);
  else nova.cloud.ports.unbind(portId);
  server.nics = server.nics.filter((one) => one !== nic);
  touch(nova, server);
}

export function startFixedIp({ cloud: { kernel } }: Nova, change: FixedIpChange): void {
  kernel.timer(kernel.work(WORK.snapshot), "nova.fixed-ip", change);
}

/** Nobody is told when it fails: the answer was 202 long ago. */
function changeFixedIp(nova: Nova, { serverId, networkId, address }: FixedIpChange): void {
  const { ports } = nova.cloud;
  const own = ports.portsOf(serverId);
  const port = own.find((each) =>
    address === "" ? each.networkId === networkId : each.fixedIps.some(({ ip }) => ip === address),
  );
  const [subnetId] = port?.fixedIps.map((each) => each.subnetId) ?? [];
  if (port === undefined || subnetId === undefined) return;
  const kept = port.fixedIps.filter(({ ip }) => ip !== address);
  try {
    ports.setFixedIps(port.id, address === "" ? [...kept, { subnetId }] : kept);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/** The data of a snapshot arrives in Glance after a while. */
export function startSnapshot(nova: Nova, imageId: string): void {
  const { kernel } = nova.cloud;
  kernel.timer(kernel.work(WORK.snapshot), "nova.snapshot", { imageId });
}

/** Puts a server on one more network, at once. @throws Refusal as Neutron */
export function plugNow(nova: Nova, server: Server, wanted: WantedNic): Nic {
  const nic = plug(nova, server, wanted, null);
  server.nics = [...server.nics, nic];
  touch(nova, server);
  return nic;
}
