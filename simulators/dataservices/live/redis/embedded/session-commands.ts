import { array, bulk, bulks, error, integer, mapOf, OK, type Reply, simple } from "../resp/reply.ts";
import { integerOf, Options } from "./arguments.ts";
import { clientCommand } from "./client-command.ts";
import { type Command, type Flag, wrongArity } from "./command.ts";
import { describeCommands } from "./command-command.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { refuse, REFUSALS } from "./errors.ts";
import { SERVER_NAME, VERSION } from "./identity.ts";
import { infoOf } from "./info.ts";
import { nameOf } from "./keyspace.ts";
import { publish, publishToShard, pubsub, subscribe, unsubscribe } from "./pubsub.ts";
import type { Session } from "./session.ts";

/** A command that depends on its session. Without a return value, it has already sent its reply. */
export interface SessionCommand extends Pick<Command, "arity" | "flags"> {
  readonly run: (dispatcher: Dispatcher, session: Session, args: readonly string[]) => Reply | undefined;
}

const row = (arity: number, run: SessionCommand["run"], ...flags: Flag[]): SessionCommand => ({ arity, flags, run });

const WRONG = "WRONGPASS invalid username-password pair or user is disabled.";

function logIn(dispatcher: Dispatcher, session: Session, username: string, password: string): void {
  session.identity = dispatcher.logIn(username, password) ?? refuse(WRONG);
}

function auth(dispatcher: Dispatcher, session: Session, args: readonly string[]): Reply {
  if (args.length > 2) return error(REFUSALS.syntax);
  const [username, password] = args.length === 1 ? ["default", args[0]] : args;
  logIn(dispatcher, session, username ?? "", password ?? "");
  return OK;
}

function hello(dispatcher: Dispatcher, session: Session, args: readonly string[]): Reply {
  const options = new Options(args);
  const version = options.isDone ? session.protocol : integerOf(options.word(), "NOPROTO unsupported protocol version");
  if (version !== 2 && version !== 3) return error("NOPROTO unsupported protocol version");
  let name: string | undefined;
  while (!options.isDone) {
    const option = options.name();
    if (option === "AUTH" && options.wordsLeft >= 2) logIn(dispatcher, session, options.word(), options.word());
    else if (option === "SETNAME" && options.wordsLeft >= 1) name = options.word();
    else return error(`ERR Syntax error in HELLO option '${option.toLowerCase()}'`);
  }
  if (session.identity === undefined)
    return error(
      "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
    );
  session.protocol = version;
  if (name !== undefined) session.name = name;
  return mapOf([
    ["server", bulk(SERVER_NAME)],
    ["version", bulk(VERSION)],
    ["proto", integer(version)],
    ["id", integer(session.id)],
    ["mode", bulk("standalone")],
    ["role", bulk("master")],
    ["modules", array([])],
  ]);
}

function ping(session: Session, [text, ...more]: readonly string[]): Reply {
  if (more.length > 0) return error(wrongArity("ping"));
  if (session.subscriptions > 0 && session.protocol === 2) return bulks(["pong", text ?? ""]);
  return text === undefined ? simple("PONG") : bulk(text);
}

function quit(session: Session): undefined {
  session.send(OK);
  session.end();
}

function watch({ keyspace }: Dispatcher, session: Session, args: readonly string[]): Reply {
  if (session.queue !== undefined) return error("ERR WATCH inside MULTI is not allowed");
  for (const key of args) {
    keyspace.database(session.database).get(key);
    session.watched.add(nameOf(session.database, key));
  }
  return OK;
}

function multi(session: Session): Reply {
  if (session.queue !== undefined) return error("ERR MULTI calls can not be nested");
  session.queue = [];
  return OK;
}

function discard(session: Session): Reply {
  if (session.queue === undefined) return error("ERR DISCARD without MULTI");
  session.endTransaction();
  return OK;
}

function time({ keyspace }: Dispatcher): Reply {
  const ms = keyspace.nowMs;
  return bulks([String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)]);
}

function flush({ keyspace }: Dispatcher, databases: readonly number[], [mode]: readonly string[]): Reply {
  if (mode !== undefined && !["ASYNC", "SYNC"].includes(mode.toUpperCase())) return error(REFUSALS.syntax);
  for (const index of databases) keyspace.database(index).clear();
  return OK;
}

function select({ keyspace }: Dispatcher, session: Session, [index]: readonly string[]): Reply {
  session.database = keyspace.database(integerOf(index)).index;
  return OK;
}

function acl(session: Session, [what = ""]: readonly string[]): Reply {
  const name = what.toUpperCase();
  if (name === "WHOAMI") return bulk(session.identity?.username);
  return error(`ERR not simulated: ACL ${name}; the instance's agent keeps its users`);
}

const ALL = (dispatcher: Dispatcher): readonly number[] => dispatcher.keyspace.databases.map(({ index }) => index);

/** The commands of connections, transactions, channels and the server, by name. */
export const SESSION_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  auth: row(-2, auth, "fast"),
  hello: row(-1, hello, "fast"),
  ping: row(-1, (_, session, args) => ping(session, args), "fast"),
  echo: row(2, (_dispatcher, _session, [text]) => bulk(text), "fast"),
  quit: row(-1, (_, session) => quit(session), "fast"),
  select: row(2, select, "fast"),
  reset: row(1, (_, session) => (session.reset(), simple("RESET")), "fast"),
  client: row(-2, clientCommand),
  multi: row(1, (_, session) => multi(session), "fast"),
  exec: row(1, (dispatcher, session) => dispatcher.execute(session)),
  discard: row(1, (_, session) => discard(session), "fast"),
  watch: row(-2, watch, "fast"),
  unwatch: row(1, (_, session) => (session.unwatch(), OK), "fast"),
  subscribe: row(-2, (_, session, args) => subscribe(session, "channels", args)),
  psubscribe: row(-2, (_, session, args) => subscribe(session, "patterns", args)),
  unsubscribe: row(-1, (_, session, args) => unsubscribe(session, "channels", args)),
  punsubscribe: row(-1, (_, session, args) => unsubscribe(session, "patterns", args)),
  ssubscribe: row(-2, (_, session, args) => subscribe(session, "shards", args)),
  sunsubscribe: row(-1, (_, session, args) => unsubscribe(session, "shards", args)),
  spublish: row(3, (dispatcher, _, args) => publishToShard(dispatcher, args), "fast"),
  publish: row(3, (dispatcher, _, args) => publish(dispatcher, args), "fast"),
  pubsub: row(-2, (dispatcher, _, args) => pubsub(dispatcher, args)),
  time: row(1, time, "fast"),
  info: row(-1, (dispatcher, _, args) => ({ type: "verbatim", text: infoOf(dispatcher, args) }), "dangerous"),
  command: row(-1, (_dispatcher, _session, args) => describeCommands(args, SESSION_COMMANDS)),
  flushdb: row(-1, (dispatcher, session, args) => flush(dispatcher, [session.database], args), "write", "dangerous"),
  flushall: row(-1, (dispatcher, _, args) => flush(dispatcher, ALL(dispatcher), args), "write", "dangerous"),
  acl: row(-2, (_, session, args) => acl(session, args)),
  config: row(
    -2,
    () => error("ERR not simulated: CONFIG; the plan and the parameters of the instance decide"),
    "admin",
  ),
  role: row(1, () => array([bulk("master"), integer(0), array([])]), "fast", "admin", "dangerous"),
};
