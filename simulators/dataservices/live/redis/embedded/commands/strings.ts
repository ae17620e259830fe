import { array, bulk, integer, NIL, OK, type Reply } from "../../resp/reply.ts";
import { at, bigOf, floatOf, integerOf, isInt64, Options, pairsOf, rangeOf } from "../arguments.ts";
import { type Call, command, type Command, wrongArity } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import type { Database } from "../keyspace.ts";
import { endOf, expiryOf, isExpiry } from "./expiry.ts";

/** The longest string, in bytes. */
export const STRING_BYTES_MAX = 512 * 1024 * 1024;

const textAt = (db: Database, key: string): string | undefined => db.read(key, "string")?.text;

const put = (db: Database, key: string, text: string, expiresMs?: number): void =>
  db.put(key, { type: "string", text }, expiresMs);

/** Changes a string and keeps its expiry. */
function change(db: Database, key: string, text: string): void {
  db.open(key, "string").text = text;
  db.noteChange(key);
}

interface SetOptions {
  condition: "NX" | "XX" | undefined;
  keepsExpiry: boolean;
  returnsOld: boolean;
  expiresMs: number | undefined;
}

function readSetOptions(args: readonly string[], nowMs: number): SetOptions {
  const read: SetOptions = { condition: undefined, keepsExpiry: false, returnsOld: false, expiresMs: undefined };
  let expiry: readonly [option: string, text: string] | undefined;
  const options = new Options(args, 2);
  while (!options.isDone) {
    const name = options.name();
    if ((name === "NX" || name === "XX") && read.condition === undefined) read.condition = name;
    else if (name === "GET") read.returnsOld = true;
    else if (name === "KEEPTTL" && expiry === undefined) read.keepsExpiry = true;
    else if (isExpiry(name) && expiry === undefined && !read.keepsExpiry) expiry = [name, options.word()];
    else refuse(REFUSALS.syntax);
  }
  if (expiry !== undefined) read.expiresMs = expiryOf(...expiry, nowMs, "set");
  return read;
}

function set({ args, db, nowMs }: Call): Reply {
  const [key, text] = [at(args, 0), at(args, 1)];
  const { condition, keepsExpiry, returnsOld, expiresMs } = readSetOptions(args, nowMs);
  const old = returnsOld ? textAt(db, key) : undefined;
  const isThere = db.get(key) !== undefined;
  if (condition !== undefined && isThere !== (condition === "XX")) return returnsOld ? bulk(old) : NIL;
  put(db, key, text, keepsExpiry ? db.expiryOf(key) : expiresMs);
  return returnsOld ? bulk(old) : OK;
}

function setWithExpiry({ args, db, nowMs }: Call, unit: "s" | "ms", name: string): Reply {
  if (bigOf(args[1]) <= 0n) refuse(`ERR invalid expire time in '${name}' command`);
  put(db, at(args, 0), at(args, 2), endOf(at(args, 1), unit, false, nowMs, name));
  return OK;
}

function setIfNew({ args, db }: Call): Reply {
  if (db.get(at(args, 0)) !== undefined) return integer(0);
  put(db, at(args, 0), at(args, 1));
  return integer(1);
}

function getSet({ args, db }: Call): Reply {
  const old = textAt(db, at(args, 0));
  put(db, at(args, 0), at(args, 1));
  return bulk(old);
}

function getDelete({ args, db }: Call): Reply {
  const old = textAt(db, at(args, 0));
  db.remove(at(args, 0));
  return bulk(old);
}

function getAndExpire({ args, db, nowMs }: Call): Reply {
  const key = at(args, 0);
  const option = args[1]?.toUpperCase();
  const words = option === undefined ? 1 : option === "PERSIST" ? 2 : isExpiry(option) ? 3 : 0;
  if (args.length !== words) refuse(REFUSALS.syntax);
  const text = textAt(db, key);
  if (text === undefined || option === undefined) return bulk(text);
  db.expire(key, option === "PERSIST" ? undefined : expiryOf(option, at(args, 2), nowMs, "getex"));
  return bulk(text);
}

function setMany({ args, db }: Call, isCareful: boolean): Reply {
  const pairs = pairsOf(args, wrongArity(isCareful ? "msetnx" : "mset"));
  if (isCareful && pairs.some(([key]) => db.get(key) !== undefined)) return integer(0);
  for (const [key, text] of pairs) put(db, key, text);
  return isCareful ? integer(1) : OK;
}

const textOrNil = (db: Database, key: string): Reply => {
  const value = db.get(key);
  return value?.type === "string" ? bulk(value.text) : NIL;
};

