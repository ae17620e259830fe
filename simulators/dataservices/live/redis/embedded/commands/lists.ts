import { array, bulk, bulks, integer, NIL, NIL_ARRAY, OK, type Reply } from "../../resp/reply.ts";
import { at, integerOf, Options, rangeOf } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import type { Database } from "../keyspace.ts";

/** An end of a list. */
export type End = "LEFT" | "RIGHT";

/** Adds to an end, one after the other. */
function push(db: Database, key: string, end: End, texts: readonly string[]): number {
  const { items } = db.open(key, "list");
  for (const text of texts)
    if (end === "LEFT") items.unshift(text);
    else items.push(text);
  db.noteChange(key);
  return items.length;
}

/** Removes up to `count` from an end; empty if there is no list. */
export function pop(db: Database, key: string, end: End, count: number): readonly string[] {
  const items = db.read(key, "list")?.items;
  if (items === undefined || count === 0) return [];
  const taken = end === "LEFT" ? items.splice(0, count) : items.splice(-count).reverse();
  db.noteChange(key);
  return taken;
}

function pushAll({ args, db }: Call, end: End, isCareful: boolean): Reply {
  const key = at(args, 0);
  if (isCareful && db.read(key, "list") === undefined) return integer(0);
  return integer(push(db, key, end, args.slice(1)));
}

function popSome({ args, db }: Call, end: End): Reply {
  const key = at(args, 0);
  if (args.length > 2) refuse(`ERR wrong number of arguments for '${end === "LEFT" ? "lpop" : "rpop"}' command`);
  if (args[1] === undefined) return bulk(pop(db, key, end, 1)[0]);
  const count = integerOf(args[1], REFUSALS.positive);
  if (count < 0) refuse(REFUSALS.positive);
  if (db.read(key, "list") === undefined) return NIL_ARRAY;
  return bulks(pop(db, key, end, count));
}

function range({ args, db }: Call): Reply {
  const [start, stop] = [integerOf(args[1]), integerOf(args[2])];
  const items = db.read(at(args, 0), "list")?.items ?? [];
  return bulks(items.slice(...rangeOf(start, stop, items.length)));
}

const placeIn = (items: readonly string[], index: number): number => (index < 0 ? items.length + index : index);

function index({ args, db }: Call): Reply {
  const items = db.read(at(args, 0), "list")?.items;
  if (items === undefined) return NIL;
  return bulk(items[placeIn(items, integerOf(args[1]))]);
}

function setAt({ args, db }: Call): Reply {
  const key = at(args, 0);
  const { items } = db.read(key, "list") ?? refuse(REFUSALS.noKey);
  const place = placeIn(items, integerOf(args[1]));
  if (items[place] === undefined) refuse(REFUSALS.outOfRange);
  items[place] = at(args, 2);
  db.noteChange(key);
  return OK;
}

function insert({ args, db }: Call): Reply {
  const [key, where, pivot, text] = [at(args, 0), at(args, 1).toUpperCase(), at(args, 2), at(args, 3)];
  if (where !== "BEFORE" && where !== "AFTER") refuse(REFUSALS.syntax);
  const items = db.read(key, "list")?.items;
  if (items === undefined) return integer(0);
  const place = items.indexOf(pivot);
  if (place < 0) return integer(-1);
  items.splice(where === "BEFORE" ? place : place + 1, 0, text);
  db.noteChange(key);
  return integer(items.length);
}

function removeEqual({ args, db }: Call): Reply {
  const [key, count, text] = [at(args, 0), integerOf(args[1]), at(args, 2)];
  const items = db.read(key, "list")?.items ?? [];
  const places = items.flatMap((item, place) => (item === text ? [place] : []));
  const gone = count === 0 ? places : count > 0 ? places.slice(0, count) : places.slice(count);
  for (const place of gone.toReversed()) items.splice(place, 1);
  if (gone.length > 0) db.noteChange(key);
  return integer(gone.length);
}

