import { byKey } from "../../../../../kernel/index.ts";
import { array, bulk, integer, mapOf, NIL, OK, type Reply } from "../../resp/reply.ts";
import { at, Options } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import type { Database } from "../keyspace.ts";
import { countUpTo, FIRST, type Group, hasGapAfter, parseId, type Stream, type StreamId, textOfId } from "../stream.ts";
import { entryReply, openStream, streamAt } from "./streams.ts";

/** The refusal for a missing group: the part that all commands share. */
export const noGroup = (key: string, group: string): string =>
  `NOGROUP No such key '${key}' or consumer group '${group}'`;

const NO_KEY =
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";

/** The stream and the group of the names. @throws CommandError */
export function groupAt(db: Database, key: string, name: string, refusal: string): readonly [Stream, Group] {
  const stream = streamAt(db, key);
  const group = stream?.groups.get(name);
  return stream === undefined || group === undefined ? refuse(refusal) : [stream, group];
}

const startOf = (text: string, stream: Stream): StreamId => (text === "$" ? stream.lastId : parseId(text));

interface GroupOptions {
  readonly isMade: boolean;
  readonly entriesRead: number | null;
}

/** Reads the words after the id of CREATE and SETID, before anything is looked up. @throws CommandError */
function readOptions(args: readonly string[]): GroupOptions {
  const what = at(args, 0);
  const options = new Options(args, 4);
  let [isMade, entriesRead]: [boolean, number | null] = [false, null];
  while (!options.isDone) {
    const option = options.name();
    if (option === "MKSTREAM" && what.toUpperCase() === "CREATE") isMade = true;
    else if (option === "ENTRIESREAD" && !options.isDone) entriesRead = options.integer();
    else refuse(`ERR unknown subcommand or wrong number of arguments for '${what}'. Try XGROUP HELP.`);
  }
  if (entriesRead !== null && entriesRead < -1) refuse("ERR value for ENTRIESREAD must be positive or -1");
  return { isMade, entriesRead: entriesRead === -1 ? null : entriesRead };
}

function create({ args, db }: Call): Reply {
  const [key, name, from] = [at(args, 1), at(args, 2), at(args, 3)];
  const { isMade, entriesRead } = readOptions(args);
  if (streamAt(db, key) === undefined && !isMade) refuse(NO_KEY);
  if (from !== "$") parseId(from);
  const stream = openStream(db, key);
  if (stream.groups.has(name)) refuse("BUSYGROUP Consumer Group name already exists");
  const lastId = startOf(from, stream);
  stream.groups.set(name, { lastId, entriesRead, pending: new Map(), consumers: new Map() });
  db.noteChange(key);
  return OK;
}

function change({ args, db, nowMs }: Call, what: string): Reply {
  const [key, name, text] = [at(args, 1), at(args, 2), args[3] ?? ""];
  const entriesRead = what === "SETID" ? readOptions(args).entriesRead : null;
  const stream = streamAt(db, key) ?? refuse(NO_KEY);
  const group = stream.groups.get(name);
  if (what === "DESTROY") {
    const isGone = stream.groups.delete(name);
    if (isGone) db.noteChange(key);
    return integer(isGone ? 1 : 0);
  }
  if (group === undefined) return refuse(`NOGROUP No such consumer group '${name}' for key name '${key}'`);
  if (what === "SETID") {
    group.lastId = startOf(text, stream);
    group.entriesRead = entriesRead;
    return OK;
  }
  if (what === "CREATECONSUMER") {
    if (group.consumers.has(text)) return integer(0);
    group.consumers.set(text, { seenMs: nowMs, activeMs: null });
    return integer(1);
  }
  const own = [...group.pending].filter(([, { consumer }]) => consumer === text);
  for (const [id] of own) group.pending.delete(id);
  group.consumers.delete(text);
  return integer(own.length);
}

const GROUP_WORDS = { create: -5, setid: -5, destroy: 4, createconsumer: 5, delconsumer: 5 };

function group(call: Call): Reply {
  const what = at(call.args, 0).toUpperCase();
  return what === "CREATE" ? create(call) : change(call, what);
}

/** How many entries the group has yet to read; unknown if entries in between were deleted. */
function lagOf({ lastId, entriesRead }: Group, stream: Stream): Reply {
  if (stream.entriesAdded === 0) return integer(0);
  const isCounted = entriesRead !== null && !hasGapAfter(stream, lastId);
  const read = isCounted ? entriesRead : countUpTo(stream, lastId);
  return read === null ? NIL : integer(stream.entriesAdded - read);
}

const pendingOf = (group: Group, name: string): number =>
  [...group.pending.values()].filter(({ consumer }) => consumer === name).length;

function info({ args, db, nowMs }: Call): Reply {
  const what = at(args, 0).toUpperCase();
  const key = at(args, 1);
  const stream = streamAt(db, key) ?? refuse(REFUSALS.noKey);
  if (what === "STREAM") return args.length > 2 ? refuse("ERR XINFO STREAM FULL is not simulated") : describe(stream);
  if (what === "GROUPS")
    return array([...stream.groups].sort(byKey).map(([name, each]) => describeGroup(name, each, stream)));
  const name = at(args, 2);
  const [, found] = groupAt(db, key, name, `NOGROUP No such consumer group '${name}' for key name '${key}'`);
  return array(
    [...found.consumers].sort(byKey).map(([consumer, { seenMs }]) =>
      mapOf([
        ["name", bulk(consumer)],
        ["pending", integer(pendingOf(found, consumer))],
        ["idle", integer(nowMs - seenMs)],
      ]),
    ),
  );
}

const describeGroup = (name: string, group: Group, stream: Stream): Reply =>
  mapOf([
    ["name", bulk(name)],
    ["consumers", integer(group.consumers.size)],
    ["pending", integer(group.pending.size)],
    ["last-delivered-id", bulk(textOfId(group.lastId))],
    ["entries-read", group.entriesRead === null ? NIL : integer(group.entriesRead)],
    ["lag", lagOf(group, stream)],
  ]);

function describe(stream: Stream): Reply {
  const [first, last] = [stream.entries[0], stream.entries.at(-1)];
  const count = integer(stream.entries.length);
  return mapOf([
    ["length", count],
    ["radix-tree-keys", integer(stream.entries.length > 0 ? 1 : 0)],
    ["radix-tree-nodes", integer(stream.entries.length > 0 ? 2 : 1)],
    ["last-generated-id", bulk(textOfId(stream.lastId))],
    ["max-deleted-entry-id", bulk(textOfId(stream.maxDeletedId))],
    ["entries-added", integer(stream.entriesAdded)],
    ["recorded-first-entry-id", bulk(textOfId(first?.id ?? FIRST))],
    ["groups", integer(stream.groups.size)],
    ["first-entry", first === undefined ? NIL : entryReply(first)],
    ["last-entry", last === undefined ? NIL : entryReply(last)],
  ]);
}

/** Commands on groups of streams, and on their state. */
export const STREAM_GROUPS_COMMANDS: readonly Command[] = [
  command("xgroup -2 write denyoom 2:2:1", group, GROUP_WORDS),
  command("xinfo -2 readonly 2:2:1", info, { stream: -3, groups: 3, consumers: 4 }),
];
