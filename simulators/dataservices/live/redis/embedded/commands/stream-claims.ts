import { byKey } from "../../../../../kernel/index.ts";
import { array, bulk, bulks, integer, NIL, type Reply } from "../../resp/reply.ts";
import { at, bigOf, integerOf, Options } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import { compareIds, entryOf, FIRST, LAST, parseId, type Pending, textOfId } from "../stream.ts";
import { groupAt, noGroup } from "./stream-groups.ts";
import { consumerOf } from "./stream-reads.ts";
import { endOf, entryReply, streamAt } from "./streams.ts";

const byId = (a: Pending, b: Pending): number => compareIds(a.id, b.id);

function acknowledge({ args, db }: Call): Reply {
  const [key, name] = [at(args, 0), at(args, 1)];
  const group = streamAt(db, key)?.groups.get(name);
  if (group === undefined) return integer(0);
  const ids = args.slice(2).map((text) => textOfId(parseId(text)));
  return integer(ids.filter((id) => group.pending.delete(id)).length);
}

/** `[IDLE ms] start end count [consumer]`: Redis counts the words, and ignores what follows a consumer. */
const PENDING_WORDS = { min: 3, max: 6 };

function pending({ args, db, nowMs }: Call): Reply {
  const [key, name] = [at(args, 0), at(args, 1)];
  const options = new Options(args, 2);
  const isSummary = options.isDone;
  if (!isSummary && (options.wordsLeft < PENDING_WORDS.min || options.wordsLeft > PENDING_WORDS.max))
    refuse(REFUSALS.syntax);
  const idleMs = options.skip("IDLE") ? options.integer() : 0;
  if (!isSummary && options.wordsLeft < PENDING_WORDS.min) refuse(REFUSALS.syntax);
  const range = isSummary ? undefined : ([endOf(options.word(), true), endOf(options.word(), false)] as const);
  const count = isSummary ? 0 : options.integer();
  const consumer = options.isDone ? undefined : options.word();
  const [, group] = groupAt(db, key, name, noGroup(key, name));
  const all = [...group.pending.values()].sort(byId);
  if (range === undefined) return summary(all);
  const [from, to] = range;
  const wanted = all.filter(
    (each) =>
      compareIds(each.id, from) >= 0 &&
      compareIds(each.id, to) <= 0 &&
      (consumer === undefined || each.consumer === consumer) &&
      nowMs - each.deliveredMs >= idleMs,
  );
  return array(
    wanted
      .slice(0, Math.max(0, count))
      .map((each) =>
        array([
          bulk(textOfId(each.id)),
          bulk(each.consumer),
          integer(nowMs - each.deliveredMs),
          integer(each.deliveries),
        ]),
      ),
  );
}

function summary(all: readonly Pending[]): Reply {
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) return array([integer(0), NIL, NIL, { type: "array", items: null }]);
  const counts = new Map<string, number>();
  for (const { consumer } of all) counts.set(consumer, (counts.get(consumer) ?? 0) + 1);
  const consumers = [...counts].sort(byKey).map(([consumer, count]) => bulks([consumer, String(count)]));
  return array([integer(all.length), bulk(textOfId(first.id)), bulk(textOfId(last.id)), array(consumers)]);
}

interface ClaimOptions {
  deliveredMs: number;
  deliveries: number | undefined;
  isForced: boolean;
  onlyIds: boolean;
}

function readClaim(options: Options, nowMs: number): ClaimOptions {
  const read: ClaimOptions = { deliveredMs: nowMs, deliveries: undefined, isForced: false, onlyIds: false };
  while (!options.isDone) {
    const name = options.name();
    if (name === "IDLE") read.deliveredMs = nowMs - options.integer();
    else if (name === "TIME") read.deliveredMs = options.integer();
    else if (name === "RETRYCOUNT") read.deliveries = options.integer();
    else if (name === "FORCE") read.isForced = true;
    else if (name === "JUSTID") read.onlyIds = true;
    else if (name === "LASTID") options.word();
    else refuse(`ERR Unrecognized XCLAIM option '${name}'`);
  }
  return read;
}