function trim({ args, db }: Call): Reply {
  const [key, start, stop] = [at(args, 0), integerOf(args[1]), integerOf(args[2])];
  const items = db.read(key, "list")?.items;
  if (items === undefined) return OK;
  items.splice(0, items.length, ...items.slice(...rangeOf(start, stop, items.length)));
  db.noteChange(key);
  return OK;
}

const RANK =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";

function notNegative(name: string, text: string): number {
  const refusal = `ERR ${name} can't be negative`;
  const value = integerOf(text, refusal);
  return value < 0 ? refuse(refusal) : value;
}

function position({ args, db }: Call): Reply {
  const [key, text] = [at(args, 0), at(args, 1)];
  const options = new Options(args, 2);
  let [rank, count, most]: [number, number | undefined, number] = [1, undefined, 0];
  while (!options.isDone) {
    const name = options.name();
    if (name === "RANK") rank = options.integer() || refuse(RANK);
    else if (name === "COUNT") count = notNegative(name, options.word());
    else if (name === "MAXLEN") most = notNegative(name, options.word());
    else refuse(REFUSALS.syntax);
  }
  const items = db.read(key, "list")?.items ?? [];
  const places = items.map((_, place) => place);
  const looked = (rank < 0 ? places.reverse() : places).slice(0, most === 0 ? undefined : most);
  const found = looked.filter((place) => items[place] === text).slice(Math.abs(rank) - 1);
  if (count === undefined) return found[0] === undefined ? NIL : integer(found[0]);
  return array(found.slice(0, count === 0 ? undefined : count).map(integer));
}

/** `LEFT` or `RIGHT`. @throws CommandError */
export function endOf(text: string): End {
  const end = text.toUpperCase();
  return end === "LEFT" || end === "RIGHT" ? end : refuse(REFUSALS.syntax);
}

/** Moves one from an end of a list to an end of another; undefined if there is none. */
export function moveOne(db: Database, from: string, to: string, ends: readonly [End, End]): string | undefined {
  if (db.read(from, "list") === undefined) return undefined;
  db.read(to, "list");
  const [text] = pop(db, from, ends[0], 1);
  if (text !== undefined) push(db, to, ends[1], [text]);
  return text;
}

const move = ({ args, db }: Call): Reply =>
  bulk(moveOne(db, at(args, 0), at(args, 1), [endOf(at(args, 2)), endOf(at(args, 3))]));

/** Commands on lists; the blocking ones are in `blocking.ts`. */
export const LISTS_COMMANDS: readonly Command[] = [
  command("lpush -3 write denyoom fast 1:1:1", (call) => pushAll(call, "LEFT", false)),
  command("rpush -3 write denyoom fast 1:1:1", (call) => pushAll(call, "RIGHT", false)),
  command("lpushx -3 write denyoom fast 1:1:1", (call) => pushAll(call, "LEFT", true)),
  command("rpushx -3 write denyoom fast 1:1:1", (call) => pushAll(call, "RIGHT", true)),
  command("lpop -2 write fast 1:1:1", (call) => popSome(call, "LEFT")),
  command("rpop -2 write fast 1:1:1", (call) => popSome(call, "RIGHT")),
  command("llen 2 readonly fast 1:1:1", ({ args, db }) => integer(db.read(at(args, 0), "list")?.items.length ?? 0)),
  command("lrange 4 readonly 1:1:1", range),
  command("lindex 3 readonly 1:1:1", index),
  command("lset 4 write denyoom 1:1:1", setAt),
  command("linsert 5 write denyoom 1:1:1", insert),
  command("lrem 4 write 1:1:1", removeEqual),
  command("ltrim 4 write 1:1:1", trim),
  command("lpos -3 readonly 1:1:1", position),
  command("lmove 5 write denyoom 1:2:1", move),
  command("rpoplpush 3 write denyoom 1:2:1", ({ args, db }) =>
    bulk(moveOne(db, at(args, 0), at(args, 1), ["RIGHT", "LEFT"])),
  ),
];
