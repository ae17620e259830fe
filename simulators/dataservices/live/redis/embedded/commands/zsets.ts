import { array, bulk, bulks, double, integer, NIL, type Reply, textOfDouble } from "../../resp/reply.ts";
import { at, floatOf, integerOf, pairsOf } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import type { Database } from "../keyspace.ts";
import { draw } from "./draw.ts";
import { nothingScanned, scan } from "./scan.ts";
import { inOrder, lexSpan, type Scored, scoreRange, scoresAt } from "./zset-order.ts";

/** Members with their scores, two by two. */
export const scoredPairs = (scored: readonly Scored[]): Reply => ({
  type: "pairs",
  items: scored.map(([member, score]) => [bulk(member), double(score)]),
});

const NAN = "ERR resulting score is not a number (NaN)";

interface AddOptions {
  readonly names: ReadonlySet<string>;
  readonly pairs: readonly (readonly [string, string])[];
}

function readAdd(args: readonly string[]): AddOptions {
  const names = new Set<string>();
  let place = 1;
  while (["NX", "XX", "GT", "LT", "CH", "INCR"].includes(args[place]?.toUpperCase() ?? ""))
    names.add(at(args, place++).toUpperCase());
  const words = args.slice(place);
  if (words.length === 0 || words.length % 2 !== 0) refuse(REFUSALS.syntax);
  if (names.has("NX") && names.has("XX")) refuse("ERR XX and NX options at the same time are not compatible");
  if (["GT", "LT", "NX"].filter((name) => names.has(name)).length > 1)
    refuse("ERR GT, LT, and/or NX options at the same time are not compatible");
  if (names.has("INCR") && words.length > 2) refuse("ERR INCR option supports a single increment-element pair");
  return { names, pairs: pairsOf(words, REFUSALS.syntax) };
}

/** Whether a member with this score, or none, may get another one. */
function mayTake(names: ReadonlySet<string>, old: number | undefined, score: number): boolean {
  if (old === undefined) return !names.has("XX");
  if (names.has("NX")) return false;
  return !(names.has("GT") && score <= old) && !(names.has("LT") && score >= old);
}

function add({ args, db }: Call): Reply {
  const key = at(args, 0);
  const { names, pairs } = readAdd(args);
  const wanted = pairs.map(([score, member]): Scored => [member, floatOf(score)]);
  const { scores } = db.open(key, "zset");
  let [added, changed, last]: [number, number, number | undefined] = [0, 0, undefined];
  for (const [member, given] of wanted) {
    const old = scores.get(member);
    const score = names.has("INCR") && old !== undefined ? old + given : given;
    if (Number.isNaN(score)) refuse(NAN);
    if (!mayTake(names, old, score)) continue;
    scores.set(member, score);
    last = score;
    if (old === undefined) added++;
    else if (old !== score) changed++;
  }
  db.noteChange(key);
  if (names.has("INCR")) return last === undefined ? NIL : double(last);
  return integer(names.has("CH") ? added + changed : added);
}

function incrementBy({ args, db }: Call): Reply {
  const [key, by, member] = [at(args, 0), floatOf(args[1]), at(args, 2)];
  const old = scoresAt(db, key).get(member);
  const score = old === undefined ? by : old + by;
  if (Number.isNaN(score)) refuse(NAN);
  db.open(key, "zset").scores.set(member, score);
  db.noteChange(key);
  return double(score);
}

/** Removes members; returns how many existed. */
function removeAll(db: Database, key: string, members: readonly string[]): number {
  const scores = db.read(key, "zset")?.scores;
  const gone = members.filter((member) => scores?.delete(member)).length;
  if (gone > 0) db.noteChange(key);
  return gone;
}

function removeRange({ args, db }: Call, by: "rank" | "score" | "lex"): Reply {
  const [key, start, stop] = [at(args, 0), at(args, 1), at(args, 2)];
  const choose = chooserOf(by, start, stop);
  return integer(
    removeAll(
      db,
      key,
      choose(inOrder(scoresAt(db, key))).map(([member]) => member),
    ),
  );
}

function chooserOf(by: "rank" | "score" | "lex", start: string, stop: string): (all: Scored[]) => readonly Scored[] {
  if (by === "score") {
    const isWithin = scoreRange(start, stop);
    return (all) => all.filter(([, score]) => isWithin(score));
  }
  if (by === "lex") return (all) => lexSpan(all, start, stop);
  const [from, to] = [integerOf(start), integerOf(stop)];
  return (all) => {
    const end = to < 0 ? all.length + to : to;
    return all.slice(Math.max(0, from < 0 ? all.length + from : from), Math.max(0, end + 1));
  };
}

