import { array, bulk, bulks, error, integer, type Reply } from "../resp/reply.ts";
import { matches } from "./arguments.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Session } from "./session.ts";

const WORDS = { channels: "subscribe", patterns: "psubscribe" } as const;
type Kind = keyof typeof WORDS;

const push = (...items: readonly Reply[]): Reply => ({ type: "push", items });

/** SUBSCRIBE and PSUBSCRIBE: a message for each name, and no other reply. */
export function subscribe(session: Session, kind: Kind, names: readonly string[]): undefined {
  for (const name of names) {
    session[kind].add(name);
    session.send(push(bulk(WORDS[kind]), bulk(name), integer(session.subscriptions)));
  }
}

/** UNSUBSCRIBE and PUNSUBSCRIBE, of all where none is named. */
export function unsubscribe(session: Session, kind: Kind, names: readonly string[]): undefined {
  const gone: readonly (string | null)[] = names.length > 0 ? names : [...session[kind]];
  for (const name of gone.length > 0 ? gone : [null]) {
    if (name !== null) session[kind].delete(name);
    session.send(push(bulk(`un${WORDS[kind]}`), bulk(name), integer(session.subscriptions)));
  }
}

/** PUBLISH: how many have got the message; whoever listens twice gets it twice. */
export function publish({ sessions }: Dispatcher, [channel = "", text = ""]: readonly string[]): Reply {
  let receivers = 0;
  const send = (session: Session, ...words: readonly string[]): void => {
    receivers++;
    session.send(push(...words.map(bulk)));
  };
  for (const session of sessions) if (session.channels.has(channel)) send(session, "message", channel, text);
  for (const session of sessions)
    for (const pattern of session.patterns)
      if (matches(pattern, channel)) send(session, "pmessage", pattern, channel, text);
  return integer(receivers);
}

/** PUBSUB: who listens to what. */
export function pubsub({ sessions }: Dispatcher, [what = "", ...names]: readonly string[]): Reply {
  const all = [...sessions];
  const channels = [...new Set(all.flatMap((session) => [...session.channels]))];
  switch (what.toUpperCase()) {
    case "CHANNELS":
      return bulks(channels.filter((channel) => names[0] === undefined || matches(names[0], channel)));
    case "NUMSUB":
      return array(
        names.flatMap((name) => [bulk(name), integer(all.filter((session) => session.channels.has(name)).length)]),
      );
    case "NUMPAT":
      return integer(new Set(all.flatMap((session) => [...session.patterns])).size);
    case "SHARDCHANNELS":
    case "SHARDNUMSUB":
      return error("ERR not simulated: clusters");
    default:
      return error(`ERR unknown subcommand '${what}'. Try PUBSUB HELP.`);
  }
}
