import { refuse, REFUSALS } from "./errors.ts";

const INTEGER = /^(0|-?[1-9]\d{0,18})$/;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** A text as a 64-bit integer. @throws CommandError */
export function bigOf(text: string | undefined, otherwise: string = REFUSALS.integer): bigint {
  if (text === undefined || !INTEGER.test(text)) return refuse(otherwise);
  const value = BigInt(text);
  return isInt64(value) ? value : refuse(otherwise);
}

/** Whether a number fits into 64 bits. */
export const isInt64 = (value: bigint): boolean => value >= INT64_MIN && value <= INT64_MAX;

/** A text as an integer; one beyond 2^53 loses its last digits, but no count or index is that large. @throws CommandError */
export const integerOf = (text: string | undefined, otherwise?: string): number => Number(bigOf(text, otherwise));

const FLOAT = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|infinity)$/i;

/** A text as a number, including `inf` and `-inf`. @throws CommandError */
export function floatOf(text: string | undefined, otherwise: string = REFUSALS.float): number {
  if (text === undefined || !FLOAT.test(text)) return refuse(otherwise);
  const word = text.toLowerCase().replace("+", "");
  if (word.includes("inf")) return word.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

/** The argument at an index. The arity was checked, so a missing one is a syntax error. @throws CommandError */
export const at = (args: readonly string[], place: number): string => args[place] ?? refuse(REFUSALS.syntax);

/** The remaining words in pairs. @throws CommandError for an odd number */
export function pairsOf(words: readonly string[], otherwise: string): readonly (readonly [string, string])[] {
  if (words.length % 2 !== 0) refuse(otherwise);
  return Array.from({ length: words.length / 2 }, (_, place) => [at(words, 2 * place), at(words, 2 * place + 1)]);
}

/** Reads options one by one. */
export class Options {
  readonly #words: readonly string[];
  #place: number;

  constructor(words: readonly string[], place = 0) {
    this.#words = words;
    this.#place = place;
  }

  get isDone(): boolean {
    return this.#place >= this.#words.length;
  }

  get wordsLeft(): number {
    return this.#words.length - this.#place;
  }

  /** The next word verbatim. @throws CommandError syntax error */
  word(): string {
    return at(this.#words, this.#place++);
  }

  /** The next word in capitals, as options are compared. */
  name(): string {
    return this.word().toUpperCase();
  }

  integer(otherwise?: string): number {
    return integerOf(this.word(), otherwise);
  }

  /** Skips a word if it is the next. */
  skip(name: string): boolean {
    if (this.#words[this.#place]?.toUpperCase() !== name) return false;
    this.#place++;
    return true;
  }

  /** The next `count` words. @throws CommandError syntax error */
  take(count: number): readonly string[] {
    return Array.from({ length: count }, () => this.word());
  }

  /** All remaining words. */
  rest(): readonly string[] {
    const rest = this.#words.slice(this.#place);
    this.#place = this.#words.length;
    return rest;
  }
}

/** The range of indexes from `start` to `stop`, inclusive, in a sequence of `length`; negative ones count from the end. */
export function rangeOf(start: number, stop: number, length: number): readonly [number, number] {
  const from = Math.max(0, start < 0 ? length + start : start);
  const to = Math.min(length - 1, stop < 0 ? length + stop : stop);
  return from > to ? [0, 0] : [from, to + 1];
}

/** Whether a text matches a shell pattern (`*`, `?`, `[a-z]`, `\`). */
export function matches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    const next = p < pattern.length && pattern[p] !== "*" ? matchOne(pattern, p, text[t] ?? "") : 0;
    if (next > 0) [p, t] = [next, t + 1];
    else if (pattern[p] === "*") [star, mark, p] = [p, t, p + 1];
    else if (star >= 0) [p, t, mark] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[p] === "*") p++;
  return p >= pattern.length;
}

/** The index after the part of the pattern that matches one character; 0 if it does not match. */
function matchOne(pattern: string, p: number, char: string): number {
  if (pattern[p] === "?") return p + 1;
  if (pattern[p] === "\\" && p + 1 < pattern.length) return pattern[p + 1] === char ? p + 2 : 0;
  if (pattern[p] !== "[") return pattern[p] === char ? p + 1 : 0;
  const isNot = pattern[p + 1] === "^";
  let isIn = false;
  let place = p + (isNot ? 2 : 1);
  for (; place < pattern.length && pattern[place] !== "]"; place++) {
    if (pattern[place] === "\\" && place + 1 < pattern.length) place++;
    else if (pattern[place + 1] === "-" && place + 2 < pattern.length && pattern[place + 2] !== "]") {
      const [low, high] = [pattern[place] ?? "", pattern[place + 2] ?? ""].sort();
      if (char >= (low ?? "") && char <= (high ?? "")) isIn = true;
      place += 2;
      continue;
    }
    if (pattern[place] === char) isIn = true;
  }
  return isIn === isNot ? 0 : Math.min(place + 1, pattern.length);
}
