import { Unforeseen } from "./bodies.ts";

/*
 * Numbers in paths and queries as Ruby and the director's database read them.
 */

/** The largest id in most tables (32), and in those of events, links and variables (64). */
const MAX = { 32: 2n ** 31n - 1n, 64: 2n ** 63n - 1n } as const;

/** A row's id as PostgreSQL reads a text. @throws Unforeseen for anything but an integer of that width, at which the database fails */
export function readRowId(text: string, bits: keyof typeof MAX = 32): bigint {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new Unforeseen();
  const id = BigInt(text.trim().replace(/^\+/, ""));
  if (id > MAX[bits] || id < -MAX[bits] - 1n) throw new Unforeseen();
  return id;
}

const INTEGER =
  /^\s*[-+]?(?:0[xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB][01]+(?:_[01]+)*|0[oO]?[0-7]+(?:_[0-7]+)*|0|[1-9]\d*(?:_\d+)*)\s*$/;

/** Whether Ruby's `Integer()` reads a text as a number: `-1`, `0x1f` and `1_000` are numbers as well. */
export const isRubyInteger = (text: string): boolean => INTEGER.test(text);

/** As Ruby's `to_i`: the digits at the beginning, 0 if there are none. */
export function toRubyInteger(text: string): number {
  const digits = /^\s*[-+]?\d+(?:_\d+)*/.exec(text)?.[0] ?? "0";
  return Number(digits.replaceAll("_", ""));
}
