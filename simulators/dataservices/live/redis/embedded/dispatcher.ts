import { error, NIL_ARRAY, type Reply, simple } from "../resp/reply.ts";
import { type Call, type Command, fits, subcommandRefusal, type Wait, wrongArity } from "./command.ts";
import { KEY_COMMANDS } from "./commands/index.ts";
import { CommandError } from "./errors.ts";
import { Keyspace, nameOf } from "./keyspace.ts";
import { mayRun } from "./permissions.ts";
import { NOT_SIMULATED } from "./not-simulated.ts";
import { Session, type Waiting } from "./session.ts";
import { SESSION_COMMANDS, type SessionCommand } from "./session-commands.ts";

/** Checks a login: returns the identity, or undefined for a wrong name or password. */
export type LogIn = (username: string, password: string) => Session["identity"];

/** The things that a dispatcher needs from its surroundings. */
interface DispatcherOptions {
  readonly nowMs: () => number;
  /** From 0, and less than 1. */
  readonly random: () => number;
  readonly logIn: LogIn;
  /** The identity of a session before it has logged in. Default: none. */
  readonly guest?: Session["identity"];
}

const BY_NAME: ReadonlyMap<string, Command> = new Map(
  Object.values(KEY_COMMANDS)
    .flat()
    .map((each) => [each.name, each]),
);

/** The only commands that a RESP2 subscriber may send, because its connection is for messages. */
const OF_SUBSCRIBERS = new Set([
  "subscribe",
  "unsubscribe",
  "psubscribe",
  "punsubscribe",
  "ssubscribe",
  "sunsubscribe",
  "ping",
  "quit",
  "reset",
]);
/** The commands that a transaction runs at once instead of queueing them. */
const OF_TRANSACTIONS = new Set(["exec", "discard", "multi", "watch", "quit", "reset"]);

const ABORTED = "EXECABORT Transaction discarded because of previous errors.";

