import { append, type Mutation, nextValue, writeRow } from "./content.ts";
import { faultAt, isPlanted } from "../faults.ts";
import { isSupervised, membersOf } from "./replication.ts";
import type { DataServices } from "./services.ts";
import type { Disk, Instance } from "../state.ts";

/** The outcome of a change. */
interface Commit<T> {
  readonly value: T;
  /** The primary waits for a replica, but none has the change yet. */
  readonly isUnconfirmed: boolean;
}

/** Makes a change on one disk. Its values are copied, so that no two disks share them. */
function apply(disk: Disk, mutation: Mutation): unknown {
  disk.position++;
  const { content, users } = disk;
  switch (mutation.op) {
    case "write":
      return writeRow(content, mutation.table, mutation.key, structuredClone(mutation.row));
    case "drop":
      return content.tables.delete(mutation.table);
    case "next":
      return nextValue(content, mutation.sequence);
    case "user":
      return users.set(mutation.user.username, mutation.user);
    case "no-user":
      return users.delete(mutation.username);
    case "content":
      if (mutation.isAppended) append(content, structuredClone(mutation.content));
      else disk.content = structuredClone(mutation.content);
      return undefined;
  }
}

/** The disk of a node: the part of its group's history that the node has seen. */
const ownDisk = ({ slot }: DataServices, { disk }: Instance): Disk | undefined => slot.value.disks.get(disk);

const changesInFlight = ({ slot }: DataServices, { address }: Instance): readonly Mutation[] =>
  slot.value.inFlight.get(address) ?? [];

/**
 * The replicas that follow a node without a gap: their data and the changes on the way to them add up to
 * everything that the node holds.
 */
export function followersOf(services: DataServices, primary: Instance): readonly Instance[] {
  const position = ownDisk(services, primary)?.position ?? 0;
  return membersOf(services, primary).filter((each) => {
    const held = (ownDisk(services, each)?.position ?? 0) + changesInFlight(services, each).length;
    return each.role === "replica" && each.server === "up" && each.follows === primary.index && held === position;
  });
}

/**
 * Makes a change at a primary and sends it to the replicas that follow it. A real server would wait for a
 * replica's confirmation for as long as it takes; here the answer, at once, is that there is none.
 */
export function commit(services: DataServices, primary: Instance, mutation: Mutation): Commit<unknown> {
  const disk = ownDisk(services, primary);
  if (disk === undefined) return { value: undefined, isUnconfirmed: false };
  // Real servers replicate by themselves; the disks here hold only the simulator's own knowledge about them, the users.
  const isReal = services.real?.covers(primary) === true;
  const followers = isReal
    ? membersOf(services, primary).filter(({ address }) => address !== primary.address)
    : followersOf(services, primary);
  const value = apply(disk, mutation);
  for (const follower of followers) {
    if (isReal) applyAt(services, follower, mutation);
    else deliver(services, follower, mutation);
  }
  return { value, isUnconfirmed: !isReal && !isConfirmed(services, primary) };
}

/** Whether a node for which the primary waits holds everything that the primary holds. */
export function isConfirmed(services: DataServices, primary: Instance): boolean {
  if (primary.waitsFor.length === 0 || isPlanted(services.kernel, "failover unconfirmed", primary)) return true;
  const position = ownDisk(services, primary)?.position ?? 0;
  return followersOf(services, primary).some(
    (each) => primary.waitsFor.includes(each.index) && ownDisk(services, each)?.position === position,
  );
}

function applyAt(services: DataServices, instance: Instance, mutation: Mutation): void {
  const disk = ownDisk(services, instance);
  if (disk !== undefined) apply(disk, mutation);
}

/** Sends a change to a replica, after those that are on their way. */
function deliver(services: DataServices, follower: Instance, mutation: Mutation): void {
  const effect = faultAt(services.kernel, "replicate", follower);
  const before = changesInFlight(services, follower);
  if (effect?.kind !== "delay" && before.length === 0) return applyAt(services, follower, mutation);
  services.slot.value.inFlight.set(follower.address, [...before, mutation]);
  if (before.length > 0) return;
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  services.kernel.timer(delayMs, DELIVERY, { address: follower.address, disk: follower.disk });
}

const DELIVERY = "dataservices/delivery";

/** Tells the kernel how changes arrive at replicas. */
export function defineDeliveries(services: DataServices): void {
  services.kernel.onTimer<{ address: string; disk: string }>(DELIVERY, ({ address, disk }) => {
    const { inFlight, instances } = services.slot.value;
    const changes = inFlight.get(address) ?? [];
    inFlight.delete(address);
    const follower = instances.get(address);
    // Changes on the way to a vanished server never arrive.
    if (follower?.disk !== disk || follower.server !== "up" || !isSupervised(services, follower)) return;
    for (const mutation of changes) applyAt(services, follower, mutation);
  });
}

/** Drops the changes on the way to and from a node, because its server is gone. */
export function dropInFlight(services: DataServices, instance: Instance): void {
  const { inFlight } = services.slot.value;
  inFlight.delete(instance.address);
  for (const each of membersOf(services, instance)) if (each.follows === instance.index) inFlight.delete(each.address);
}
