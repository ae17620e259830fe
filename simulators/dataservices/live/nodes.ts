import { join } from "node:path";
import type { Instance, Kind, User } from "../state.ts";
import type { EngineMaker, LiveEngine, LiveNode, MemberOrder } from "./engine.ts";
import { LivePlaneError } from "./errors.ts";
import { Disks, type KeptPlane } from "./disks.ts";
import { copyFiles, emptySlot, type Lease, once, type Slot } from "./slot.ts";
import { KeptFiles } from "./transfers.ts";

/** The share of the machine that real servers may use. */
export interface NodeLimits {
  /** How many servers run at once; the one that has been idle longest makes room. Default: 16, at about 20 MB each. */
  readonly enginesMax: number;
  /** A server without connections stops after this time, in ms. Default: 300000. */
  readonly idleMsMax: number;
}

/** The nodes of a world, by disk: started for the first user, stopped after the last, and never more at once than the limit. */
export class Nodes {
  readonly #limits: NodeLimits;
  readonly #engines: ReadonlyMap<Kind, LiveEngine>;
  readonly #slots = new Map<string, Slot>();
  readonly #disks: Disks;
  #files: KeptFiles | undefined;
  #uses = 0;
  #isClosed = false;

  /** @param kept default: disks go with the process */
  constructor(limits: NodeLimits, makers: readonly EngineMaker[], kept?: KeptPlane) {
    this.#limits = limits;
    this.#disks = new Disks(kept?.path);
    const engines = makers.map((make) => make(() => this.#disks.openRun(), kept?.secret));
    this.#engines = new Map(engines.map((engine) => [engine.kind, engine]));
    for (const disk of this.#disks.list()) this.#slots.set(disk, this.#disks.keptSlot(disk));
  }

  /** Running nodes. */
  get running(): number {
    return [...this.#slots.values()].filter(({ node }) => node !== undefined).length;
  }

  /** The files that are kept for a while. @throws LivePlaneError LIVE_DATA_CLOSED */
  async files(): Promise<KeptFiles> {
    const path = await this.#disks.openRun();
    return (this.#files ??= new KeptFiles(path));
  }

  /** The server for a kind; undefined if there is none. */
  engineOf(kind: Kind): LiveEngine | undefined {
    return this.#engines.get(kind);
  }

  /** The running node of a disk, and whether the disk has data. */
  nodeOf(disk: string): Partial<Pick<Slot, "node" | "hasData" | "data">> {
    return this.#slots.get(disk) ?? {};
  }

  /** Starts the node of a group on its disk, where it stays until it is stopped or killed. @throws LivePlaneError */
  async startMember(instance: Instance, users: ReadonlyMap<string, User>, member: MemberOrder): Promise<void> {
    const slot = this.#slotOf(instance.disk, await this.#disks.open());
    await this.#exclusive(slot, () => this.#start(slot, instance, users, member));
    // It is stopped only with its group, not for being idle.
    clearTimeout(slot.idle);
  }

  /** The use of a running node of a group. */
  use(disk: string): Lease | undefined {
    const slot = this.#slots.get(disk);
    if (slot?.node === undefined) return undefined;
    slot.users++;
    slot.usedAt = ++this.#uses;
    return { node: slot.node, release: once(() => void slot.users--) };
  }

  /** Connections, and work of the agent, at the node of a disk. */
  usersOf(disk: string): number {
    return this.#slots.get(disk)?.users ?? 0;
  }

  /** Ends every process of a node at once, without waiting for what it is doing. */
  async kill(disk: string): Promise<void> {
    const slot = this.#slots.get(disk);
    const node = slot?.node;
    if (slot === undefined || node === undefined) return;
    await (node.kill?.() ?? node.stop());
    if (slot.node === node) slot.node = undefined;
  }

  /** Fills an empty disk with work that is given its folder; if that fails, the disk has no data. */
  async fill(disk: string, work: (data: string) => Promise<void>): Promise<void> {
    const slot = this.#slotOf(disk, await this.#disks.open());
    await this.#exclusive(slot, async () => {
      await this.#halt(slot);
      await this.#disks.fill(slot, () => work(slot.data));
    });
  }

  isRunning(disk: string): boolean {
    return this.#slots.get(disk)?.node !== undefined;
  }

  /** The node of an instance's disk, started if it is not running, with these users. @throws LivePlaneError */
  async lease(instance: Instance, users: ReadonlyMap<string, User>): Promise<Lease> {
    const slot = this.#slotOf(instance.disk, await this.#disks.open());
    slot.users++;
    slot.usedAt = ++this.#uses;
    clearTimeout(slot.idle);
    try {
      const node = await this.#exclusive(slot, () => this.#start(slot, instance, users));
      return { node, release: once(() => this.#release(slot)) };
    } catch (error) {
      this.#release(slot);
      throw error;
    }
  }

  /** Works on the node of a disk if it is running; no other such work runs meanwhile. */
  async ifRunning(disk: string, work: (node: LiveNode) => Promise<void>): Promise<void> {
    const slot = this.#slots.get(disk);
    if (slot === undefined) return;
    await this.#exclusive(slot, async () => {
      await slot.node?.revive();
      if (slot.node !== undefined) await work(slot.node);
    });
  }

  /** Works on a leased node; no other such work runs meanwhile. */
  alone<T>(disk: string, work: () => Promise<T>): Promise<T> {
    const slot = this.#slots.get(disk);
    return slot === undefined ? work() : this.#exclusive(slot, work);
  }

  /** Stops the node of a disk; the data stays. */
  async stop(disk: string): Promise<void> {
    const slot = this.#slots.get(disk);
    if (slot !== undefined) await this.#exclusive(slot, () => this.#halt(slot));
  }

  /** Copies everything from one disk to another. It queues at once: later work on either disk comes after it. */
  async copy(from: string, to: string): Promise<void> {
    const source = this.#slots.get(from);
    if (source === undefined) return;
    const target = this.#slotOf(to, join(source.data, ".."));
    const copied = this.#exclusive(source, async () => {
      await this.#halt(source);
      if (!source.hasData) return;
      await this.#disks.fill(target, () => copyFiles(source.data, target.data));
    });
    await this.#exclusive(target, () => copied);
  }

  /** Stops the node of a disk and removes its data. */
  async destroy(disk: string): Promise<void> {
    const slot = this.#slots.get(disk);
    this.#slots.delete(disk);
    if (slot === undefined) return;
    await this.#exclusive(slot, async () => {
      await this.#halt(slot);
      await this.#disks.remove(slot);
    });
  }

  /** Destroys kept disks that the world no longer has: the process was killed before it could. */
  async forgetAllBut(disks: { has(disk: string): boolean }): Promise<void> {
    for (const disk of this.#disks.list()) if (!disks.has(disk)) await this.destroy(disk);
  }

  /** Stops all nodes; their files go with the process's folder. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disks.shut();
    await Promise.all([...this.#slots.keys()].map((disk) => this.stop(disk)));
    this.#slots.clear();
    await Promise.all([...this.#engines.values()].map((engine) => engine.close()));
    await this.#disks.close();
  }

  #slotOf(disk: string, folder: string): Slot {
    let slot = this.#slots.get(disk);
    if (slot === undefined) {
      slot = emptySlot(disk, this.#disks.dataOf(disk, folder));
      this.#slots.set(disk, slot);
    }
    return slot;
  }

  #exclusive<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    const result = slot.work.then(work);
    slot.work = result.catch(() => {});
    return result;
  }

  async #start(
    slot: Slot,
    instance: Instance,
    users: ReadonlyMap<string, User>,
    member?: MemberOrder,
  ): Promise<LiveNode> {
    const engine = this.#engines.get(instance.kind);
    if (this.#isClosed || engine === undefined) throw new LivePlaneError("LIVE_DATA_CLOSED");
    if (slot.node?.suits(instance)) {
      await slot.node.revive();
      if (slot.node !== undefined) return slot.node;
    }
    await this.#halt(slot);
    await this.#makeRoom(slot);
    slot.isStarting = true;
    try {
      if (!slot.hasData) await this.#disks.fill(slot, () => engine.format(slot.data, instance));
      slot.node = await engine.start({ instance, data: slot.data, users, ...(member && { member }) });
    } finally {
      slot.isStarting = false;
    }
    const { node } = slot;
    void node.exited.then(() => {
      if (slot.node === node) slot.node = undefined;
    });
    return node;
  }

  async #makeRoom(wanting: Slot): Promise<void> {
    const atWork = [...this.#slots.values()].filter((each) => each.node !== undefined || each.isStarting);
    if (atWork.length < this.#limits.enginesMax) return;
    const [idlest] = [...this.#slots.values()]
      .filter((each) => each !== wanting && each.node !== undefined && each.users === 0)
      .sort((a, b) => a.usedAt - b.usedAt);
    if (idlest === undefined) throw new LivePlaneError("LIVE_DATA_LIMIT", `enginesMax ${this.#limits.enginesMax}`);
    await this.stop(idlest.disk);
  }

  #release(slot: Slot): void {
    slot.users--;
    if (slot.users > 0) return;
    slot.idle = setTimeout(() => {
      if (slot.users === 0) void this.stop(slot.disk);
    }, this.#limits.idleMsMax);
    slot.idle.unref();
  }

  async #halt(slot: Slot): Promise<void> {
    clearTimeout(slot.idle);
    const { node } = slot;
    slot.node = undefined;
    await node?.stop();
  }
}
