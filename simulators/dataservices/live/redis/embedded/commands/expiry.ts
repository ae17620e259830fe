import { integer, type Reply } from "../../resp/reply.ts";
import { at, bigOf, isInt64 } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse } from "../errors.ts";

/** When something expires, in ms since the epoch, from a number of seconds or ms, relative to now or to the epoch. */
export function endOf(text: string, unit: "s" | "ms", isAbsolute: boolean, nowMs: number, name: string): number {
  const invalid = `ERR invalid expire time in '${name}' command`;
  const given = bigOf(text) * (unit === "s" ? 1000n : 1n);
  const end = isAbsolute ? given : given + BigInt(nowMs);
  return isInt64(end) && isInt64(given) ? Number(end) : refuse(invalid);
}

/** Whether it is an option of SET and GETEX about the expiry of a key. */
export const isExpiry = (option: string): boolean => ["EX", "PX", "EXAT", "PXAT"].includes(option);

/** When a key expires, according to an option and its number. @throws CommandError */
export function expiryOf(option: string, text: string, nowMs: number, name: string): number {
  if (bigOf(text) <= 0n) refuse(`ERR invalid expire time in '${name}' command`);
  return endOf(text, option.startsWith("E") ? "s" : "ms", option.endsWith("AT"), nowMs, name);
}

const CONDITIONS = ["NX", "XX", "GT", "LT"];

function conditionsOf(args: readonly string[]): ReadonlySet<string> {
  const given = args.map((word) => word.toUpperCase());
  const unknown = given.findIndex((word) => !CONDITIONS.includes(word));
  if (unknown >= 0) refuse(`ERR Unsupported option ${args[unknown]}`);
  const set = new Set(given);
  if (set.has("NX") && set.size > 1) refuse("ERR NX and XX, GT or LT options at the same time are not compatible");
  if (set.has("GT") && set.has("LT")) refuse("ERR GT and LT options at the same time are not compatible");
  return set;
}

function expire({ args, db, nowMs }: Call, unit: "s" | "ms", isAbsolute: boolean, name: string): Reply {
  const key = at(args, 0);
  const conditions = conditionsOf(args.slice(2));
  const end = endOf(at(args, 1), unit, isAbsolute, nowMs, name);
  if (db.get(key) === undefined) return integer(0);
  const now = db.expiryOf(key) ?? Infinity;
  const fails =
    (conditions.has("NX") && now !== Infinity) ||
    (conditions.has("XX") && now === Infinity) ||
    (conditions.has("GT") && end <= now) ||
    (conditions.has("LT") && end >= now);
  if (fails) return integer(0);
  db.expire(key, end);
  return integer(1);
}

const NONE = -1;
const MISSING = -2;

function timeLeft({ args, db, nowMs }: Call, unit: "s" | "ms", isAbsolute: boolean): Reply {
  const key = at(args, 0);
  if (db.get(key) === undefined) return integer(MISSING);
  const expiresMs = db.expiryOf(key);
  if (expiresMs === undefined) return integer(NONE);
  const ms = isAbsolute ? expiresMs : expiresMs - nowMs;
  return integer(unit === "ms" ? ms : isAbsolute ? Math.floor(ms / 1000) : Math.floor((ms + 500) / 1000));
}

function persist({ args, db }: Call): Reply {
  const key = at(args, 0);
  if (db.expiryOf(key) === undefined) return integer(0);
  db.expire(key, undefined);
  return integer(1);
}

/** Commands about the expiry of keys. */
export const EXPIRY_COMMANDS: readonly Command[] = [
  command("expire -3 write fast 1:1:1", (call) => expire(call, "s", false, "expire")),
  command("pexpire -3 write fast 1:1:1", (call) => expire(call, "ms", false, "pexpire")),
  command("expireat -3 write fast 1:1:1", (call) => expire(call, "s", true, "expireat")),
  command("pexpireat -3 write fast 1:1:1", (call) => expire(call, "ms", true, "pexpireat")),
  command("ttl 2 readonly fast 1:1:1", (call) => timeLeft(call, "s", false)),
  command("pttl 2 readonly fast 1:1:1", (call) => timeLeft(call, "ms", false)),
  command("expiretime 2 readonly fast 1:1:1", (call) => timeLeft(call, "s", true)),
  command("pexpiretime 2 readonly fast 1:1:1", (call) => timeLeft(call, "ms", true)),
  command("persist 2 write fast 1:1:1", persist),
];
