import Type from "typebox";
import { Compile } from "typebox/compile";
import { DataServiceError } from "../../../wire/errors.ts";
import { DATABASES, type Keyspace } from "./keyspace.ts";
import { FIRST, type Group, parseId, type Stream, textOfId } from "./stream.ts";
import type { Value } from "./values.ts";

/*
 * The contents of a keyspace, as one line of JSON per key: `[database, key, expiry or null, kind, content]`.
 * The same data gives the same lines.
 */
const Text = Type.String();
const Pair = Type.Tuple([Text, Text]);
const Pending = Type.Tuple([Text, Text, Type.Number(), Type.Number()]);
const Consumer = Type.Tuple([Text, Type.Number(), Type.Union([Type.Number(), Type.Null()])]);
const GroupItem = Type.Tuple([
  Text,
  Text,
  Type.Union([Type.Number(), Type.Null()]),
  Type.Array(Pending),
  Type.Array(Consumer),
]);
const StreamItem = Type.Tuple([
  Text,
  Text,
  Type.Number(),
  Type.Array(Type.Tuple([Text, Type.Array(Text)])),
  Type.Array(GroupItem),
]);
type StreamContent = Type.Static<typeof StreamItem>;

const head = [
  Type.Integer({ minimum: 0, maximum: DATABASES - 1 }),
  Text,
  Type.Union([Type.Number(), Type.Null()]),
] as const;
const LINE = Type.Union([
  Type.Tuple([...head, Type.Literal("string"), Text]),
  Type.Tuple([...head, Type.Literal("list"), Type.Array(Text)]),
  Type.Tuple([...head, Type.Literal("set"), Type.Array(Text)]),
  Type.Tuple([...head, Type.Literal("hash"), Type.Array(Pair)]),
  // JSON has no infinity, so scores are texts.
  Type.Tuple([...head, Type.Literal("zset"), Type.Array(Pair)]),
  Type.Tuple([...head, Type.Literal("stream"), StreamItem]),
]);
const CHECKED = Compile(LINE);
type Line = Type.Static<typeof LINE>;

const byKey = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number => (a < b ? -1 : 1);

/** The lines of a keyspace, by database and key. */
export function linesOf(keyspace: Keyspace): readonly string[] {
  return keyspace.databases.flatMap((database) =>
    [...database.entries()]
      .sort(byKey)
      .map(([key, value, expiresMs]) =>
        JSON.stringify([database.index, key, expiresMs ?? null, value.type, contentOf(value)]),
      ),
  );
}

function contentOf(value: Value): unknown {
  switch (value.type) {
    case "string":
      return value.text;
    case "list":
      return value.items;
    case "set":
      return [...value.members];
    case "hash":
      return [...value.fields];
    case "zset":
      return [...value.scores].map(([member, score]) => [member, String(score)]);
    case "stream":
      return contentOfStream(value.stream);
  }
}

function contentOfStream({ lastId, maxDeletedId, entriesAdded, entries, groups }: Stream): StreamContent {
  return [
    textOfId(lastId),
    textOfId(maxDeletedId),
    entriesAdded,
    entries.map(({ id, fields }) => [textOfId(id), [...fields]]),
    [...groups].map(([name, group]) => [
      name,
      textOfId(group.lastId),
      group.entriesRead,
      [...group.pending.values()].map((each) => [textOfId(each.id), each.consumer, each.deliveredMs, each.deliveries]),
      [...group.consumers].map(([consumer, { seenMs, activeMs }]) => [consumer, seenMs, activeMs]),
    ]),
  ];
}

/** Reads lines. With `isTrusting` it skips malformed ones. @throws DataServiceError DS_NOT_A_DUMP */
export function readLines(texts: readonly string[], isTrusting = false): readonly Line[] {
  return texts.flatMap((text, at) => {
    const line = parse(text);
    if (line !== undefined) return [line];
    if (isTrusting) return [];
    throw new DataServiceError("DS_NOT_A_DUMP", `line ${at + 1} is not a key`);
  });
}

function parse(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return CHECKED.Check(line) ? line : undefined;
  } catch {
    return undefined;
  }
}

/** Adds the keys of lines to a keyspace; with `isAppending`, only missing ones. */
export function putLines(keyspace: Keyspace, lines: readonly Line[], isAppending: boolean): void {
  for (const line of lines) {
    const [index, key, expiresMs] = line;
    const database = keyspace.database(index);
    if (!isAppending || database.get(key) === undefined) database.put(key, valueOf(line), expiresMs ?? undefined);
  }
}

function valueOf(line: Line): Value {
  switch (line[3]) {
    case "string":
      return { type: "string", text: line[4] };
    case "list":
      return { type: "list", items: [...line[4]] };
    case "set":
      return { type: "set", members: new Set(line[4]) };
    case "hash":
      return { type: "hash", fields: new Map(line[4]) };
    case "zset":
      return { type: "zset", scores: new Map(line[4].map(([member, score]) => [member, Number(score)])) };
    case "stream":
      return { type: "stream", stream: streamOf(line[4]) };
  }
}

const streamOf = ([lastId, deleted, entriesAdded, entries, groups]: StreamContent): Stream => ({
  lastId: parseId(lastId),
  maxDeletedId: deleted === "" ? FIRST : parseId(deleted),
  entriesAdded,
  entries: entries.map(([id, fields]) => ({ id: parseId(id), fields })),
  groups: new Map(groups.map((each) => [each[0], groupOf(each)])),
});

const groupOf = ([, lastId, entriesRead, pending, consumers]: StreamContent[4][number]): Group => ({
  lastId: parseId(lastId),
  entriesRead,
  pending: new Map(
    pending.map(([id, consumer, deliveredMs, deliveries]) => [
      id,
      { id: parseId(id), consumer, deliveredMs, deliveries },
    ]),
  ),
  consumers: new Map(consumers.map(([name, seenMs, activeMs]) => [name, { seenMs, activeMs }])),
});
