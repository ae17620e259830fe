import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execFile as run } from "node:child_process";
import { isDeepStrictEqual, promisify } from "node:util";
import type { Instance, User } from "../state.ts";
import { type Binaries, findBinaries, type Owner, serverOwner } from "./binaries.ts";
import { LivePlaneError } from "./errors.ts";
import { createRunFolder, type RunFolder } from "./folder.ts";
import { Server, type ServerOptions, settingsOf } from "./server.ts";
import { Copies, createTemplate } from "./template.ts";

const execFile = promisify(run);

export interface EngineLimits {
  /** Servers at work at once; the one that has been idle longest makes room. Default 16, at about 20 MB each. */
  readonly enginesMax: number;
  /** A server without connections stops after this time. Default 5 minutes. */
  readonly idleMsMax: number;
}

interface Installation {
  readonly folder: RunFolder;
  readonly binaries: Binaries;
  readonly owner: Owner;
  readonly password: string;
  readonly copies: Copies;
}

/** The server of one disk, at work or not. */
interface Engine {
  readonly disk: string;
  readonly data: string;
  hasData: boolean;
  server: Server | undefined;
  isStarting: boolean;
  /** Who uses it now: connections and agent's work. It does not stop while there is anyone. */
  users: number;
  usedAt: number;
  /** What happens to a server happens one after the other. */
  work: Promise<unknown>;
  idle: NodeJS.Timeout | undefined;
}

/** Hands a server back; it may stop when nobody uses it. */
export interface Lease {
  readonly server: Server;
  release(): void;
}

/** The real servers of a world: started when somebody comes, stopped when nobody is left, at most so many at once. */
export class Engines {
  readonly #limits: EngineLimits;
  readonly #engines = new Map<string, Engine>();
  #ground: Promise<Installation> | undefined;
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

  /** Folder, binaries and template, made once; called early it takes its time out of the first connection. */
  prepare(): Promise<Installation> {
    if (this.#isClosed) return Promise.reject(new LivePlaneError("LIVE_PG_CLOSED"));
    this.#ground ??= createGround();
    return this.#ground;
  }

  isRunning(disk: string): boolean {
    return this.#engines.get(disk)?.server !== undefined;
  }

  /** @throws LivePlaneError */
  async lease(instance: Instance, users: ReadonlyMap<string, User>): Promise<Lease> {
    const ground = await this.prepare();
    const engine = this.#engineOf(instance.disk, ground.folder.path);
    engine.users++;
    engine.usedAt = ++this.#uses;
    clearTimeout(engine.idle);
    try {
      const server = await this.#exclusive(engine, () => this.#start(engine, instance, users, ground));
      return { server, release: once(() => this.#release(engine)) };
    } catch (error) {
      this.#release(engine);
      throw error;
    }
  }

  /** Runs work on the server of a disk if it is at work, alone among such work. */
  async ifRunning(disk: string, work: (server: Server) => Promise<void>): Promise<void> {
    const engine = this.#engines.get(disk);
    if (engine === undefined) return;
    await this.#exclusive(engine, async () => {
      await engine.server?.revive();
      if (engine.server !== undefined) await work(engine.server);
    });
  }

  /** Runs work on a leased server, alone among such work. */
  alone<T>(disk: string, work: () => Promise<T>): Promise<T> {
    const engine = this.#engines.get(disk);
    return engine === undefined ? work() : this.#exclusive(engine, work);
  }

  async stop(disk: string): Promise<void> {
    const engine = this.#engines.get(disk);
    if (engine !== undefined) await this.#exclusive(engine, () => this.#halt(engine));
  }

  /** Copies all that is on one disk to another. Takes its turn at once: before what is asked of either later. */
  async copy(from: string, to: string): Promise<void> {
    const source = this.#engines.get(from);
    if (source === undefined) return;
    const target = this.#engineOf(to, dirname(source.data));
    const copied = this.#exclusive(source, async () => {
      await this.#halt(source);
      if (!source.hasData) return;
      // The files belong to the server's own user, and must go on doing so.
      await execFile("cp", ["-a", source.data, target.data]);
      target.hasData = true;
    });
    await this.#exclusive(target, () => copied);
  }

  async destroy(disk: string): Promise<void> {
    const engine = this.#engines.get(disk);
    this.#engines.delete(disk);
    if (engine === undefined) return;
    await this.#exclusive(engine, async () => {
      await this.#halt(engine);
      await rm(engine.data, { recursive: true, force: true });
    });
  }

  /** Stops all servers and removes all that was on the disk. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const ground = await this.#ground?.catch(() => undefined);
    await Promise.all([...this.#engines.keys()].map((disk) => this.stop(disk)));
    this.#engines.clear();
    // A copy that is being made would write into the folder while it is removed.
    await ground?.copies.prepare().catch(() => {});
    await ground?.folder.close();
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

const PASSWORD_BYTES = 24;

async function createGround(): Promise<Installation> {
  const owner = await serverOwner();
  const folder = await createRunFolder();
  try {
    const binaries = await findBinaries(owner, folder.path);
    const password = randomBytes(PASSWORD_BYTES).toString("hex");
    const copies = new Copies(await createTemplate(binaries, owner, folder.path, password));
    copies.prepare().catch(() => {});
    return { folder, binaries, owner, password, copies };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
