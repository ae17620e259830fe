import { isDeepStrictEqual } from "node:util";
import { rm } from "node:fs/promises";
import type { Socket } from "node:net";
import type { DumpDefects, FinishedLog, RestoreDefects } from "../../behaviour/services.ts";
import type { Instance, User } from "../../state.ts";
import { openStream } from "../../wire/dump-stream.ts";
import { DataServiceError } from "../../wire/errors.ts";
import type { LiveNode, MemberOrder, NodeOrder, RestoreTarget } from "../engine.ts";
import { LivePlaneError } from "../errors.ts";
import { MEMBER_SETTINGS, PostgresqlMember } from "./member.ts";
import type { Installation } from "./installation.ts";
import { ARCHIVING, archiveSettings, clearArchive, LogArchive, makeArchive } from "./physical/archive.ts";
import { append, replaceUnderSessions } from "./physical/defects.ts";
import { ENGINE, physicalDump } from "./physical/dump.ts";
import { memoryOf } from "./memory.ts";
import { replaceFolder, stageWith } from "./physical/restored.ts";
import { Server, type ServerOptions, settingsOf } from "./server.ts";

const optionsOf = (
  { binaries, owner, password }: Installation,
  data: string,
  instance: Instance,
  member?: MemberOrder,
): ServerOptions => ({
  binaries,
  owner,
  data,
  password,
  database: instance.database,
  memoryMib: memoryOf(instance),
  settings: {
    ...settingsOf(instance, binaries.major),
    ...(member && MEMBER_SETTINGS),
    ...(instance.parameters[ARCHIVING] === true && archiveSettings(data)),
  },
  ...(member && { member }),
});

/** The role of a node that may get replicas later. */
const ALONE: MemberOrder = { index: 0, primary: undefined, voters: [] };

/** One PostgreSQL behind one instance. A restore replaces its server with another, on other files. */
export class PostgresqlNode implements LiveNode {
  readonly exited: Promise<void>;
  readonly member: PostgresqlMember;
  readonly #installation: Installation;
  readonly #options: ServerOptions;
  #server: Server;
  #users: ReadonlyMap<string, User>;
  #isReplacing = false;
  #end: () => void = () => {};

  private constructor(installation: Installation, server: Server, users: ReadonlyMap<string, User>) {
    this.#installation = installation;
    this.#options = server.options;
    this.#server = server;
    this.#users = users;
    this.exited = new Promise((resolve) => (this.#end = resolve));
    this.#watch(server);
    this.member = new PostgresqlMember(() => this.#server, server.options.member ?? ALONE);
  }

  /** @throws LivePlaneError LIVE_PG_START */
  static async start(
    installation: Installation,
    { instance, data, users, member }: NodeOrder,
  ): Promise<PostgresqlNode> {
    const options = optionsOf(installation, data, instance, member);
    const server = await startWith(options, users);
    installation.copies.prepare().catch(() => {});
    return new PostgresqlNode(installation, server, users);
  }

  #watch(server: Server): void {
    void server.exited.then(() => {
      if (!this.#isReplacing && this.#server === server) this.#end();
    });
  }

  suits(changed: Instance): boolean {
    return isDeepStrictEqual(
      this.#options,
      optionsOf(this.#installation, this.#options.data, changed, this.#options.member),
    );
  }

  dial(): Socket {
    return this.#server.dial();
  }

  revive(): Promise<void> {
    return this.#server.revive();
  }

  applyUsers(users: ReadonlyMap<string, User>): Promise<void> {
    this.#users = users;
    return this.#server.applyUsers(users);
  }

  dump(defects: DumpDefects): AsyncIterable<Uint8Array> {
    return physicalDump(this.#server, this.#installation, defects);
  }

  get log(): FinishedLog | undefined {
    return this.#options.settings.archive_mode === "on" ? new LogArchive(this.#server) : undefined;
  }

  async restore(dump: AsyncIterable<Uint8Array>, defects: RestoreDefects, target?: RestoreTarget): Promise<void> {
    const { data } = this.#options;
    const folder = `${data}.restored`;
    await rm(folder, { recursive: true, force: true });
    // A copy is not a member of any group before it replaces this one.
    const { member: _member, ...options } = this.#options;
    const stage = { installation: this.#installation, options, folder, target };
    const copy = await stageWith(defects, openStream(ENGINE, dump, defects.isTrusting), stage);
    try {
      if (defects.isAppending) return await append(copy, this.#server);
      if (defects.keepsSessions) return await replaceUnderSessions(copy, this.#server);
      await copy.stop();
      await this.#replaceBy(folder);
    } finally {
      await copy.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Ends all sessions, and continues with other files. If those do not serve, it continues with its own. */
  async #replaceBy(folder: string): Promise<void> {
    this.#isReplacing = true;
    try {
      await this.#server.stop();
      const { undo, commit } = await replaceFolder(this.#options.data, folder);
      try {
        await clearArchive(this.#options);
        this.#server = await startWith(this.#optionsNow, this.#users);
      } catch (error) {
        await undo();
        this.#server = await startWith(this.#optionsNow, this.#users);
        throw error instanceof LivePlaneError ? new DataServiceError("DS_NOT_RESTORED", error.message) : error;
      }
      await commit();
    } catch (error) {
      if (!(error instanceof DataServiceError)) this.#end();
      throw error;
    } finally {
      this.#isReplacing = false;
      this.#watch(this.#server);
    }
  }

  /** The options of a server that replaces the current one: as the primary that this one may have become meanwhile. */
  get #optionsNow(): ServerOptions {
    return this.#options.member === undefined ? this.#options : { ...this.#options, member: this.member.order };
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  kill(): Promise<void> {
    return this.#server.kill();
  }
}

async function startWith(options: ServerOptions, users: ReadonlyMap<string, User>): Promise<Server> {
  await makeArchive(options);
  const server = await Server.start(options);
  try {
    if (options.member?.primary === undefined) await server.applyUsers(users, "local");
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
