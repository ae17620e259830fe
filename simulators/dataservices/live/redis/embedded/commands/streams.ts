import { array, bulk, bulks, integer, NIL, NIL_ARRAY, OK, type Reply } from "../../resp/reply.ts";
import { at, integerOf, Options } from "../arguments.ts";
import { type Call, command, type Command, wrongArity } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import type { Database } from "../keyspace.ts";
import {
  afterId,
  beforeId,
  compareIds,
  entriesBetween,
  FIRST,
  LAST,
  newStream,
  parseId,
  placeOf,
  type Stream,
  type StreamEntry,
  type StreamId,
  textOfId,
} from "../stream.ts";

/** The stream of a key. @throws CommandError WRONGTYPE */
export const streamAt = (db: Database, key: string): Stream | undefined => db.read(key, "stream")?.stream;

/** The stream of a key, created if there is none. */
export function openStream(db: Database, key: string): Stream {
  const there = streamAt(db, key);
  if (there !== undefined) return there;
  const stream = newStream();
  db.put(key, { type: "stream", stream });
  return stream;
}

/** An entry as clients get it: its id, and its names and values. */
export const entryReply = ({ id, fields }: StreamEntry): Reply => array([bulk(textOfId(id)), bulks(fields)]);

interface Trim {
  readonly by: "MAXLEN" | "MINID";
  readonly than: string;
  readonly limit: number | undefined;
}

/** Reads the rest of `MAXLEN|MINID [=|~] threshold [LIMIT count]`, after its first word. */
function readTrim(by: "MAXLEN" | "MINID", options: Options): Trim {
  const isLoose = options.skip("~");
  if (!isLoose) options.skip("=");
  const than = options.word();
  if (by === "MINID") parseId(than);
  else if (integerOf(than) < 0) refuse("ERR The MAXLEN argument must be >= 0.");
  const limit = options.skip("LIMIT") ? options.integer() : undefined;
  if (limit !== undefined && !isLoose) refuse("ERR syntax error, LIMIT cannot be used without the special ~ option");
  return { by, than, limit };
}

/** Removes entries beyond the limit; an approximate limit is applied exactly, which is allowed. Redis doesn't count trimmed entries as deleted. */
function trim(stream: Stream, { by, than, limit }: Trim): number {
  const { entries } = stream;
  const excess = by === "MAXLEN" ? entries.length - integerOf(than) : placeOf(stream, parseId(than));
  return entries.splice(0, Math.max(0, limit ? Math.min(limit, excess) : excess)).length;
}

const ZERO = "ERR The ID specified in XADD must be greater than 0-0";
const SMALLER = "ERR The ID specified in XADD is equal or smaller than the target stream top item";

function newId(text: string, { lastId }: Stream, nowMs: number): StreamId {
  if (text === "*") {
    const now = { ms: BigInt(nowMs), seq: 0n };
    return compareIds(now, lastId) > 0 ? now : afterId(lastId);
  }
  if (/^\d+-\*$/.test(text)) {
    const { ms } = parseId(text.slice(0, -2));
    if (ms < lastId.ms) refuse(SMALLER);
    return ms === lastId.ms ? afterId(lastId) : { ms, seq: 0n };
  }
  const id = parseId(text);
  return compareIds(id, lastId) > 0 ? id : refuse(SMALLER);
}

function add({ args, db, nowMs }: Call): Reply {
  const key = at(args, 0);
  const options = new Options(args, 1);
  let [isCareful, cut]: [boolean, Trim | undefined] = [false, undefined];
  let text = options.word();
  for (; ["NOMKSTREAM", "MAXLEN", "MINID"].includes(text.toUpperCase()); text = options.word()) {
    const name = text.toUpperCase();
    if (name === "NOMKSTREAM") isCareful = true;
    else if (name === "MAXLEN" || name === "MINID") cut = readTrim(name, options);
  }
  const fields = options.rest();
  if (fields.length === 0 || fields.length % 2 !== 0) refuse(wrongArity("xadd"));
  if (text !== "*" && !/^\d+-\*$/.test(text) && compareIds(parseId(text), FIRST) === 0) refuse(ZERO);
  const there = streamAt(db, key);
  if (there === undefined && isCareful) return NIL;
  const id = newId(text, there ?? newStream(), nowMs);
  const stream = there ?? openStream(db, key);
  stream.entries.push({ id, fields });
  stream.lastId = id;
  stream.entriesAdded++;
  if (cut !== undefined) trim(stream, cut);
  db.noteChange(key);
  return bulk(textOfId(id));
}