/** Runs the commands of sessions on one keyspace, one at a time, as the real server does. */
export class Dispatcher {
  readonly keyspace = new Keyspace();
  readonly sessions = new Set<Session>();
  readonly startedMs: number;
  readonly #options: DispatcherOptions;
  #sessionsMade = 0;
  commandsDone = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.startedMs = options.nowMs();
  }

  get nowMs(): number {
    return this.#options.nowMs();
  }

  get logIn(): LogIn {
    return this.#options.logIn;
  }

  /** A new session. `write` gets the bytes of replies, as byte strings; `end` ends the connection after them. */
  open(address: string, write: (bytes: string) => void, end: () => void): Session {
    const session = new Session(++this.#sessionsMade, address, this.nowMs, write, end);
    session.identity = this.#options.guest;
    this.sessions.add(session);
    return session;
  }

  /** Forgets a session whose connection has ended. */
  close(session: Session): void {
    session.onFree = () => {};
    session.free();
    this.sessions.delete(session);
  }

  /** Runs a client's command, and sends the reply unless the command waits. */
  receive(session: Session, words: readonly string[]): void {
    const name = (words[0] ?? "").toLowerCase();
    this.keyspace.nowMs = this.nowMs;
    session.lastMs = this.keyspace.nowMs;
    session.lastCommand = name;
    const reply = this.#answer(session, name, words);
    if (reply === undefined) return;
    if (reply.type === "wait") this.#wait(session, BY_NAME.get(name), reply);
    else session.send(reply);
    this.#spread();
  }

  #answer(session: Session, name: string, words: readonly string[]): Reply | Wait | undefined {
    const own = Object.hasOwn(SESSION_COMMANDS, name) ? SESSION_COMMANDS[name] : undefined;
    const known: Pick<Command, "arity" | "flags" | "subcommands"> | undefined = own ?? BY_NAME.get(name);
    const refusal = this.#refusalOf(session, name, known, words);
    if (refusal !== undefined) {
      if (name === "exec") session.endTransaction();
      if (session.queue !== undefined) session.isQueueBroken = true;
      return error(name === "exec" ? `EXECABORT Transaction discarded because of: ${refusal.slice(4)}` : refusal);
    }
    if (session.queue !== undefined && !OF_TRANSACTIONS.has(name)) {
      session.queue.push({ command: BY_NAME.get(name), words });
      return simple("QUEUED");
    }
    return this.#run(session, own, BY_NAME.get(name), words);
  }

  #refusalOf(
    session: Session,
    name: string,
    known: Pick<Command, "arity" | "flags" | "subcommands"> | undefined,
    words: readonly string[],
  ): string | undefined {
    if (known === undefined) return unknownCommand(words);
    if (!fits(known, words.length)) return wrongArity(name);
    const unclear = subcommandRefusal(name, known, words);
    if (unclear !== undefined) return unclear;
    const refusal = mayRun(session.identity, name, known.flags, words);
    if (refusal !== undefined) return refusal;
    if (session.subscriptions > 0 && session.protocol === 2 && !OF_SUBSCRIBERS.has(name))
      return `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
    if (known.flags.includes("denyoom") && !this.keyspace.makeRoom())
      return "OOM command not allowed when used memory > 'maxmemory'.";
    return undefined;
  }

  #run(
    session: Session,
    own: SessionCommand | undefined,
    command: Command | undefined,
    words: readonly string[],
  ): Reply | Wait | undefined {
    this.commandsDone++;
    try {
      if (own !== undefined) return own.run(this, session, words.slice(1));
      return command?.run(this.#callOf(session.database, words.slice(1)));
    } catch (refusal) {
      if (refusal instanceof CommandError) return error(refusal.message);
      throw refusal;
    }
  }

  #callOf(database: number, args: readonly string[]): Call {
    const { keyspace } = this;
    return { args, db: keyspace.database(database), keyspace, nowMs: keyspace.nowMs, random: this.#options.random };
  }

  /** EXEC: runs all queued commands at one moment. A blocking one among them does not wait. */
  execute(session: Session): Reply {
    const { queue, isQueueBroken, isTouched } = session;
    if (queue === undefined) return error("ERR EXEC without MULTI");
    session.endTransaction();
    if (isQueueBroken) return error(ABORTED);
    if (isTouched) return NIL_ARRAY;
    return {
      type: "array",
      items: queue.flatMap(({ command, words }) => {
        const name = (words[0] ?? "").toLowerCase();
        const own = Object.hasOwn(SESSION_COMMANDS, name) ? SESSION_COMMANDS[name] : undefined;
        const reply = this.#run(session, own, command, words);
        return reply === undefined ? [] : [reply.type === "wait" ? reply.otherwise : reply];
      }),
    };
  }

  #wait(session: Session, command: Command | undefined, wait: Wait): void {
    if (command === undefined) return;
    const late = (): void => {
      session.send(wait.otherwise);
      session.free();
    };
    const timer = wait.msMax === 0 ? undefined : setTimeout(late, wait.msMax);
    // Sessions are in the order in which they began to wait.
    this.sessions.delete(session);
    this.sessions.add(session);
    session.waiting = { command, wait, database: session.database, timer };
  }

  /** Notifies the sessions that watch or wait for touched keys. The commands of the waiting ones may touch more. */
  #spread(): void {
    for (let touched = this.keyspace.takeTouched(); touched.length > 0; touched = this.keyspace.takeTouched()) {
      for (const session of this.sessions)
        if (touched.some((name) => session.watched.has(name))) session.isTouched = true;
      const names = new Set(touched);
      // The session that has waited longest is served first.
      const waiting = [...this.sessions].flatMap((session) =>
        session.waiting ? [[session, session.waiting] as const] : [],
      );
      for (const [session, each] of waiting)
        if (each.wait.keys.some((key) => names.has(nameOf(each.database, key)))) this.#retry(session, each);
    }
  }

  #retry(session: Session, { command, wait, database }: Waiting): void {
    let reply: Reply | Wait;
    try {
      reply = command.run(this.#callOf(database, wait.args));
    } catch (refusal) {
      if (!(refusal instanceof CommandError)) throw refusal;
      reply = error(refusal.message);
    }
    if (reply.type === "wait") return;
    session.send(reply);
    session.free();
  }

  /** Removes expired keys that nobody has accessed. */
  sweep(): void {
    this.keyspace.nowMs = this.nowMs;
    for (const database of this.keyspace.databases) database.keys();
    this.#spread();
  }

  /** Changes the keyspace from outside any session. */
  change(work: (keyspace: Keyspace) => void): void {
    this.keyspace.nowMs = this.nowMs;
    work(this.keyspace);
    this.#spread();
  }
}

const SHOWN_ARGUMENTS = 20;
const SHOWN_CHARS = 128;

function unknownCommand([name = "", ...args]: readonly string[]): string {
  const why = NOT_SIMULATED.get(name.toLowerCase());
  if (why !== undefined) return `ERR not simulated: ${why}`;
  const shown = args.slice(0, SHOWN_ARGUMENTS).map((arg) => `'${arg.slice(0, SHOWN_CHARS)}' `);
  return `ERR unknown command '${name.slice(0, SHOWN_CHARS)}', with args beginning with: ${shown.join("")}`;
}
