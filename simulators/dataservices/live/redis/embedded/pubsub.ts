import { array, bulk, bulks, error, integer, type Reply } from "../resp/reply.ts";
import { matches } from "./arguments.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Session } from "./session.ts";

/** The words of messages that begin or end a subscription. */
const WORDS = {
  channels: ["subscribe", "unsubscribe"],
  patterns: ["psubscribe", "punsubscribe"],
  shards: ["ssubscribe", "sunsubscribe"],
} as const;
type Kind = keyof typeof WORDS;

const push = (...items: readonly Reply[]): Reply => ({ type: "push", items });

/** Shard channels are counted separately. */
const countOf = (session: Session, kind: Kind): number =>
  kind === "shards" ? session.shards.size : session.channels.size + session.patterns.size;

/** SUBSCRIBE and related commands: a message for each name, and no other reply. */
export function subscribe(session: Session, kind: Kind, names: readonly string[]): undefined {
  for (const name of names) {
    session[kind].add(name);
    session.send(push(bulk(WORDS[kind][0]), bulk(name), integer(countOf(session, kind))));
  }
}

/** UNSUBSCRIBE and related commands; without names, from all. */
export function unsubscribe(session: Session, kind: Kind, names: readonly string[]): undefined {
  const gone: readonly (string | null)[] = names.length > 0 ? names : [...session[kind]];
  for (const name of gone.length > 0 ? gone : [null]) {
    if (name !== null) session[kind].delete(name);
    session.send(push(bulk(WORDS[kind][1]), bulk(name), integer(countOf(session, kind))));
  }
}

/** PUBLISH: returns how many received the message; a client with two matching subscriptions gets it twice. */
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

/** SPUBLISH: one server holds all shards. */
export function publishToShard({ sessions }: Dispatcher, [channel = "", text = ""]: readonly string[]): Reply {
  const listening = [...sessions].filter(({ shards }) => shards.has(channel));
  for (const session of listening) session.send(push(bulk("smessage"), bulk(channel), bulk(text)));
  return integer(listening.length);
}

/** PUBSUB: shows subscriptions. */
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
    case "SHARDCHANNELS": {
      const shards = [...new Set(all.flatMap((session) => [...session.shards]))];
      return bulks(shards.filter((shard) => names[0] === undefined || matches(names[0], shard)));
    }
    case "SHARDNUMSUB":
      return array(
        names.flatMap((name) => [bulk(name), integer(all.filter((session) => session.shards.has(name)).length)]),
      );
    default:
      return error(`ERR unknown subcommand '${what}'. Try PUBSUB HELP.`);
  }
}
