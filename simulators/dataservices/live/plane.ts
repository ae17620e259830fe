import type { Socket } from "node:net";
import type { Driver } from "../../kernel/edge/drive.ts";
import { type Served, serve } from "../../kernel/edge/serve.ts";
import { PasswordThrottle } from "../../kernel/edge/throttle.ts";
import type { DataServices } from "../index.ts";
import { connectFault } from "../behaviour/sessions.ts";
import type { Observer } from "../behaviour/services.ts";
import { diskOf, membersOf } from "../behaviour/replication.ts";
import { type Instance, type Kind, KINDS, type User } from "../state.ts";
import { identifyEngine, type ServedKind } from "./engine.ts";
import { LivePlaneError } from "./errors.ts";
import { DiskWatch } from "./disk-watch.ts";
import type { GatedListener } from "./gated-listener.ts";
import { keyOf, openListeners, type VmListeners, waitForConnect } from "./listeners.ts";
import { LiveGroups } from "./groups.ts";
import { Nodes } from "./nodes.ts";
import type { Lease } from "./slot.ts";
import { DEFAULTS, ENGINES, type LivePlaneOptions } from "./options.ts";
import { realServers } from "./real-servers.ts";
import { ConnectionFault, RoleNotServed } from "./refusals.ts";

/**
 * Real servers behind the addresses of a world on the wall clock. Each running instance has a listener at its own address; the
 * server behind it starts with the first connection. Nothing listens anywhere else: a server has its socket in a folder that only
 * its user and this process can enter.
 */
export class LivePlane {
  readonly #services: DataServices;
  readonly #nodes: Nodes;
  readonly #groups: LiveGroups;
  readonly #agents: Served;
  readonly #driver: Driver;
  readonly #listeners = new Map<string, VmListeners>();
  readonly #onTrouble: (address: string, error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #disks: DiskWatch;
  readonly #diskTimer: NodeJS.Timeout;
  readonly #vmsMax: number;
  readonly #observer: Observer;
  readonly #onRestored = (): void => this.#followAll();
  #pending: Promise<unknown> = Promise.resolve();

