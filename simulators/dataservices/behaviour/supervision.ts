import type { Action, Sight } from "../cluster/cluster.ts";
import { decide, type Sights } from "../cluster/supervisor.ts";
import { faultAt, isPlanted } from "../faults.ts";
import { type Group, groupOf, type Instance, type Kind } from "../state.ts";
import { dropInFlight, followersOf } from "./commits.ts";
import { adopt, type GroupName, memberAt } from "./groups.ts";
import { isSupervised, membersOf } from "./replication.ts";
import type { DataServices } from "./services.ts";

/*
 * The supervisor of the virtual data plane: it looks at a group whenever something happens to it, until the group is at rest.
 * Durations are those of small real servers; see docs/discoveries/data-services.md.
 */
const LOOK_MS = 500;
const PROMOTION_MS = 120;
const CLONE_MS = 500;

const LOOK = "dataservices/look";
const PROMOTED = "dataservices/promoted";
const CLONED = "dataservices/cloned";

interface NodeTimer {
  readonly address: string;
  readonly disk: string;
}

/** Schedules a look at a group. */
export function watch(services: DataServices, name: GroupName, delayMs = services.kernel.work(LOOK_MS)): void {
  const group = services.slot.value.clusters.get(groupOf(name));
  if (group === undefined || group.isWatched || !isVirtual(services, name)) return;
  group.isWatched = true;
  services.kernel.timer(delayMs, LOOK, { deployment: name.deployment, kind: name.kind });
}

const isVirtual = ({ real }: DataServices, { kind }: GroupName): boolean => real?.covers({ kind }) !== true;

/** Tells the kernel how the supervisor of the virtual plane continues. */
export function defineSupervision(services: DataServices): void {
  const { kernel, slot } = services;
  kernel.onTimer<{ deployment: string; kind: Kind }>(LOOK, (name) => look(services, name));
  const onNode = (kind: string, work: (instance: Instance) => void): void =>
    kernel.onTimer<NodeTimer>(kind, ({ address, disk }) => {
      const instance = slot.value.instances.get(address);
      if (instance?.disk === disk) work(instance);
      if (instance !== undefined) watch(services, instance);
    });
  onNode(PROMOTED, (instance) => {
    if (instance.server === "promoting") change(services, instance, { role: "primary", server: "up", follows: null });
  });
  onNode(CLONED, (instance) => {
    if (instance.server === "cloning") finishClone(services, instance);
  });
}

function look(services: DataServices, name: GroupName): void {
  const group = services.slot.value.clusters.get(groupOf(name));
  if (group === undefined) return;
  group.isWatched = false;
  if (!isVirtual(services, name)) return;
  const sights = sightsOf(services, name, group);
  const { cluster, actions } = decide(group.cluster, isReversed(services, name) ? reverse(sights) : sights);
  const isAtRest = actions.length === 0 && isSteady(cluster.members, group.cluster.members);
  const isLost = sights.get(group.cluster.leader)?.is !== "primary";
  adopt(services, { name, cluster, isLost });
  for (const action of actions) perform(services, name, action);
  if (!isAtRest) watch(services, name);
}

/** Everything that the group waits for would be an event of its own. A count of misses without further consequences is not a reason to look again. */
const COUNTS_THAT_MATTER = 24;
function isSteady(now: Group["cluster"]["members"], before: Group["cluster"]["members"]): boolean {
  return [...now].every(([index, { phase, missed }]) => {
    const was = before.get(index);
    return was?.phase === phase && (missed === 0 || missed > COUNTS_THAT_MATTER);
  });
}

function sightsOf(services: DataServices, name: GroupName, { cluster }: Group): Sights {
  const sights = [...cluster.members.keys()].map((index): [number, Sight] => {
    const instance = memberAt(services, name, index);
    return [index, instance === undefined ? { is: "absent" } : sightOf(services, instance)];
  });
  return new Map(sights);
}

function sightOf(services: DataServices, instance: Instance): Sight {
  const disk = services.slot.value.disks.get(instance.disk);
  const { server, role, follows, waitsFor } = instance;
  const isTakenForStopped = server === "unfenced" && isPlanted(services.kernel, "failover unfenced", instance);
  if (server === "stopped" || isTakenForStopped) return { is: "stopped", hasData: disk?.isBlank === false };
  if (server === "cloning") return { is: "cloning" };
  if (faultAt(services.kernel, "look", instance) !== undefined) return { is: "silent" };
  const position = disk?.position ?? 0;
  if (role === "replica") return { is: "replica", position, follows };
  return { is: "primary", position, waitsFor, followers: followersOf(services, instance).map(({ index }) => index) };
}

