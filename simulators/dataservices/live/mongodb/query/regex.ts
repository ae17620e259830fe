import { BSONRegExp, BSONSymbol } from "bson";
import { compilePattern } from "../../../../kernel/index.ts";
import type { Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

const OPTIONS = /^[imsxu]*$/;

/**
 * Compiles a regular expression. Clients' patterns run in RE2, in time linear in the text; features that only
 * PCRE has (lookaround, back-references) are refused.
 *
 * @throws ServerError 51091
 */
export function compileRegex(pattern: string, options: string): (value: Value) => boolean {
  if (!OPTIONS.test(options)) throw new ServerError(51108, `invalid flag in regex options: ${options}`);
  const flags = [...new Set(options)].filter((flag) => "ims".includes(flag)).join("");
  const source = options.includes("x") ? withoutSpace(pattern) : pattern;
  const compiled = compilePattern(flags === "" ? source : `(?${flags})${source}`);
  if (!compiled.ok)
    throw new ServerError(51091, `Regular expression is invalid, or not simulated here: ${compiled.error}`);
  return (value) => {
    if (value instanceof BSONRegExp) return value.pattern === pattern && value.options === options;
    if (value instanceof BSONSymbol) return compiled.pattern.test(value.value);
    return typeof value === "string" && compiled.pattern.test(value);
  };
}

/** A pattern with the option `x`: white space and comments outside classes are ignored. */
function withoutSpace(pattern: string): string {
  return pattern.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]|\s+|#[^\n]*/gs, (part) => (/^(\s|#)/.test(part) ? "" : part));
}