  private constructor(options: LivePlaneOptions, agents: Served) {
    const { services, enginesMax = DEFAULTS.enginesMax, idleMsMax = DEFAULTS.idleMsMax } = options;
    this.#services = services;
    this.#agents = agents;
    this.#driver = options.driver;
    this.#vmsMax = options.vmsMax ?? DEFAULTS.vmsMax;
    this.#nodes = new Nodes({ enginesMax, idleMsMax }, options.engines ?? ENGINES, options.kept);
    this.#onTrouble = options.onTrouble ?? (() => {});
    this.#observer = {
      onChanged: (address, isGone) => this.#follow(address, isGone),
      onPrimaryMoved: () => {},
      onDiskDestroyed: (disk) => this.#later("", this.#nodes.destroy(disk)),
      onDiskCopied: (from, to) => this.#later("", this.#nodes.copy(from, to)),
    };
    this.#groups = new LiveGroups(
      {
        services: services.parts,
        driver: this.#driver,
        nodes: this.#nodes,
        onTrouble: this.#onTrouble,
        lookMs: options.lookMs ?? DEFAULTS.lookMs,
        idleMsMax,
      },
      services.supervised,
    );
    this.#timer = setInterval(() => this.recheck(), options.recheckMs ?? DEFAULTS.recheckMs);
    this.#timer.unref();
    this.#disks = new DiskWatch(this.#nodes);
    this.#diskTimer = setInterval(() => void this.checkDisks(), options.diskMs ?? DEFAULTS.diskMs);
    this.#diskTimer.unref();
  }

  /** Opens the plane: its listeners follow the world from now on. */
  static async open(options: LivePlaneOptions): Promise<LivePlane> {
    // One server answers for all agents, which it tells apart by the address in the Host.
    const agents = await serve(options.services.agent, options.driver, {
      host: "127.0.0.1",
      port: 0,
      throttle: new PasswordThrottle(),
    });
    const plane = new LivePlane(options, agents);
    const { parts } = options.services;
    parts.real = realServers({
      nodes: plane.#nodes,
      groups: plane.#groups,
      lease: (instance) => plane.#lease(instance),
      usersOf: (instance) => plane.#usersOf(instance),
      membersOf: (instance) => membersOf(parts, instance),
    });
    parts.observers.add(plane.#observer);
    parts.kernel.restored.add(plane.#onRestored);
    plane.#later("", plane.#nodes.forgetAllBut(parts.slot.value.disks));
    plane.#followAll();
    return plane;
  }

  /** Servers at work. */
  get running(): number {
    return this.#nodes.running;
  }

  /** The server for each kind of data service here. */
  identify(): Promise<readonly ServedKind[]> {
    return Promise.all(KINDS.flatMap((kind) => this.#nodes.engineOf(kind) ?? []).map(identifyEngine));
  }

  /** Prepares what the servers of a kind need, so that the first connection is quicker. */
  async prepare(kind: Kind = "postgresql"): Promise<void> {
    await this.#nodes.engineOf(kind)?.prepare();
  }

  /** Cuts connections that the security groups no longer admit, at once rather than at the next `recheckMs`. */
  recheck(): void {
    for (const { open } of this.#listeners.values()) for (const each of open) each.recheck();
  }

  /** Measures the disks of running servers now, rather than at the next `diskMs`, and closes instances whose disk is too full. */
  async checkDisks(): Promise<void> {
    for (const address of await this.#disks.look(this.#services.instances())) {
      // The agent's listener comes first; it stays open.
      const [, data] = this.#listeners.get(address)?.open ?? [];
      data?.cut();
      this.#onTrouble(address, new LivePlaneError("LIVE_DATA_DISK_FULL", address));
    }
  }

  /** Resolves when listeners and servers match the state of the world. */
  async settle(): Promise<void> {
    let last: Promise<unknown> | undefined;
    while (last !== this.#pending) {
      last = this.#pending;
      await last;
    }
  }

  /** Ends all connections and servers; leaves no process and no folder. */
  async close(): Promise<void> {
    const { parts } = this.#services;
    parts.observers.delete(this.#observer);
    parts.kernel.restored.delete(this.#onRestored);
    parts.real = undefined;
    for (const timer of [this.#timer, this.#diskTimer]) clearInterval(timer);
    // Otherwise a supervisor would restart what is stopped here.
    await this.#groups.close();
    for (const address of this.#listeners.keys()) void this.#shut(address);
    await this.settle();
    await this.#agents.close();
    await this.#nodes.close();
  }

  #followAll(): void {
    const addresses = new Set([...this.#listeners.keys(), ...this.#services.instances().map(({ address }) => address)]);
    for (const address of addresses) this.#follow(address);
  }

  #later(address: string, work: Promise<unknown>): void {
    const done = work.catch((error: unknown) => this.#onTrouble(address, error));
    this.#pending = Promise.all([this.#pending, done]);
  }

  /** Gives an instance the listeners that it should have now. Its key says which: if the key changes, they are reopened. */
  #follow(address: string, isGone = false): void {
    const instance = this.#services.at(address);
    const key = instance === undefined ? "" : keyOf(instance);
    const listeners = this.#listeners.get(address);
    if (listeners?.key === key) return this.#adapt(instance);
    const shut = listeners === undefined ? Promise.resolve() : this.#shut(address, isGone);
    if (instance === undefined) return;
    const isFull = this.#listeners.size >= this.#vmsMax;
    if (isFull) return this.#onTrouble(address, new LivePlaneError("LIVE_DATA_VMS", address));
    // The needs of a first server are prepared while nobody waits for it.
    this.#nodes
      .engineOf(instance.kind)
      ?.prepare()
      .catch(() => {});
    this.#listeners.set(address, this.#listen(key, instance, shut));
  }

  #listen(key: string, instance: Instance, shut: Promise<void>): VmListeners {
    const opened = shut.then(async () => {
      made.open = await this.#openListeners(instance);
    });
    const made: VmListeners = { key, of: instance, opened: opened.catch(() => {}), open: [] };
    this.#later(instance.address, opened);
    return made;
  }

  /** Gives a running server its job's new properties, by a restart. A stopped one gets them when it starts. */
  #adapt(instance: Instance | undefined): void {
    if (instance === undefined) return;
    if (this.#groups.isManaged(instance)) return this.#groups.notice(instance);
    if (!this.#nodes.isRunning(instance.disk)) return;
    this.#later(
      instance.address,
      this.#lease(instance).then((lease) => lease.release()),
    );
  }

  /** A server ends abruptly with its VM; one whose job is stopped ends its sessions in order. */
  #shut(address: string, isGone = false): Promise<void> {
    const listeners = this.#listeners.get(address);
    this.#listeners.delete(address);
    if (listeners === undefined) return Promise.resolve();
    const { disk } = listeners.of;
    const ended = isGone ? this.#nodes.kill(disk) : Promise.resolve();
    const shut = listeners.opened
      .then(() => Promise.all([ended, ...listeners.open.map((each) => each.close())]))
      .then(() => this.#nodes.stop(disk));
    this.#later(address, shut);
    // Its group looks for another primary only once nothing of it is left.
    const noticed = ended.then(() => this.#groups.notice(listeners.of));
    this.#later(address, noticed);
    return shut;
  }

  #openListeners(instance: Instance): Promise<readonly GatedListener[]> {
    return openListeners(instance, {
      services: this.#services,
      agentPort: Number(new URL(this.#agents.url).port),
      engine: this.#nodes.engineOf(instance.kind),
      dial: () => this.#dial(instance.address),
      report: (error) => this.#onTrouble(instance.address, error),
    });
  }

  async #dial(address: string): Promise<Socket> {
    const instance = this.#services.at(address);
    if (instance === undefined) throw new LivePlaneError("LIVE_DATA_NO_INSTANCE");
    if (this.#nodes.engineOf(instance.kind)?.roles.has(instance.role) !== true) throw new RoleNotServed(instance.role);
    this.#disks.requireRoom(instance);
    this.#driver.arrive();
    const fault = connectFault(this.#services.parts, instance);
    if (fault !== undefined) throw new ConnectionFault(fault);
    const lease = await this.#lease(instance);
    const socket = lease.node.dial();
    socket.once("close", () => lease.release());
    return waitForConnect(socket);
  }

  #lease(instance: Instance): Promise<Lease> {
    if (this.#groups.isManaged(instance)) return this.#groups.lease(instance);
    return this.#nodes.lease(instance, this.#usersOf(instance));
  }

  #usersOf(instance: Instance): ReadonlyMap<string, User> {
    return diskOf(this.#services.parts, instance)?.users ?? new Map();
  }
}