/** Takes up to `count` from the lower or the upper end. */
export function popScored(db: Database, key: string, end: "MIN" | "MAX", count: number): readonly Scored[] {
  const ordered = inOrder(scoresAt(db, key));
  const taken = (end === "MIN" ? ordered : ordered.reverse()).slice(0, count);
  removeAll(
    db,
    key,
    taken.map(([member]) => member),
  );
  return taken;
}

function pop({ args, db }: Call, end: "MIN" | "MAX"): Reply {
  if (args.length > 2) refuse(REFUSALS.syntax);
  const count = args[1] === undefined ? 1 : integerOf(args[1], REFUSALS.positive);
  if (count < 0) refuse(REFUSALS.positive);
  const taken = popScored(db, at(args, 0), end, count);
  const [first] = taken;
  if (args[1] !== undefined) return scoredPairs(taken);
  return array(first === undefined ? [] : [bulk(first[0]), double(first[1])]);
}

function rank({ args, db }: Call, isReversed: boolean): Reply {
  const ordered = inOrder(scoresAt(db, at(args, 0)));
  const place = ordered.findIndex(([member]) => member === at(args, 1));
  if (place < 0) return NIL;
  return integer(isReversed ? ordered.length - 1 - place : place);
}

function randomMember({ args, db, random }: Call): Reply {
  const all = inOrder(scoresAt(db, at(args, 0)));
  if (args[1] === undefined) return bulk(draw(all, 1, random)[0]?.[0]);
  const count = integerOf(args[1]);
  if (args.length > 3 || (args[2] !== undefined && args[2].toUpperCase() !== "WITHSCORES")) refuse(REFUSALS.syntax);
  const drawn = draw(all, count, random);
  return args[2] === undefined ? bulks(drawn.map(([member]) => member)) : scoredPairs(drawn);
}

function scanMembers({ args, db }: Call): Reply {
  const scores = scoresAt(db, at(args, 0));
  if (scores.size === 0) return nothingScanned(args, 1);
  const { cursor, items } = scan([...scores.keys()], args, 1);
  return array([bulk(cursor), bulks(items.flatMap((member) => [member, textOfDouble(scores.get(member) ?? 0)]))]);
}

function scoreOf({ args, db }: Call, member: string): Reply {
  const score = scoresAt(db, at(args, 0)).get(member);
  return score === undefined ? NIL : double(score);
}

function countWithin({ args, db }: Call): Reply {
  const isWithin = scoreRange(at(args, 1), at(args, 2));
  return integer([...scoresAt(db, at(args, 0)).values()].filter(isWithin).length);
}

function countLex({ args, db }: Call): Reply {
  return integer(lexSpan(inOrder(scoresAt(db, at(args, 0))), at(args, 1), at(args, 2)).length);
}

/** Sorted sets; ranges and combinations are in files of their own. */
export const ZSETS_COMMANDS: readonly Command[] = [
  command("zadd -4 write denyoom fast 1:1:1", add),
  command("zincrby 4 write denyoom fast 1:1:1", incrementBy),
  command("zrem -3 write fast 1:1:1", ({ args, db }) => integer(removeAll(db, at(args, 0), args.slice(1)))),
  command("zscore 3 readonly fast 1:1:1", (call) => scoreOf(call, at(call.args, 1))),
  command("zmscore -3 readonly fast 1:1:1", (call) => array(call.args.slice(1).map((member) => scoreOf(call, member)))),
  command("zcard 2 readonly fast 1:1:1", ({ args, db }) => integer(scoresAt(db, at(args, 0)).size)),
  command("zcount 4 readonly fast 1:1:1", countWithin),
  command("zlexcount 4 readonly fast 1:1:1", countLex),
  command("zrank 3 readonly fast 1:1:1", (call) => rank(call, false)),
  command("zrevrank 3 readonly fast 1:1:1", (call) => rank(call, true)),
  command("zremrangebyrank 4 write 1:1:1", (call) => removeRange(call, "rank")),
  command("zremrangebyscore 4 write 1:1:1", (call) => removeRange(call, "score")),
  command("zremrangebylex 4 write 1:1:1", (call) => removeRange(call, "lex")),
  command("zpopmin -2 write fast 1:1:1", (call) => pop(call, "MIN")),
  command("zpopmax -2 write fast 1:1:1", (call) => pop(call, "MAX")),
  command("zrandmember -2 readonly 1:1:1", randomMember),
  command("zscan -3 readonly 1:1:1", scanMembers),
];
