import { bulks, integer, type Reply } from "../../resp/reply.ts";
import { at, floatOf, integerOf, Options } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import type { Database } from "../keyspace.ts";
import { inOrder, scoresAt } from "./zset-order.ts";
import { scoredPairs } from "./zsets.ts";

type Scores = ReadonlyMap<string, number>;
type Operation = "union" | "inter" | "diff";

const AGGREGATES: Readonly<Record<string, (a: number, b: number) => number>> = {
  // Infinities of both signs have no sum; the real server uses 0.
  SUM: (a, b) => (Number.isNaN(a + b) ? 0 : a + b),
  MIN: (a, b) => Math.min(a, b),
  MAX: (a, b) => Math.max(a, b),
};

interface Asked {
  readonly keys: readonly string[];
  readonly weights: readonly number[];
  readonly aggregate: (a: number, b: number) => number;
  readonly withScores: boolean;
}

function read({ args, db }: Call, name: string, isStored: boolean): Asked {
  const place = isStored ? 1 : 0;
  const count = integerOf(args[place]);
  if (count < 1) refuse(`ERR at least 1 input key is needed for '${name}' command`);
  if (count > args.length - place - 1) refuse(REFUSALS.syntax);
  const options = new Options(args, place + 1);
  const keys = options.take(count);
  for (const key of keys) scoresOfAny(db, key);
  let [weights, aggregate, withScores] = [keys.map(() => 1), AGGREGATES.SUM, false];
  while (!options.isDone) {
    const option = options.name();
    if (option === "WEIGHTS" && !name.startsWith("zdiff") && options.wordsLeft >= count)
      weights = options.take(count).map((text) => floatOf(text, "ERR weight value is not a float"));
    else if (option === "AGGREGATE" && !name.startsWith("zdiff") && !options.isDone)
      aggregate = AGGREGATES[options.name()];
    else if (option === "WITHSCORES" && !isStored) withScores = true;
    else refuse(REFUSALS.syntax);
  }
  return { keys, weights, aggregate: aggregate ?? refuse(REFUSALS.syntax), withScores };
}

/** A set counts as a sorted set in which all scores are 1. */
function scoresOfAny(db: Database, key: string): Scores {
  const value = db.get(key);
  return value?.type === "set" ? new Map([...value.members].map((member) => [member, 1])) : scoresAt(db, key);
}

function combine(db: Database, operation: Operation, { keys, weights, aggregate }: Asked): Scores {
  const [first = new Map<string, number>(), ...others] = keys.map((key) => scoresOfAny(db, key));
  if (operation === "diff")
    return new Map([...first].filter(([member]) => !others.some((scores) => scores.has(member))));
  const weigh = (score: number, place: number): number => {
    const weighed = score * (weights[place] ?? 1);
    return Number.isNaN(weighed) ? 0 : weighed;
  };
  const members =
    operation === "inter"
      ? [...first.keys()].filter((member) => others.every((scores) => scores.has(member)))
      : new Set([first, ...others].flatMap((scores) => [...scores.keys()]));
  const scoreOf = (member: string): number =>
    [first, ...others]
      .flatMap((scores, place) => {
        const score = scores.get(member);
        return score === undefined ? [] : [weigh(score, place)];
      })
      .reduce(aggregate);
  return new Map([...members].map((member) => [member, scoreOf(member)]));
}

function answer(call: Call, operation: Operation): Reply {
  const { db } = call;
  const asked = read(call, `z${operation}`, false);
  const found = inOrder(combine(db, operation, asked));
  return asked.withScores ? scoredPairs(found) : bulks(found.map(([member]) => member));
}

function store(call: Call, operation: Operation): Reply {
  const { args, db } = call;
  const scores = combine(db, operation, read(call, `z${operation}store`, true));
  if (scores.size === 0) db.remove(at(args, 0));
  else db.put(at(args, 0), { type: "zset", scores: new Map(scores) });
  return integer(scores.size);
}

function count({ args, db }: Call): Reply {
  const number = integerOf(args[0]);
  if (number < 1) refuse("ERR at least 1 input key is needed for 'zintercard' command");
  if (number > args.length - 1) refuse(REFUSALS.syntax);
  const options = new Options(args, 1);
  const keys = options.take(number);
  let limit = 0;
  while (!options.isDone) {
    if (options.name() !== "LIMIT" || options.isDone) refuse(REFUSALS.syntax);
    limit = options.integer("ERR LIMIT can't be negative");
    if (limit < 0) refuse("ERR LIMIT can't be negative");
  }
  const asked = { keys, weights: [], aggregate: (a: number) => a, withScores: false };
  const { size } = combine(db, "inter", asked);
  return integer(limit === 0 ? size : Math.min(limit, size));
}

/** Unions, intersections and differences of sorted sets. */
export const ZSET_COMBINATIONS_COMMANDS: readonly Command[] = [
  command("zunion -3 readonly 0:0:0", (call) => answer(call, "union")),
  command("zinter -3 readonly 0:0:0", (call) => answer(call, "inter")),
  command("zdiff -3 readonly 0:0:0", (call) => answer(call, "diff")),
  command("zunionstore -4 write denyoom 1:1:1", (call) => store(call, "union")),
  command("zinterstore -4 write denyoom 1:1:1", (call) => store(call, "inter")),
  command("zdiffstore -4 write denyoom 1:1:1", (call) => store(call, "diff")),
  command("zintercard -3 readonly 0:0:0", count),
];
