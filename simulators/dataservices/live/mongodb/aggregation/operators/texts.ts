import { BSONRegExp } from "bson";
import { RE2JS, RE2JSException } from "re2js";
import { PATTERN_CHARS_MAX } from "../../../../../kernel/index.ts";
import { isDocument, typeOf, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { isNothing } from "../scope.ts";
import { ANY, type FunctionTable, ONE } from "./table.ts";

/** The most characters in a text that an operator creates: more would not fit a document. */
const TEXT_CHARS_MAX = 16 * 1024 * 1024;

function concatenate(values: readonly Value[]): Value {
  if (values.some(isNothing)) return null;
  const texts = values.map((each) => {
    if (typeof each !== "string") throw new ServerError(16702, `$concat only supports strings, not ${typeOf(each)}`);
    return each;
  });
  if (texts.reduce((length, text) => length + text.length, 0) > TEXT_CHARS_MAX)
    throw new ServerError("ExceededMemoryLimit", `a text of over ${TEXT_CHARS_MAX} characters`);
  return texts.join("");
}

interface Search {
  readonly text: string | undefined;
  readonly pattern: RE2JS;
}

const FLAGS: Readonly<Record<string, number>> = { i: RE2JS.CASE_INSENSITIVE, m: RE2JS.MULTILINE, s: RE2JS.DOTALL };

/** Clients' patterns run in RE2: see `query/regex.ts`. */
function compileSearch(given: Value): Search {
  const { input, regex, options } = isDocument(given) ? given : {};
  const pattern = regex instanceof BSONRegExp ? regex.pattern : regex;
  const flags = regex instanceof BSONRegExp && isNothing(options) ? regex.options : (options ?? "");
  if (typeof pattern !== "string" || typeof flags !== "string" || pattern.length > PATTERN_CHARS_MAX)
    throw new ServerError(51105, "the operator needs 'regex' to be a text or a regular expression");
  if (!isNothing(input) && typeof input !== "string")
    throw new ServerError(51104, "the operator needs 'input' to be a text");
  try {
    return {
      text: input ?? undefined,
      pattern: RE2JS.compile(
        pattern,
        Array.from(flags).reduce((bits, flag) => bits | (FLAGS[flag] ?? 0), 0),
      ),
    };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new ServerError(51111, `Invalid Regex, or not simulated here: ${error.message}`);
  }
}

/** The most matches of one search; no text would have more. */
const FINDS_MAX = 100_000;

function finds({ text, pattern }: Search, most: number): readonly Value[] {
  if (text === undefined) return [];
  const matcher = pattern.matcher(text);
  const all: Value[] = [];
  while (all.length < most && matcher.find()) {
    const captures = Array.from({ length: matcher.groupCount() }, (_none, at) => matcher.group(at + 1) ?? null);
    // The server counts code points.
    const idx = Array.from(text.slice(0, matcher.start())).length;
    all.push({ match: matcher.group(0) ?? "", idx, captures });
  }
  return all;
}

/** Texts. */
export const TEXTS: FunctionTable = {
  $concat: { arity: ANY, apply: concatenate },
  $regexMatch: {
    arity: ONE,
    apply: ([given]) => finds(compileSearch(given), 1).length > 0,
  },
  $regexFind: { arity: ONE, apply: ([given]) => finds(compileSearch(given), 1)[0] ?? null },
  $regexFindAll: { arity: ONE, apply: ([given]) => finds(compileSearch(given), FINDS_MAX) },
};