/** Gives a consumer another consumer's entry. */
function take(each: Pending, consumer: string, { deliveredMs, deliveries, onlyIds }: ClaimOptions): void {
  each.consumer = consumer;
  each.deliveredMs = deliveredMs;
  each.deliveries = deliveries ?? (onlyIds ? each.deliveries : each.deliveries + 1);
}

function claim({ args, db, nowMs }: Call): Reply {
  const [key, name, consumer] = [at(args, 0), at(args, 1), at(args, 2)];
  const [stream, group] = groupAt(db, key, name, noGroup(key, name));
  const idleMs = Number(bigOf(args[3], "ERR Invalid min-idle-time argument for XCLAIM"));
  const texts = args.slice(4);
  const count = texts.findIndex((text) => !/^\d+(-\d+)?$/.test(text));
  const ids = (count < 0 ? texts : texts.slice(0, count)).map((text) => parseId(text));
  const options = readClaim(new Options(texts, count < 0 ? texts.length : count), nowMs);
  const claimed = ids.flatMap((id) => {
    const entry = entryOf(stream, id);
    if (entry === undefined) {
      group.pending.delete(textOfId(id));
      return [];
    }
    const known = group.pending.get(textOfId(id));
    if (known === undefined && !options.isForced) return [];
    if (known !== undefined && nowMs - known.deliveredMs < idleMs) return [];
    const each = known ?? { id, consumer, deliveredMs: nowMs, deliveries: 0 };
    group.pending.set(textOfId(id), each);
    take(each, consumer, options);
    consumerOf(group, consumer, nowMs).activeMs = nowMs;
    return [options.onlyIds ? bulk(textOfId(id)) : entryReply(entry)];
  });
  return array(claimed);
}

const COUNT = 100;

function autoClaim({ args, db, nowMs }: Call): Reply {
  const [key, name, consumer] = [at(args, 0), at(args, 1), at(args, 2)];
  const idleMs = Math.max(0, integerOf(args[3], "ERR Invalid min-idle-time argument for XAUTOCLAIM"));
  const from = endOf(at(args, 4), true);
  const options = new Options(args, 5);
  let [count, onlyIds] = [COUNT, false];
  while (!options.isDone) {
    const option = options.name();
    if (option === "COUNT") count = options.integer();
    else if (option === "JUSTID") onlyIds = true;
    else refuse(REFUSALS.syntax);
  }
  if (count < 1) refuse("ERR COUNT must be > 0");
  const [stream, group] = groupAt(db, key, name, noGroup(key, name));
  const [claimed, deleted]: [Reply[], string[]] = [[], []];
  const all = [...group.pending.values()].filter(({ id }) => compareIds(id, from) >= 0).sort(byId);
  let left = all.length;
  for (const each of all) {
    if (claimed.length + deleted.length >= count) break;
    left--;
    const entry = entryOf(stream, each.id);
    if (entry === undefined) {
      group.pending.delete(textOfId(each.id));
      deleted.push(textOfId(each.id));
    } else if (nowMs - each.deliveredMs >= idleMs) {
      take(each, consumer, { deliveredMs: nowMs, deliveries: undefined, isForced: false, onlyIds });
      consumerOf(group, consumer, nowMs).activeMs = nowMs;
      claimed.push(onlyIds ? bulk(textOfId(each.id)) : entryReply(entry));
    }
  }
  const next = left === 0 ? FIRST : (all[all.length - left]?.id ?? LAST);
  return array([bulk(textOfId(next)), array(claimed), bulks(deleted)]);
}

/** The pending entries of consumers, and how they pass from one to another. */
export const STREAM_CLAIMS_COMMANDS: readonly Command[] = [
  command("xack -4 write fast 1:1:1", acknowledge),
  command("xpending -3 readonly 1:1:1", pending),
  command("xclaim -6 write fast 1:1:1", claim),
  command("xautoclaim -6 write fast 1:1:1", autoClaim),
];
