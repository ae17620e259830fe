import { array, bulk, NIL_ARRAY, type Reply } from "../../resp/reply.ts";
import { bigOf, Options } from "../arguments.ts";
import { type Call, command, type Command, type Wait } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import {
  afterId,
  compareIds,
  countUpTo,
  entriesBetween,
  entryOf,
  FIRST,
  type Group,
  hasGapAfter,
  LAST,
  parseId,
  type Stream,
  type StreamEntry,
  textOfId,
} from "../stream.ts";
import { noGroup } from "./stream-groups.ts";
import { entryReply, streamAt } from "./streams.ts";

interface Asked {
  readonly count: number | undefined;
  readonly blockMs: number | undefined;
  readonly isUnacknowledged: boolean;
  readonly keys: readonly string[];
  readonly ids: readonly string[];
  /** The words before the ids, for a later attempt. */
  readonly head: readonly string[];
}

function read(args: readonly string[], name: "xread" | "xreadgroup"): Asked {
  const options = new Options(args, name === "xread" ? 0 : 3);
  let [count, blockMs, isUnacknowledged]: [number | undefined, number | undefined, boolean] = [
    undefined,
    undefined,
    false,
  ];
  for (let option = options.name(); option !== "STREAMS"; option = options.name()) {
    if (option === "COUNT") count = Math.max(0, options.integer()) || undefined;
    else if (option === "BLOCK") blockMs = timeoutOf(options.word());
    else if (option === "NOACK" && name === "xreadgroup") isUnacknowledged = true;
    else refuse(REFUSALS.syntax);
  }
  const left = options.wordsLeft;
  if (left === 0 || left % 2 !== 0)
    refuse(`ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.`);
  const head = args.slice(0, args.length - left / 2);
  return { count, blockMs, isUnacknowledged, keys: options.take(left / 2), ids: options.take(left / 2), head };
}

function timeoutOf(text: string): number {
  const ms = bigOf(text, "ERR timeout is not an integer or out of range");
  return ms < 0n ? refuse("ERR timeout is negative") : Number(ms);
}

type Found = readonly (readonly [key: string, entries: readonly Reply[]])[];

/**
 * The entries found, as a map in RESP3 and pairs in RESP2; or a wait if there are none and the client gave a
 * timeout.
 */
function answer(found: Found, { blockMs, keys, head }: Asked, ids: readonly string[]): Reply | Wait {
  if (found.length > 0) return { type: "streams", items: found.map(([key, entries]) => [bulk(key), array(entries)]) };
  if (blockMs === undefined) return NIL_ARRAY;
  return { type: "wait", keys, msMax: blockMs, args: [...head, ...ids], otherwise: NIL_ARRAY };
}

const entriesAfter = (stream: Stream, text: string, count: number | undefined): readonly StreamEntry[] => {
  const id = parseId(text);
  if (compareIds(id, LAST) === 0) return [];
  return entriesBetween(stream, afterId(id), LAST).slice(0, count);
};

function readStreams({ args, db }: Call): Reply | Wait {
  const asked = read(args, "xread");
  // `$` is the last id as of now, even if the client is served later.
  const ids = asked.ids.map((text, place) => {
    if (text !== "$") return textOfId(parseId(text));
    return textOfId(streamAt(db, asked.keys[place] ?? "")?.lastId ?? FIRST);
  });
  const found = asked.keys.flatMap((key, place) => {
    const stream = streamAt(db, key);
    const entries = stream === undefined ? [] : entriesAfter(stream, ids[place] ?? "", asked.count);
    return entries.length === 0 ? [] : [[key, entries.map(entryReply)] as const];
  });
  return answer(found, asked, ids);
}

/** The consumer of this name, created if there is none; it counts as seen now. */
export function consumerOf(group: Group, name: string, nowMs: number): { seenMs: number; activeMs: number | null } {
  const consumer = group.consumers.get(name) ?? { seenMs: nowMs, activeMs: null };
  consumer.seenMs = nowMs;
  group.consumers.set(name, consumer);
  return consumer;
}

/** Gives a consumer the entries that no consumer in the group has had. */
function deliver(stream: Stream, group: Group, name: string, asked: Asked, nowMs: number): readonly Reply[] {
  const entries = entriesAfter(stream, textOfId(group.lastId), asked.count);
  if (entries.length > 0) consumerOf(group, name, nowMs).activeMs = nowMs;
  for (const { id } of entries) {
    group.lastId = id;
    const isCounted = group.entriesRead !== null && !hasGapAfter(stream, id);
    group.entriesRead = isCounted ? (group.entriesRead ?? 0) + 1 : countUpTo(stream, id);
    if (!asked.isUnacknowledged)
      group.pending.set(textOfId(id), { id, consumer: name, deliveredMs: nowMs, deliveries: 1 });
  }
  return entries.map(entryReply);
}

/** The entries that a consumer has had but not acknowledged; a removed entry appears without its fields. */
function history(
  stream: Stream,
  group: Group,
  name: string,
  after: string,
  count: number | undefined,
): readonly Reply[] {
  const from = parseId(after);
  const own = [...group.pending.values()]
    .filter(({ consumer, id }) => consumer === name && compareIds(id, from) > 0)
    .sort((a, b) => compareIds(a.id, b.id))
    .slice(0, count);
  return own.map(({ id }) => {
    const entry = entryOf(stream, id);
    return entry === undefined ? array([bulk(textOfId(id)), NIL_ARRAY]) : entryReply(entry);
  });
}

function readGroup({ args, db, nowMs }: Call): Reply | Wait {
  const asked = read(args, "xreadgroup");
  const [word = "", groupName = "", name = ""] = args;
  if (word.toUpperCase() !== "GROUP") refuse(REFUSALS.syntax);
  for (const text of asked.ids) if (text !== ">") parseId(text);
  const streams = asked.keys.map((key) => {
    const stream = streamAt(db, key);
    const group = stream?.groups.get(groupName);
    if (stream === undefined || group === undefined)
      return refuse(`${noGroup(key, groupName)} in XREADGROUP with GROUP option`);
    return { key, stream, group };
  });
  const found = streams.flatMap(({ key, stream, group }, place): [string, readonly Reply[]][] => {
    const text = asked.ids[place] ?? "";
    // A consumer is not created if there is nothing for it.
    if (text !== ">") {
      consumerOf(group, name, nowMs);
      return [[key, history(stream, group, name, text, asked.count)]];
    }
    const entries = deliver(stream, group, name, asked, nowMs);
    if (entries.length > 0) db.noteChange(key);
    return entries.length === 0 ? [] : [[key, entries]];
  });
  return answer(found, asked, asked.ids);
}

/** Reads of streams, alone or in a group. */
export const STREAM_READS_COMMANDS: readonly Command[] = [
  command("xread -4 readonly blocking 0:0:0", readStreams),
  command("xreadgroup -7 write blocking 0:0:0", readGroup),
];
