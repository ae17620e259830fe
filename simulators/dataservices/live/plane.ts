import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { resetConnection } from "../../kernel/edge/connections.ts";
import type { Driver } from "../../kernel/edge/drive.ts";
import { type Served, serve } from "../../kernel/edge/serve.ts";
import { PasswordThrottle } from "../../kernel/edge/throttle.ts";
import type { Effect } from "../../kernel/index.ts";
import type { DataServices } from "../index.ts";
import { connectFault } from "../behaviour/sessions.ts";
import type { Observer, RealServers } from "../behaviour/services.ts";
import { diskOf } from "../behaviour/replication.ts";
import type { Instance } from "../state.ts";
import { type EngineLimits, Engines, type Lease } from "./engines.ts";
import { LivePlaneError } from "./errors.ts";
import { GatedListener } from "./gated-listener.ts";
import { sqlDump } from "./sql-dump.ts";
import { sqlRestore } from "./sql-restore.ts";
import { refuseStartup } from "./startup.ts";

export interface LivePlaneOptions extends Partial<EngineLimits> {
  readonly services: DataServices;
  /** Of a world that follows the wall. */
  readonly driver: Driver;
  /** How often open connections are checked against the security groups, ms. Default 200. Call `recheck` to have it at once. */
  readonly recheckMs?: number;
  /** VMs with listeners, two at each (one of its agent). Those over it are out of reach. Default 2000. */
  readonly vmsMax?: number;
  /** A listener could not be opened, or a server failed. Default: nobody hears of it. */
  readonly onTrouble?: (address: string, error: unknown) => void;
}

const DEFAULTS = { enginesMax: 16, idleMsMax: 300_000, recheckMs: 200, vmsMax: 2000 } as const;

/** The gates of one VM: to its data, and to its agent. */
interface VmListeners {
  readonly key: string;
  readonly opened: Promise<void>;
  gates: readonly GatedListener[];
}

/**
 * Real PostgreSQL behind the addresses of a world that follows the wall. Each running instance has a listener at its own
 * address; the server behind it starts with the first connection. Nothing listens anywhere else: servers have a socket in a
 * folder that only they and we can enter.
 */
export class LivePlane {
  readonly #services: DataServices;
  readonly #engines: Engines;
  readonly #agents: Served;
  readonly #driver: Driver;
  readonly #doors = new Map<string, VmListeners>();
  readonly #onTrouble: (address: string, error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #vmsMax: number;
  readonly #observer: Observer;
  readonly #restored = (): void => this.#follow();
  #pending: Promise<unknown> = Promise.resolve();