function increment(db: Database, key: string, by: bigint): Reply {
  const value = bigOf(textAt(db, key) ?? "0") + by;
  if (!isInt64(value)) refuse(REFUSALS.overflow);
  change(db, key, String(value));
  return integer(value);
}

function decrementBy({ args, db }: Call): Reply {
  const by = -bigOf(args[1]);
  return isInt64(by) ? increment(db, at(args, 0), by) : refuse("ERR decrement would overflow");
}

const PLACES = 17;
const WHOLE = /^-?\d{1,18}$/;

/** The sum of two numbers as INCRBYFLOAT writes it: without an exponent, and without zeros at its end. @throws CommandError */
export function sumOf(one: string, other: string): string {
  const value = floatOf(one) + floatOf(other);
  if (!Number.isFinite(value)) refuse("ERR increment would produce NaN or Infinity");
  // The real server computes with 64 bits of mantissa: whole numbers stay exact.
  if (isWhole(one) && isWhole(other)) return String(BigInt(one) + BigInt(other));
  if (!/e/.test(String(value))) return String(value);
  return Math.abs(value) >= 1e21 ? BigInt(value).toString() : value.toFixed(PLACES).replace(/\.?0+$/, "");
}

const isWhole = (text: string): boolean => WHOLE.test(text) || (/^-?\d{19}$/.test(text) && isInt64(BigInt(text)));

function incrementByFloat({ args, db }: Call): Reply {
  const key = at(args, 0);
  const text = sumOf(textAt(db, key) ?? "0", at(args, 1));
  change(db, key, text);
  return bulk(text);
}

function append({ args, db }: Call): Reply {
  const text = (textAt(db, at(args, 0)) ?? "") + at(args, 1);
  if (text.length > STRING_BYTES_MAX) refuse("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  change(db, at(args, 0), text);
  return integer(text.length);
}

function getRange({ args, db }: Call): Reply {
  const [start, stop] = [integerOf(args[1]), integerOf(args[2])];
  const text = textAt(db, at(args, 0)) ?? "";
  if (start < 0 && stop < 0 && start > stop) return bulk("");
  const [from, to] = rangeOf(start, Math.max(stop, -text.length), text.length);
  return bulk(text.slice(from, to));
}

function setRange({ args, db }: Call): Reply {
  const [key, offset, patch] = [at(args, 0), integerOf(args[1]), at(args, 2)];
  if (offset < 0) refuse("ERR offset is out of range");
  const old = textAt(db, key) ?? "";
  if (patch === "") return integer(old.length);
  if (offset + patch.length > STRING_BYTES_MAX) refuse("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  const text = old.padEnd(offset, "\0").slice(0, offset) + patch + old.slice(offset + patch.length);
  change(db, key, text);
  return integer(text.length);
}

/** Strings, and numbers in them. */
export const STRINGS_COMMANDS: readonly Command[] = [
  command("get 2 readonly fast 1:1:1", ({ args, db }) => bulk(textAt(db, at(args, 0)))),
  command("set -3 write denyoom 1:1:1", set),
  command("setnx 3 write denyoom fast 1:1:1", setIfNew),
  command("setex 4 write denyoom 1:1:1", (call) => setWithExpiry(call, "s", "setex")),
  command("psetex 4 write denyoom 1:1:1", (call) => setWithExpiry(call, "ms", "psetex")),
  command("getset 3 write denyoom fast 1:1:1", getSet),
  command("getdel 2 write fast 1:1:1", getDelete),
  command("getex -2 write fast 1:1:1", getAndExpire),
  command("mget -2 readonly fast 1:-1:1", ({ args, db }) => array(args.map((key) => textOrNil(db, key)))),
  command("mset -3 write denyoom 1:-1:2", (call) => setMany(call, false)),
  command("msetnx -3 write denyoom 1:-1:2", (call) => setMany(call, true)),
  command("append 3 write denyoom fast 1:1:1", append),
  command("strlen 2 readonly fast 1:1:1", ({ args, db }) => integer(textAt(db, at(args, 0))?.length ?? 0)),
  command("getrange 4 readonly 1:1:1", getRange),
  command("substr 4 readonly 1:1:1", getRange),
  command("setrange 4 write denyoom 1:1:1", setRange),
  command("incr 2 write denyoom fast 1:1:1", ({ args, db }) => increment(db, at(args, 0), 1n)),
  command("decr 2 write denyoom fast 1:1:1", ({ args, db }) => increment(db, at(args, 0), -1n)),
  command("incrby 3 write denyoom fast 1:1:1", ({ args, db }) => increment(db, at(args, 0), bigOf(args[1]))),
  command("decrby 3 write denyoom fast 1:1:1", decrementBy),
  command("incrbyfloat 3 write denyoom fast 1:1:1", incrementByFloat),
];
