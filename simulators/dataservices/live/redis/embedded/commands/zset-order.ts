import { at, floatOf, integerOf, rangeOf } from "../arguments.ts";
import { refuse } from "../errors.ts";
import type { Database } from "../keyspace.ts";

/** A member of a sorted set with its score. */
export type Scored = readonly [member: string, score: number];

const NONE: ReadonlyMap<string, number> = new Map();

/** The scores of a sorted set, empty where there is none. */
export const scoresAt = (db: Database, key: string): ReadonlyMap<string, number> =>
  db.read(key, "zset")?.scores ?? NONE;

/** By score, and by bytes where scores are equal. */
export const inOrder = (scores: ReadonlyMap<string, number>): Scored[] => [...scores].sort(compareScored);

function compareScored([a, x]: Scored, [b, y]: Scored): number {
  if (x !== y) return x < y ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Is something on the inner side of both ends of a range? */
type Within<T> = (value: T) => boolean;

const RANGE = "ERR min or max is not a float";

/** `1`, `(1`, `-inf`, for either end of a range of scores. @throws CommandError */
export function scoreRange(min: string, max: string): Within<number> {
  const read = (text: string): readonly [boolean, number] =>
    text.startsWith("(") ? [true, floatOf(text.slice(1), RANGE)] : [false, floatOf(text, RANGE)];
  const [[isAfter, low], [isBefore, high]] = [read(min), read(max)];
  return (score) => (isAfter ? score > low : score >= low) && (isBefore ? score < high : score <= high);
}

const LEX = "ERR min or max not valid string range item";

/** `[a`, `(a`, `-`, `+`, for either end of a range of members. @throws CommandError */
export function lexRange(min: string, max: string): Within<string> {
  const check = (text: string): string => (/^([-+]$|[[(])/.test(text) ? text : refuse(LEX));
  const [low, high] = [check(min), check(max)];
  const isAbove = (member: string): boolean =>
    low === "-" || (low !== "+" && (low.startsWith("[") ? member >= low.slice(1) : member > low.slice(1)));
  const isBelow = (member: string): boolean =>
    high === "+" || (high !== "-" && (high.startsWith("[") ? member <= high.slice(1) : member < high.slice(1)));
  return (member) => isAbove(member) && isBelow(member);
}

const ofScore =
  (isWithin: Within<number>) =>
  ([, score]: Scored): boolean =>
    isWithin(score);
const ofMember =
  (isWithin: Within<string>) =>
  ([member]: Scored): boolean =>
    isWithin(member);

/** What ZRANGE and its like ask for. */
export interface RangeQuery {
  readonly by: "rank" | "score" | "lex";
  /** As given: of a reversed range by score or lex the first is the upper end. */
  readonly ends: readonly [string, string];
  readonly isReversed: boolean;
  readonly limit: readonly [offset: number, count: number] | undefined;
}

/** The members that a query asks for, in its order. @throws CommandError */
export function query(db: Database, key: string, { by, ends, isReversed, limit }: RangeQuery): readonly Scored[] {
  const inTurn = (): readonly Scored[] =>
    isReversed ? inOrder(scoresAt(db, key)).reverse() : inOrder(scoresAt(db, key));
  if (by === "rank") {
    const [start, stop] = [integerOf(at(ends, 0)), integerOf(at(ends, 1))];
    const all = inTurn();
    return all.slice(...rangeOf(start, stop, all.length));
  }
  const [min, max] = isReversed ? [ends[1], ends[0]] : ends;
  const isWithin = by === "score" ? ofScore(scoreRange(min, max)) : ofMember(lexRange(min, max));
  const found = inTurn().filter(isWithin);
  if (limit === undefined) return found;
  const [offset, count] = limit;
  if (offset < 0) return [];
  return found.slice(offset, count < 0 ? undefined : offset + count);
}