  private constructor(options: LivePlaneOptions, agents: Served) {
    const { services, enginesMax = DEFAULTS.enginesMax, idleMsMax = DEFAULTS.idleMsMax } = options;
    this.#services = services;
    this.#agents = agents;
    this.#driver = options.driver;
    this.#vmsMax = options.vmsMax ?? DEFAULTS.vmsMax;
    this.#engines = new Engines({ enginesMax, idleMsMax });
    this.#onTrouble = options.onTrouble ?? (() => {});
    this.#observer = {
      changed: (address) => this.#changed(address),
      diskDestroyed: (disk) => this.#later("", this.#engines.destroy(disk)),
      diskCopied: (from, to) => this.#later("", this.#engines.copy(from, to)),
    };
    this.#timer = setInterval(() => this.recheck(), options.recheckMs ?? DEFAULTS.recheckMs);
    this.#timer.unref();
  }

  static async open(options: LivePlaneOptions): Promise<LivePlane> {
    // One server answers for all agents; it tells them apart by the address that the client dialled, which is in its Host.
    const agents = await serve(options.services.agent, options.driver, {
      host: "127.0.0.1",
      port: 0,
      throttle: new PasswordThrottle(),
    });
    const plane = new LivePlane(options, agents);
    const { parts } = options.services;
    parts.real = plane.#real();
    parts.observers.add(plane.#observer);
    parts.kernel.restored.add(plane.#restored);
    plane.#follow();
    return plane;
  }

  /** Servers at work. */
  get running(): number {
    return this.#engines.running;
  }

  /** Makes the template now, so that the first connection needs less time. */
  async prepare(): Promise<void> {
    await this.#engines.prepare();
  }

  /** Cuts connections that the security groups no longer admit: for who has just closed a rule. */
  recheck(): void {
    for (const { gates } of this.#doors.values()) for (const gate of gates) gate.recheck();
  }

  /** Resolves when listeners and servers are as the world now says. */
  async settled(): Promise<void> {
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
    parts.kernel.restored.delete(this.#restored);
    parts.real = undefined;
    clearInterval(this.#timer);
    for (const address of this.#doors.keys()) void this.#shut(address);
    await this.settled();
    await this.#agents.close();
    await this.#engines.close();
  }

  #follow(): void {
    const addresses = new Set([...this.#doors.keys(), ...this.#services.instances().map(({ address }) => address)]);
    for (const address of addresses) this.#changed(address);
  }

  #later(address: string, work: Promise<unknown>): void {
    const done = work.catch((error: unknown) => this.#onTrouble(address, error));
    this.#pending = Promise.all([this.#pending, done]);
  }

  /** What kind of doors an instance has; another key means that they must be made anew. */
  #changed(address: string): void {
    const instance = this.#services.at(address);
    const key =
      instance === undefined
        ? ""
        : [instance.kind, instance.state, instance.port, instance.agent.port, instance.disk].join(" ");
    const door = this.#doors.get(address);
    if (door?.key === key) return this.#adapt(instance);
    const shut = door === undefined ? Promise.resolve() : this.#shut(address);
    if (instance === undefined) return;
    if (this.#doors.size >= this.#vmsMax) return this.#onTrouble(address, new LivePlaneError("LIVE_PG_VMS", address));
    // The template takes its time while nobody waits for it.
    if (instance.kind === "postgresql") this.#engines.prepare().catch(() => {});
    this.#doors.set(address, this.#openDoor(key, instance, shut));
  }

  #openDoor(key: string, instance: Instance, shut: Promise<void>): VmListeners {
    const opened = shut.then(async () => {
      made.gates = await this.#openGates(instance);
    });
    const made: VmListeners = { key, opened: opened.catch(() => {}), gates: [] };
    this.#later(instance.address, opened);
    return made;
  }

  /** New properties of a job that runs: the server takes them when it starts again, and it starts again now if it is at work. */
  #adapt(instance: Instance | undefined): void {
    if (instance === undefined || !this.#engines.isRunning(instance.disk)) return;
    this.#later(
      instance.address,
      this.#lease(instance).then((lease) => lease.release()),
    );
  }

  #shut(address: string): Promise<void> {
    const door = this.#doors.get(address);
    this.#doors.delete(address);
    if (door === undefined) return Promise.resolve();
    const disk = door.key.slice(door.key.lastIndexOf(" ") + 1);
    const shut = door.opened
      .then(() => Promise.all(door.gates.map((gate) => gate.close())))
      .then(() => this.#engines.stop(disk));
    this.#later(address, shut);
    return shut;
  }

  async #openGates(instance: Instance): Promise<readonly GatedListener[]> {
    const { address, agent, port } = instance;
    const agentPort = Number(new URL(this.#agents.url).port);
    const gates = [this.#gate(address, agent.port, () => waitForConnect(connect(agentPort, "127.0.0.1")))];
    // Nobody listens for a service that does not run, nor for one whose data is not simulated.
    if (instance.state === "running" && instance.kind === "postgresql")
      gates.push(this.#gate(address, port, () => this.#dial(address), refuse));
    return Promise.all(gates);
  }

  #gate(
    address: string,
    port: number,
    dial: () => Promise<Socket>,
    refuseWith?: (client: Socket, error: unknown) => void,
  ): Promise<GatedListener> {
    const admits = (source: string): boolean => this.#services.admits(source, address, port);
    const report = (error: unknown): void => this.#onTrouble(address, error);
    return GatedListener.open({ address, port, admits, dial, report, ...(refuseWith && { refuse: refuseWith }) });
  }

  async #dial(address: string): Promise<Socket> {
    const instance = this.#services.at(address);
    if (instance === undefined) throw new LivePlaneError("LIVE_PG_NO_INSTANCE");
    if (instance.role === "replica") throw new HotStandbyOff();
    this.#driver.arrive();
    const fault = connectFault(this.#services.parts, instance);
    if (fault !== undefined) throw new ConnectionFault(fault);
    const lease = await this.#lease(instance);
    const socket = lease.server.dial();
    socket.once("close", () => lease.release());
    return waitForConnect(socket);
  }

  #lease(instance: Instance): Promise<Lease> {
    return this.#engines.lease(instance, diskOf(this.#services.parts, instance)?.users ?? new Map());
  }

  #real(): RealServers {
    return {
      covers: ({ kind }) => kind === "postgresql",
      applyUsers: (instance) => {
        const users = diskOf(this.#services.parts, instance)?.users ?? new Map();
        return this.#engines.ifRunning(instance.disk, (server) => server.applyUsers(users));
      },
      dump: (instance, defects) => this.#with(instance, ({ server }) => sqlDump(server, defects)),
      restore: (instance, bytes, defects) => this.#with(instance, ({ server }) => sqlRestore(server, bytes, defects)),
    };
  }

  async #with<T>(instance: Instance, work: (lease: Lease) => Promise<T>): Promise<T> {
    const lease = await this.#lease(instance);
    try {
      return await this.#engines.alone(instance.disk, () => work(lease));
    } finally {
      lease.release();
    }
  }
}

async function waitForConnect(socket: Socket): Promise<Socket> {
  await once(socket, "connect");
  return socket;
}

/** What a standby says that has `hot_standby = off`: replication is not simulated, so a replica has nothing to show. */
class HotStandbyOff extends Error {}

/** A fault that is armed on connections. */
class ConnectionFault extends Error {
  readonly effect: Effect;

  constructor(effect: Effect) {
    super(`a fault of kind ${effect.kind}`);
    this.effect = effect;
  }
}

function refuse(client: Socket, error: unknown): void {
  if (error instanceof ConnectionFault && error.effect.kind === "reset") return resetConnection(client);
  if (error instanceof ConnectionFault) return refuseStartup(client, "53300", "sorry, too many clients already");
  if (error instanceof HotStandbyOff)
    refuseStartup(client, "57P03", "the database system is not accepting connections (hot standby mode is disabled)");
  else if (error instanceof LivePlaneError) refuseStartup(client, "57P03", error.message);
  else refuseStartup(client, "XX000", "the data service failed");
}