/** An end of a range: `-`, `+`, an id, or an id excluded by `(`. */
export function endOf(text: string, isStart: boolean): StreamId {
  if (text === "-") return FIRST;
  if (text === "+") return LAST;
  const id = parseId(text.replace(/^\(/, ""), isStart ? 0n : LAST.seq);
  if (!text.startsWith("(")) return id;
  return isStart ? afterId(id) : beforeId(id);
}

function range({ args, db }: Call, isReversed: boolean): Reply {
  const options = new Options(args, 3);
  let count: number | undefined;
  while (!options.isDone) {
    if (options.name() !== "COUNT") refuse(REFUSALS.syntax);
    count = Math.max(0, options.integer());
  }
  const [first, second] = isReversed ? [at(args, 2), at(args, 1)] : [at(args, 1), at(args, 2)];
  const [from, to] = [endOf(first, true), endOf(second, false)];
  const stream = streamAt(db, at(args, 0));
  if (stream === undefined) return array([]);
  if (count === 0) return NIL_ARRAY;
  if (compareIds(from, to) > 0) return array([]);
  const found = entriesBetween(stream, from, to);
  return array((isReversed ? found.toReversed() : found).slice(0, count).map(entryReply));
}

function remove({ args, db }: Call): Reply {
  const key = at(args, 0);
  const stream = streamAt(db, key);
  if (stream === undefined) return integer(0);
  const ids = args.slice(1).map((text) => parseId(text));
  const gone = ids.filter((id) => {
    const place = placeOf(stream, id);
    const entry = stream.entries[place];
    if (entry === undefined || compareIds(entry.id, id) !== 0) return false;
    stream.entries.splice(place, 1);
    if (compareIds(id, stream.maxDeletedId) > 0) stream.maxDeletedId = id;
    return true;
  });
  if (gone.length > 0) db.noteChange(key);
  return integer(gone.length);
}

function trimOnly({ args, db }: Call): Reply {
  const options = new Options(args, 1);
  const by = options.name();
  if (by !== "MAXLEN" && by !== "MINID") return refuse(REFUSALS.syntax);
  const asked = readTrim(by, options);
  if (!options.isDone) refuse(REFUSALS.syntax);
  const stream = streamAt(db, at(args, 0));
  if (stream === undefined) return integer(0);
  const gone = trim(stream, asked);
  if (gone > 0) db.noteChange(at(args, 0));
  return integer(gone);
}

function setId({ args, db }: Call): Reply {
  const id = parseId(at(args, 1));
  const options = new Options(args, 2);
  let [added, deleted]: [number | undefined, StreamId | undefined] = [undefined, undefined];
  while (!options.isDone) {
    const name = options.name();
    if (name === "ENTRIESADDED") added = options.integer();
    else if (name === "MAXDELETEDID") deleted = parseId(options.word());
    else refuse(REFUSALS.syntax);
  }
  const stream = streamAt(db, at(args, 0)) ?? refuse(REFUSALS.noKey);
  const top = stream.entries.at(-1);
  if (top !== undefined && compareIds(id, top.id) < 0)
    refuse("ERR The ID specified in XSETID is smaller than the target stream top item");
  stream.lastId = id;
  if (added !== undefined) stream.entriesAdded = added;
  if (deleted !== undefined) stream.maxDeletedId = deleted;
  db.noteChange(at(args, 0));
  return OK;
}

/** Streams; XREAD is in `stream-reads.ts`, groups are in `stream-groups.ts` and `stream-claims.ts`. */
export const STREAMS_COMMANDS: readonly Command[] = [
  command("xadd -5 write denyoom fast 1:1:1", add),
  command("xlen 2 readonly fast 1:1:1", ({ args, db }) => integer(streamAt(db, at(args, 0))?.entries.length ?? 0)),
  command("xrange -4 readonly 1:1:1", (call) => range(call, false)),
  command("xrevrange -4 readonly 1:1:1", (call) => range(call, true)),
  command("xdel -3 write fast 1:1:1", remove),
  command("xtrim -4 write 1:1:1", trimOnly),
  command("xsetid -3 write denyoom fast 1:1:1", setId),
];
