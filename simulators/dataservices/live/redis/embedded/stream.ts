import { refuse } from "./errors.ts";

/** Milliseconds and a number within them, both unsigned 64-bit integers. */
export interface StreamId {
  readonly ms: bigint;
  readonly seq: bigint;
}

/** An entry of a stream: names and values, in turn. */
export interface StreamEntry {
  readonly id: StreamId;
  readonly fields: readonly string[];
}

/** An entry that a consumer was given and has not acknowledged. */
export interface Pending {
  readonly id: StreamId;
  consumer: string;
  deliveredMs: number;
  deliveries: number;
}

/** Readers that share the entries of a stream. */
export interface Group {
  lastId: StreamId;
  entriesRead: number | null;
  readonly pending: Map<string, Pending>;
  readonly consumers: Map<string, { seenMs: number; activeMs: number | null }>;
}

/** A stream. Plain data. */
export interface Stream {
  readonly entries: StreamEntry[];
  lastId: StreamId;
  maxDeletedId: StreamId;
  entriesAdded: number;
  readonly groups: Map<string, Group>;
}

/** The id before all others. */
export const FIRST: StreamId = { ms: 0n, seq: 0n };
const MAX = 2n ** 64n - 1n;
/** The id after all others. */
export const LAST: StreamId = { ms: MAX, seq: MAX };

/** A new stream. */
export const newStream = (): Stream => ({
  entries: [],
  lastId: FIRST,
  maxDeletedId: FIRST,
  entriesAdded: 0,
  groups: new Map(),
});

/** Negative, 0 or positive if the first id is before, equal to or after the second. */
export function compareIds(a: StreamId, b: StreamId): number {
  if (a.ms !== b.ms) return a.ms < b.ms ? -1 : 1;
  return a.seq === b.seq ? 0 : a.seq < b.seq ? -1 : 1;
}

/** `1526985054069-0` */
export const textOfId = ({ ms, seq }: StreamId): string => `${ms}-${seq}`;

const ID = /^(\d{1,20})(?:-(\d{1,20}))?$/;
const INVALID = "ERR Invalid stream ID specified as stream command argument";

/** Parses an id; `seq` is the default of its second part. @throws CommandError */
export function parseId(text: string, seq = 0n): StreamId {
  const [, ms, given] = ID.exec(text) ?? refuse(INVALID);
  const id = { ms: BigInt(ms ?? 0), seq: given === undefined ? seq : BigInt(given) };
  if (id.ms > MAX || id.seq > MAX) refuse(INVALID);
  return id;
}

/** The id that follows. @throws CommandError for the last one */
export function afterId({ ms, seq }: StreamId): StreamId {
  if (seq < MAX) return { ms, seq: seq + 1n };
  if (ms < MAX) return { ms: ms + 1n, seq: 0n };
  return refuse("ERR invalid start ID for the interval");
}

/** The id that comes before. @throws CommandError for the first one */
export function beforeId({ ms, seq }: StreamId): StreamId {
  if (seq > 0n) return { ms, seq: seq - 1n };
  if (ms > 0n) return { ms: ms - 1n, seq: MAX };
  return refuse("ERR invalid end ID for the interval");
}

/** The index of the first entry whose id is not before `id`. */
export function placeOf({ entries }: Stream, id: StreamId): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = entries[middle];
    if (entry !== undefined && compareIds(entry.id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entries from one id to another, both included. */
export function entriesBetween(stream: Stream, from: StreamId, to: StreamId): readonly StreamEntry[] {
  const end = compareIds(to, LAST) === 0 ? stream.entries.length : placeOf(stream, afterId(to));
  return stream.entries.slice(placeOf(stream, from), end);
}

/** The entry of an id. */
export function entryOf(stream: Stream, id: StreamId): StreamEntry | undefined {
  const entry = stream.entries[placeOf(stream, id)];
  return entry !== undefined && compareIds(entry.id, id) === 0 ? entry : undefined;
}

/** Whether an entry from this id on is known to have been deleted. */
export const hasGapAfter = ({ entries, maxDeletedId }: Stream, id: StreamId): boolean =>
  entries.length > 0 && compareIds(maxDeletedId, FIRST) > 0 && compareIds(id, maxDeletedId) <= 0;

/** The number of entries ever added up to this id; null if deletions have made it unknowable. */
export function countUpTo({ entries, entriesAdded, lastId, maxDeletedId }: Stream, id: StreamId): number | null {
  if (entriesAdded === 0) return 0;
  const order = compareIds(id, lastId);
  const first = entries[0];
  if (order === 0 || (first === undefined && order < 0)) return entriesAdded;
  if (order > 0 || first === undefined || compareIds(maxDeletedId, first.id) >= 0) return null;
  const place = compareIds(id, first.id);
  return place > 0 ? null : entriesAdded - entries.length + (place === 0 ? 1 : 0);
}
