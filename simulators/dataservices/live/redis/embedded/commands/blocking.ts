import { array, bulk, bulks, double, integer, NIL, NIL_ARRAY, type Reply } from "../../resp/reply.ts";
import { at, floatOf, integerOf, Options } from "../arguments.ts";
import { type Call, command, type Command, type Wait } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import { type End, endOf, moveOne, pop } from "./lists.ts";
import { type Scored, scoresAt } from "./zset-order.ts";
import { popScored } from "./zsets.ts";

/** A timeout in seconds, with fractions; 0 for none. */
function timeoutOf(text: string): number {
  const seconds = floatOf(text, "ERR timeout is not a float or out of range");
  if (seconds < 0) refuse("ERR timeout is negative");
  return Number.isFinite(seconds) ? Math.ceil(seconds * 1000) : refuse("ERR timeout is out of range");
}

const wait = (call: Call, keys: readonly string[], timeout: string, otherwise: Reply = NIL_ARRAY): Wait => ({
  type: "wait",
  keys,
  msMax: timeoutOf(timeout),
  args: call.args,
  otherwise,
});

function popFirst(call: Call, end: End): Reply | Wait {
  const { args, db } = call;
  const keys = args.slice(0, -1);
  timeoutOf(at(args, keys.length));
  for (const key of keys) {
    const [text] = pop(db, key, end, 1);
    if (text !== undefined) return bulks([key, text]);
  }
  return wait(call, keys, at(args, keys.length));
}

function popFirstScored(call: Call, end: "MIN" | "MAX"): Reply | Wait {
  const { args, db } = call;
  const keys = args.slice(0, -1);
  timeoutOf(at(args, keys.length));
  for (const key of keys) {
    const [found] = popScored(db, key, end, 1);
    if (found !== undefined) return array([bulk(key), bulk(found[0]), double(found[1])]);
  }
  return wait(call, keys, at(args, keys.length));
}

function move(call: Call, ends: readonly [End, End], timeout: string): Reply | Wait {
  const { args, db } = call;
  timeoutOf(timeout);
  const text = moveOne(db, at(args, 0), at(args, 1), ends);
  return text === undefined ? wait(call, [at(args, 0)], timeout, NIL) : bulk(text);
}

interface Several {
  readonly keys: readonly string[];
  readonly where: string;
  readonly count: number;
}

/** Reads `numkeys key … where [COUNT count]`. */
function readSeveral(args: readonly string[], place: number, places: readonly string[]): Several {
  const number = integerOf(args[place], "ERR numkeys should be greater than 0");
  if (number < 1) refuse("ERR numkeys should be greater than 0");
  const options = new Options(args, place + 1);
  if (number >= options.wordsLeft) refuse(REFUSALS.syntax);
  const keys = options.take(number);
  const where = options.name();
  if (!places.includes(where)) refuse(REFUSALS.syntax);
  let count = 1;
  if (!options.isDone) {
    if (options.name() !== "COUNT" || options.isDone) refuse(REFUSALS.syntax);
    count = options.integer("ERR count should be greater than 0");
    if (count < 1) refuse("ERR count should be greater than 0");
  }
  return options.isDone ? { keys, where, count } : refuse(REFUSALS.syntax);
}

function popSeveral(call: Call, timeout: string | undefined): Reply | Wait {
  const { args, db } = call;
  const { keys, where, count } = readSeveral(args, timeout === undefined ? 0 : 1, ["LEFT", "RIGHT"]);
  if (timeout !== undefined) timeoutOf(timeout);
  const end = endOf(where);
  const key = keys.find((each) => db.read(each, "list") !== undefined);
  if (key !== undefined) return array([bulk(key), bulks(pop(db, key, end, count))]);
  return timeout === undefined ? NIL_ARRAY : wait(call, keys, timeout);
}

function popSeveralScored(call: Call, timeout: string | undefined): Reply | Wait {
  const { args, db } = call;
  const { keys, where, count } = readSeveral(args, timeout === undefined ? 0 : 1, ["MIN", "MAX"]);
  if (timeout !== undefined) timeoutOf(timeout);
  if (where !== "MIN" && where !== "MAX") return refuse(REFUSALS.syntax);
  const key = keys.find((each) => scoresAt(db, each).size > 0);
  if (key !== undefined) return array([bulk(key), pairsInArrays(popScored(db, key, where, count))]);
  return timeout === undefined ? NIL_ARRAY : wait(call, keys, timeout);
}

/** Pairs that remain pairs in both versions of the protocol. */
const pairsInArrays = (scored: readonly Scored[]): Reply =>
  array(scored.map(([member, score]) => array([bulk(member), double(score)])));

/** Commands that wait for data. */
export const BLOCKING_COMMANDS: readonly Command[] = [
  command("blpop -3 write blocking 1:-2:1", (call) => popFirst(call, "LEFT")),
  command("brpop -3 write blocking 1:-2:1", (call) => popFirst(call, "RIGHT")),
  command("bzpopmin -3 write blocking 1:-2:1", (call) => popFirstScored(call, "MIN")),
  command("bzpopmax -3 write blocking 1:-2:1", (call) => popFirstScored(call, "MAX")),
  command("blmove 6 write denyoom blocking 1:2:1", (call) =>
    move(call, [endOf(at(call.args, 2)), endOf(at(call.args, 3))], at(call.args, 4)),
  ),
  command("brpoplpush 4 write denyoom blocking 1:2:1", (call) => move(call, ["RIGHT", "LEFT"], at(call.args, 2))),
  command("lmpop -4 write 0:0:0", (call) => popSeveral(call, undefined)),
  command("blmpop -5 write blocking 0:0:0", (call) => popSeveral(call, at(call.args, 0))),
  command("zmpop -4 write 0:0:0", (call) => popSeveralScored(call, undefined)),
  command("bzmpop -5 write blocking 0:0:0", (call) => popSeveralScored(call, at(call.args, 0))),
  // There are no replicas to wait for.
  command("wait 3 blocking 0:0:0", ({ args }) => {
    integerOf(args[0]);
    integerOf(args[1], "ERR timeout is not an integer or out of range");
    return integer(0);
  }),
];
