import { disallowedClass, YamlError } from "./yaml-errors.ts";

/*
 * Plain scalars of YAML as Psych's ScalarScanner reads them (psych 5.3, lib/psych/scalar_scanner.rb): YAML
 * 1.1 with Ruby's own variations. Measured values: docs/discoveries/bosh-director.md, "How it reads YAML".
 * Ruby's `^` and `$` hold at each line, hence the `m` flags.
 */

/** Begins like a word, so it can only be null or a boolean. */
const WORD = /^[^\d.:-]?[\p{Alphabetic}_\s!@#$%^&*(){}<>|/\\~;=]+/mu;
/** The longest of them is `false`. */
const WORD_CHARS_MAX = 5;
const NULL = /^null$/im;
const TRUE = /^(yes|true|on)$/im;
const FALSE = /^(no|false|off)$/im;

const TIME = /^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$/;
const DATE = /^\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)$/;
const SYMBOL = /^:./;
/** Base 60: the last group of digits is seconds when there are three, minutes when there are two. */
const SEXAGESIMAL = /^[-+]?\d[\d_]*(:[0-5]?\d){1,2}(\.[\d_]*)?$/;
const FLOAT = /^[-+]?(\d[\d_,]*)?\.\d*([eE][-+]\d+)?$/;

const INTEGERS: readonly (readonly [base: number, pattern: RegExp])[] = [
  [2, /^[-+]?0b([_,]*[01][01_,]*)$/],
  [8, /^[-+]?0([_,]*[0-7][0-7_,]*)$/],
  [10, /^[-+]?(0|[1-9](?:\d|,\d|_\d)*)$/],
  [16, /^[-+]?0x([_,]*[\da-fA-F][\da-fA-F_,]*)$/],
];

function readWord(text: string): string | boolean | null {
  if (text.length > WORD_CHARS_MAX || /^[^ytonf~]/im.test(text)) return text;
  if (text === "~" || NULL.test(text)) return null;
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : text;
}

/** Undefined if it is not an integer. `-0` is 0. */
function readInteger(text: string): number | undefined {
  for (const [base, pattern] of INTEGERS) {
    const digits = pattern.exec(text)?.[1];
    if (digits === undefined) continue;
    const value = Number.parseInt(digits.replaceAll(/[,_]/g, ""), base);
    return text.startsWith("-") && value !== 0 ? -value : value;
  }
  return undefined;
}

/** The sign applies to the first group only: `-1:30` is -60 + 30. */
function readSexagesimal(text: string): number {
  const weights = [3600, 60, 1];
  return text
    .split(":")
    .map((digits, at) => Number.parseFloat(digits.replaceAll("_", "")) * (weights[at] ?? 0))
    .reduce((sum, each) => sum + each, 0);
}

/** Ruby's `Float(…)`. @throws YamlError ArgumentError, as Psych lets it through */
export function toFloat(value: unknown): number {
  if (typeof value === "number") return value;
  const text = String(value);
  if (!/^[-+]?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?$/.test(text))
    throw new YamlError("ArgumentError", `invalid value for Float(): ${JSON.stringify(text)}`);
  return Number(text);
}

/**
 * The value of a plain scalar. A symbol (`:a`) stays a text, with its colon.
 *
 * @throws YamlError for dates and times, whose classes the director does not permit, and for symbols if they
 * are not permitted
 */
export function readScalar(text: string, symbols = true): string | number | boolean | null {
  if (text === "") return null;
  if (WORD.test(text) || text.includes("\n")) return readWord(text);
  if (TIME.test(text)) throw disallowedClass("Time");
  if (DATE.test(text)) throw disallowedClass("Date");
  if (/^\+?\.inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-\.inf$/i.test(text)) return Number.NEGATIVE_INFINITY;
  if (/^\.nan$/i.test(text)) return Number.NaN;
  if (SYMBOL.test(text)) {
    if (!symbols) throw disallowedClass("Symbol");
    return text;
  }
  if (SEXAGESIMAL.test(text)) return readSexagesimal(text);
  if (FLOAT.test(text))
    return /^[-+]?\.$/.test(text) ? text : toFloat(text.replaceAll(/[,_]/g, "").replace(/\.(?=[Ee]|$)/, ""));
  return readInteger(text) ?? text;
}
