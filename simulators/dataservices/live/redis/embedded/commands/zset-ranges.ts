import { bulks, integer, type Reply } from "../../resp/reply.ts";
import { at, Options } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import { query, type RangeQuery } from "./zset-order.ts";
import { scoredPairs } from "./zsets.ts";

interface Asked extends RangeQuery {
  readonly withScores: boolean;
}

/** Reads the words after the key of ZRANGE and ZRANGESTORE. */
function readRange(args: readonly string[], place: number): Asked {
  const ends = [at(args, place), at(args, place + 1)] as const;
  const options = new Options(args, place + 2);
  let [by, isReversed, withScores]: [RangeQuery["by"], boolean, boolean] = ["rank", false, false];
  let limit: RangeQuery["limit"];
  while (!options.isDone) {
    const name = options.name();
    if (name === "BYSCORE") by = "score";
    else if (name === "BYLEX") by = "lex";
    else if (name === "REV") isReversed = true;
    else if (name === "WITHSCORES") withScores = true;
    else if (name === "LIMIT") limit = [options.integer(), options.integer()];
    else refuse(REFUSALS.syntax);
  }
  if (limit !== undefined && limit[1] !== -1 && by === "rank")
    refuse("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  if (withScores && by === "lex") refuse("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  return { by, ends, isReversed, limit, withScores };
}

/** Reads the words after the key of the older commands, which have the rest in their names. */
function readOld(args: readonly string[], by: RangeQuery["by"], isReversed: boolean): Asked {
  const ends = [at(args, 1), at(args, 2)] as const;
  const options = new Options(args, 3);
  let withScores = false;
  let limit: RangeQuery["limit"];
  while (!options.isDone) {
    const name = options.name();
    if (name === "WITHSCORES" && by !== "lex") withScores = true;
    else if (name === "LIMIT" && by !== "rank") limit = [options.integer(), options.integer()];
    else refuse(REFUSALS.syntax);
  }
  return { by, ends, isReversed, limit, withScores };
}

function answer({ args, db }: Call, asked: Asked): Reply {
  const found = query(db, at(args, 0), asked);
  return asked.withScores ? scoredPairs(found) : bulks(found.map(([member]) => member));
}

function store({ args, db }: Call): Reply {
  const [target, source] = [at(args, 0), at(args, 1)];
  const asked = readRange(args, 2);
  if (asked.withScores) refuse(REFUSALS.syntax);
  const found = query(db, source, asked);
  if (found.length === 0) db.remove(target);
  else db.put(target, { type: "zset", scores: new Map(found) });
  return integer(found.length);
}

const old = (head: string, by: RangeQuery["by"], isReversed: boolean): Command =>
  command(head, (call) => answer(call, readOld(call.args, by, isReversed)));

/** Ranges of sorted sets. */
export const ZSET_RANGES_COMMANDS: readonly Command[] = [
  command("zrange -4 readonly 1:1:1", (call) => answer(call, readRange(call.args, 1))),
  command("zrangestore -5 write denyoom 1:2:1", store),
  old("zrevrange -4 readonly 1:1:1", "rank", true),
  old("zrangebyscore -4 readonly 1:1:1", "score", false),
  old("zrevrangebyscore -4 readonly 1:1:1", "score", true),
  old("zrangebylex -4 readonly 1:1:1", "lex", false),
  old("zrevrangebylex -4 readonly 1:1:1", "lex", true),
];
