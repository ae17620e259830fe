import { bulk, error, integer, OK, type Reply } from "../resp/reply.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Session } from "./session.ts";

const NAME = /^[!-~]*$/;

/** A session in one line, as CLIENT INFO and CLIENT LIST show it. */
const lineOf = (session: Session, nowMs: number): string =>
  [
    `id=${session.id}`,
    `addr=${session.address}`,
    `name=${session.name}`,
    `age=${Math.floor((nowMs - session.sinceMs) / 1000)}`,
    `idle=${Math.floor((nowMs - session.lastMs) / 1000)}`,
    `flags=${session.queue ? "x" : session.subscriptions > 0 ? "P" : session.waiting ? "b" : "N"}`,
    `db=${session.database}`,
    `sub=${session.channels.size}`,
    `psub=${session.patterns.size}`,
    `multi=${session.queue?.length ?? -1}`,
    `watch=${session.watched.size}`,
    `cmd=${session.lastCommand}`,
    `user=${session.identity?.username ?? "(superuser)"}`,
    `resp=${session.protocol}`,
    `lib-name=${session.library.name}`,
    `lib-ver=${session.library.version}`,
  ].join(" ");

function setName(session: Session, name: string): Reply {
  if (!NAME.test(name)) return error("ERR Client names cannot contain spaces, newlines or special characters.");
  session.name = name;
  return OK;
}

function setInfo(session: Session, [attribute = "", value = ""]: readonly string[]): Reply {
  if (!NAME.test(value)) return error(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  if (attribute.toUpperCase() === "LIB-NAME") session.library.name = value;
  else if (attribute.toUpperCase() === "LIB-VER") session.library.version = value;
  else return error(`ERR Unrecognized option '${attribute}'`);
  return OK;
}

function kill({ sessions }: Dispatcher, args: readonly string[]): Reply {
  const [filter = "", value = ""] = args;
  const isOne = args.length === 1;
  const chosen = [...sessions].filter((session) => {
    if (isOne) return session.address === filter;
    if (filter.toUpperCase() === "ID") return String(session.id) === value;
    return filter.toUpperCase() === "USER" && session.identity?.username === value;
  });
  if (isOne && chosen.length === 0) return error("ERR No such client");
  if (!isOne && !["ID", "USER"].includes(filter.toUpperCase()))
    return error(`ERR not simulated: CLIENT KILL ${filter}`);
  for (const session of chosen) session.end();
  return isOne ? OK : integer(chosen.length);
}

/** CLIENT: a connection's description of itself, and an operator's actions on others. */
export function clientCommand(
  dispatcher: Dispatcher,
  session: Session,
  [what = "", ...args]: readonly string[],
): Reply {
  switch (what.toUpperCase()) {
    case "ID":
      return integer(session.id);
    case "GETNAME":
      return bulk(session.name || null);
    case "SETNAME":
      return setName(session, args[0] ?? "");
    case "SETINFO":
      return setInfo(session, args);
    case "INFO":
      return { type: "verbatim", text: `${lineOf(session, dispatcher.nowMs)}\n` };
    case "LIST":
      return {
        type: "verbatim",
        text: [...dispatcher.sessions].map((each) => `${lineOf(each, dispatcher.nowMs)}\n`).join(""),
      };
    case "KILL":
      return kill(dispatcher, args);
    case "GETREDIR":
      return integer(-1);
    case "NO-EVICT":
    case "NO-TOUCH":
      return OK;
    default:
      return error(`ERR not simulated: CLIENT ${what.toUpperCase()}`);
  }
}
