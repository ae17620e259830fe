import { at, floatOf, integerOf, rangeOf } from "../arguments.ts";
import { refuse } from "../errors.ts";
import type { Database } from "../keyspace.ts";

/** A member of a sorted set with its score. */
export type Scored = readonly [member: string, score: number];

const NONE: ReadonlyMap<string, number> = new Map();

/** The scores of a sorted set; empty if there is none. */
export const scoresAt = (db: Database, key: string): ReadonlyMap<string, number> =>
  db.read(key, "zset")?.scores ?? NONE;

/** By score, and by bytes if scores are equal. */
export const inOrder = (scores: ReadonlyMap<string, number>): Scored[] => [...scores].sort(compareScored);

function compareScored([a, x]: Scored, [b, y]: Scored): number {
  if (x !== y) return x < y ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether something lies within both ends of a range. */
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

/**
 * The members between two ends, each `[a`, `(a`, `-` or `+`, of a sorted set in its order. If scores differ, names are not in order: Redis calls
 * the result unspecified, and goes from the first member (`isReversed`: the last) within the near end for as long as members are within the far
 * one.
 *
 * @throws CommandError
 */
export function lexSpan(ordered: readonly Scored[], min: string, max: string, isReversed = false): readonly Scored[] {
  const { isAbove, isBelow } = lexEnds(min, max);
  const [first, last] = [ordered[0], ordered.at(-1)];
  if (first === undefined || last === undefined || !isBelow(first[0]) || !isAbove(last[0])) return [];
  if (isReversed) {
    const from = ordered.findLastIndex(([member]) => isBelow(member));
    const before = ordered.findLastIndex(([member], index) => index <= from && !isAbove(member));
    return ordered.slice(before + 1, from + 1);
  }
  const from = ordered.findIndex(([member]) => isAbove(member));
  const to = ordered.findIndex(([member], index) => index >= from && !isBelow(member));
  return ordered.slice(from, to === -1 ? undefined : to);
}

function lexEnds(min: string, max: string): { readonly isAbove: Within<string>; readonly isBelow: Within<string> } {
  const check = (text: string): string => (/^([-+]$|[[(])/.test(text) ? text : refuse(LEX));
  const [low, high] = [check(min), check(max)];
  const isAbove = (member: string): boolean =>
    low === "-" || (low !== "+" && (low.startsWith("[") ? member >= low.slice(1) : member > low.slice(1)));
  const isBelow = (member: string): boolean =>
    high === "+" || (high !== "-" && (high.startsWith("[") ? member <= high.slice(1) : member < high.slice(1)));
  return { isAbove, isBelow };
}

const ofScore =
  (isWithin: Within<number>) =>
  ([, score]: Scored): boolean =>
    isWithin(score);

/** The query of ZRANGE and related commands. */
export interface RangeQuery {
  readonly by: "rank" | "score" | "lex";
  /** As given: in a reversed range by score or lex, the first one is the upper end. */
  readonly ends: readonly [string, string];
  readonly isReversed: boolean;
  readonly limit: readonly [offset: number, count: number] | undefined;
}

/** The members that a query asks for, in its order. @throws CommandError */
export function query(db: Database, key: string, { by, ends, isReversed, limit }: RangeQuery): readonly Scored[] {
  const inTurn = (members: readonly Scored[]): readonly Scored[] => (isReversed ? members.toReversed() : members);
  const ordered = inOrder(scoresAt(db, key));
  if (by === "rank") {
    const [start, stop] = [integerOf(at(ends, 0)), integerOf(at(ends, 1))];
    return inTurn(ordered).slice(...rangeOf(start, stop, ordered.length));
  }
  const [min, max] = isReversed ? [ends[1], ends[0]] : ends;
  const found = inTurn(
    by === "score" ? ordered.filter(ofScore(scoreRange(min, max))) : lexSpan(ordered, min, max, isReversed),
  );
  if (limit === undefined) return found;
  const [offset, count] = limit;
  if (offset < 0) return [];
  return found.slice(offset, count < 0 ? undefined : offset + count);
}
