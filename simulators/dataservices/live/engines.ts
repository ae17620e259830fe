import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execFile as run } from "node:child_process";
import { isDeepStrictEqual, promisify } from "node:util";
import type { Instance, User } from "../state.ts";
import { LivePlaneError } from "./errors.ts";
import { createInstallation, type Installation } from "./installation.ts";
import { Server, type ServerOptions, settingsOf } from "./server.ts";

const execFile = promisify(run);

/** How much of the machine real servers may take. */
export interface EngineLimits {
  /** Servers at work at once; the one that has been idle longest makes room. Default 16, at about 20 MB each. */
  readonly enginesMax: number;
  /** A server without connections stops after this time, ms. Default 300000. */
  readonly idleMsMax: number;
}

/** The server of one disk, at work or not. */
interface Engine {
  readonly disk: string;
  readonly data: string;
  hasData: boolean;
  server: Server | undefined;
  isStarting: boolean;
  /** How many use it now: connections, and work of the agent. It does not stop while anyone does. */
  users: number;
  usedAt: number;
  /** The work on the server so far: each piece waits for the one before it. */
  work: Promise<unknown>;
  idle: NodeJS.Timeout | undefined;
}

/** The use of a server; once all are released it may stop. */
export interface Lease {
  readonly server: Server;
  release(): void;
}

/** The real servers of a world: started for the first user, stopped after the last, no more at once than the limit. */
export class Engines {
  readonly #limits: EngineLimits;
  readonly #engines = new Map<string, Engine>();
  #installation: Promise<Installation> | undefined;
  #made = 0;
  #uses = 0;
  #isClosed = false;

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  /** Servers at work. */
  get running(): number {
    return [...this.#engines.values()].filter(({ server }) => server !== undefined).length;
  }

  /** Folder, binaries and template, made once. Called early, it makes the first connection quicker. */
  prepare(): Promise<Installation> {
    if (this.#isClosed) return Promise.reject(new LivePlaneError("LIVE_PG_CLOSED"));
    this.#installation ??= createInstallation();
    return this.#installation;
  }

  isRunning(disk: string): boolean {
    return this.#engines.get(disk)?.server !== undefined;
  }

  /** The server of an instance's disk, started where it is not at work, with these users. @throws LivePlaneError */
  async lease(instance: Instance, users: ReadonlyMap<string, User>): Promise<Lease> {
    const installation = await this.prepare();
    const engine = this.#engineOf(instance.disk, installation.folder.path);
    engine.users++;
    engine.usedAt = ++this.#uses;
    clearTimeout(engine.idle);
    try {
      const server = await this.#exclusive(engine, () => this.#start(engine, instance, users, installation));
      return { server, release: once(() => this.#release(engine)) };
    } catch (error) {
      this.#release(engine);
      throw error;
    }
  }

  /** Works on the server of a disk if it is running; no other such work runs meanwhile. */
  async ifRunning(disk: string, work: (server: Server) => Promise<void>): Promise<void> {
    const engine = this.#engines.get(disk);
    if (engine === undefined) return;
    await this.#exclusive(engine, async () => {
      await engine.server?.revive();
      if (engine.server !== undefined) await work(engine.server);
    });
  }

  /** Works on a leased server; no other such work runs meanwhile. */
  alone<T>(disk: string, work: () => Promise<T>): Promise<T> {
    const engine = this.#engines.get(disk);
    return engine === undefined ? work() : this.#exclusive(engine, work);
  }

  /** Stops the server of a disk; the data stays. */
  async stop(disk: string): Promise<void> {
    const engine = this.#engines.get(disk);
    if (engine !== undefined) await this.#exclusive(engine, () => this.#halt(engine));
  }

  /** Copies all that is on one disk to another. It queues at once: what is asked of either disk later comes after it. */
  async copy(from: string, to: string): Promise<void> {
    const source = this.#engines.get(from);
    if (source === undefined) return;
    const target = this.#engineOf(to, dirname(source.data));
    const copied = this.#exclusive(source, async () => {
      await this.#halt(source);
      if (!source.hasData) return;
      // `-a` keeps the owner: the files belong to the server's own user.
      await execFile("cp", ["-a", source.data, target.data]);
      target.hasData = true;
    });
    await this.#exclusive(target, () => copied);
  }

  /** Stops the server of a disk and removes its data. */
  async destroy(disk: string): Promise<void> {
    const engine = this.#engines.get(disk);
    this.#engines.delete(disk);
    if (engine === undefined) return;
    await this.#exclusive(engine, async () => {
      await this.#halt(engine);
      await rm(engine.data, { recursive: true, force: true });
    });
  }

  /** Stops all servers and removes all their files. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const installation = await this.#installation?.catch(() => undefined);
    await Promise.all([...this.#engines.keys()].map((disk) => this.stop(disk)));
    this.#engines.clear();
    // A copy that is being made would write into the folder while it is removed.
    await installation?.copies.prepare().catch(() => {});
    await installation?.folder.close();
  }

  #engineOf(disk: string, folder: string): Engine {
    let engine = this.#engines.get(disk);
    if (engine === undefined) {
      const data = join(folder, `data-${++this.#made}`);
      const idle = {
        server: undefined,
        isStarting: false,
        users: 0,
        usedAt: 0,
        work: Promise.resolve(),
        idle: undefined,
      };
      engine = { disk, data, hasData: false, ...idle };
      this.#engines.set(disk, engine);
    }
    return engine;
  }

  #exclusive<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
    const result = engine.work.then(work);
    engine.work = result.catch(() => {});
    return result;
  }

  async #start(
    engine: Engine,
    instance: Instance,
    users: ReadonlyMap<string, User>,
    { binaries, owner, password, copies }: Installation,
  ): Promise<Server> {
    if (this.#isClosed) throw new LivePlaneError("LIVE_PG_CLOSED");
    const { data } = engine;
    const { database } = instance;
    const settings = settingsOf(instance, binaries.major);
    const options: ServerOptions = { binaries, owner, data, password, database, settings };
    if (engine.server !== undefined && isDeepStrictEqual(engine.server.options, options)) {
      await engine.server.revive();
      return engine.server;
    }
    await this.#halt(engine);
    await this.#makeRoom(engine);
    engine.isStarting = true;
    try {
      if (!engine.hasData) await copies.take(data);
      engine.hasData = true;
      engine.server = await Server.start(options);
    } finally {
      engine.isStarting = false;
    }
    const { server } = engine;
    await server.applyUsers(users);
    copies.prepare().catch(() => {});
    void server.exited.then(() => {
      if (engine.server === server) engine.server = undefined;
    });
    return server;
  }

  async #makeRoom(wanting: Engine): Promise<void> {
    const atWork = [...this.#engines.values()].filter((each) => each.server !== undefined || each.isStarting);
    if (atWork.length < this.#limits.enginesMax) return;
    const [idlest] = [...this.#engines.values()]
      .filter((each) => each !== wanting && each.server !== undefined && each.users === 0)
      .sort((a, b) => a.usedAt - b.usedAt);
    if (idlest === undefined) throw new LivePlaneError("LIVE_PG_LIMIT", `enginesMax ${this.#limits.enginesMax}`);
    await this.stop(idlest.disk);
  }

  #release(engine: Engine): void {
    engine.users--;
    if (engine.users > 0) return;
    engine.idle = setTimeout(() => {
      if (engine.users === 0) void this.stop(engine.disk);
    }, this.#limits.idleMsMax);
    engine.idle.unref();
  }

  async #halt(engine: Engine): Promise<void> {
    clearTimeout(engine.idle);
    const { server } = engine;
    engine.server = undefined;
    await server?.stop();
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