const isReversed = (services: DataServices, name: GroupName): boolean => {
  const [first] = membersOf(services, name);
  return first !== undefined && isPlanted(services.kernel, "failover laggard", first);
};

/** The defect of a supervisor that mistakes the least advanced replica for the most advanced. */
function reverse(sights: Sights): Sights {
  const furthest = Math.max(0, ...[...sights.values()].map((each) => ("position" in each ? each.position : 0)));
  return new Map(
    [...sights].map(([index, sight]) => [
      index,
      sight.is === "replica" ? { ...sight, position: 2 * furthest - sight.position } : sight,
    ]),
  );
}

function change(services: DataServices, instance: Instance, to: Partial<Instance>): Instance {
  const changed = { ...instance, ...to };
  services.slot.value.instances.set(instance.address, changed);
  return changed;
}

/** Ends the server of a node: its sessions end without any answer. */
export function halt(services: DataServices, instance: Instance): void {
  services.endSessions(instance);
  dropInFlight(services, instance);
  change(services, instance, { server: "stopped", follows: null });
}

function perform(services: DataServices, name: GroupName, action: Action): void {
  const instance = memberAt(services, name, action.node);
  // A server that counts as ended but isn't holds its data: nothing else can be started on them.
  if (instance === undefined || (instance.server === "unfenced" && action.do !== "fence")) return;
  switch (action.do) {
    case "fence":
      if (isPlanted(services.kernel, "failover unfenced", instance)) change(services, instance, { server: "unfenced" });
      else halt(services, instance);
      return;
    case "start":
      return startServer(services, instance, action.as);
    case "promote":
      return promote(services, instance, action.voters);
    case "follow":
      return follow(services, instance, action.primary);
    case "clone":
      change(services, instance, { server: "cloning", role: "replica" });
      return sleep(services, instance, CLONED, CLONE_MS);
    case "wait-for":
      return void change(services, instance, { waitsFor: action.voters });
    // A replication slot costs nothing here.
    case "forget":
      return;
  }
}

function sleep({ kernel }: DataServices, { address, disk }: Instance, kind: string, ms: number): void {
  kernel.timer(kernel.work(ms), kind, { address, disk });
}

/** Starts a server on its disk: as the primary, or as a replica of the group's leader. */
export function startServer(services: DataServices, instance: Instance, role: Instance["role"]): void {
  const disk = services.slot.value.disks.get(instance.disk);
  if (disk !== undefined) disk.isBlank = false;
  const leader = services.slot.value.clusters.get(groupOf(instance))?.cluster.leader ?? null;
  const started = change(services, instance, { server: "up", role, follows: null });
  if (role === "replica" && leader !== null) follow(services, started, leader);
}

function promote(services: DataServices, instance: Instance, voters: readonly number[]): void {
  if (instance.server === "promoting") return;
  const effect = faultAt(services.kernel, "promote", instance);
  if (effect?.kind === "error") return;
  const promoting = change(services, instance, { server: "promoting", waitsFor: voters });
  const lateMs = effect?.kind === "delay" ? effect.delayMs : 0;
  services.kernel.timer(services.kernel.work(PROMOTION_MS) + lateMs, PROMOTED, {
    address: promoting.address,
    disk: promoting.disk,
  });
}

/**
 * Tells a replica which node to follow. It gets the missing changes at once, because its history is the
 * beginning of that node's.
 */
function follow(services: DataServices, instance: Instance, primary: number): void {
  const following = change(services, instance, { follows: primary });
  dropInFlight(services, following);
  const source = memberAt(services, instance, primary);
  if (source?.role === "primary" && source.server === "up") copyHistory(services, source, following);
}

function copyHistory({ slot }: DataServices, from: Instance, to: Instance): void {
  const { disks } = slot.value;
  const source = disks.get(from.disk);
  const target = disks.get(to.disk);
  if (source !== undefined && target !== undefined) disks.set(to.disk, { ...structuredClone(source), id: to.disk });
}

function finishClone(services: DataServices, instance: Instance): void {
  const leader = services.slot.value.clusters.get(groupOf(instance))?.cluster.leader ?? instance.index;
  const source = memberAt(services, instance, leader);
  // Half a copy does not count as a copy.
  if (source?.role !== "primary" || source.server !== "up" || !isSupervised(services, instance)) {
    const disk = services.slot.value.disks.get(instance.disk);
    if (disk !== undefined) disk.isBlank = true;
    return halt(services, instance);
  }
  const cloned = change(services, instance, { server: "up", role: "replica" });
  follow(services, cloned, leader);
}
