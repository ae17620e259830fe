import { RE2JS, RE2JSException } from "re2js";

/** The longest pattern from a client, in characters: matching takes time in proportion to the pattern times the text. */
export const PATTERN_CHARS_MAX = 4096;

/** A compiled pattern. It matches in time linear in the text, whatever the pattern, so no client's pattern stops the others. */
export interface Pattern {
  /** Whether any part of the text matches. */
  readonly test: (text: string) => boolean;
  /** The first part that matches and its groups, unmatched ones as empty texts; `undefined` when no part matches. */
  readonly groups: (text: string) => readonly string[] | undefined;
}

interface PatternOptions {
  /** Default false. */
  readonly ignoresCase?: boolean;
}

/**
 * Compiles a regular expression in RE2's syntax, which is Go's: Perl's without back-references and look-around, which can't be matched in
 * linear time. The error is worded as Go words it.
 */
export function compilePattern(
  source: string,
  { ignoresCase = false }: PatternOptions = {},
): { readonly ok: true; readonly pattern: Pattern } | { readonly ok: false; readonly error: string } {
  if (source.length > PATTERN_CHARS_MAX)
    return { ok: false, error: `error parsing regexp: expression too large: over ${PATTERN_CHARS_MAX} characters` };
  try {
    return { ok: true, pattern: patternOf(RE2JS.compile(source, ignoresCase ? RE2JS.CASE_INSENSITIVE : 0)) };
  } catch (error) {
    if (error instanceof RE2JSException) return { ok: false, error: error.message };
    throw error;
  }
}

const patternOf = (compiled: RE2JS): Pattern => ({
  test: (text) => compiled.test(text),
  groups: (text) => {
    const matcher = compiled.matcher(text);
    if (!matcher.find()) return undefined;
    return Array.from({ length: matcher.groupCount() + 1 }, (_none, group) => matcher.group(group) ?? "");
  },
});

/**
 * Whether the whole text matches a pattern in which `*` stands for anything, even nothing. As it backtracks only to the last `*`, it takes
 * at most the product of both lengths.
 */
export function globFits(pattern: string, text: string, { ignoresCase = false }: PatternOptions = {}): boolean {
  const [wanted, given] = ignoresCase ? [pattern.toLowerCase(), text.toLowerCase()] : [pattern, text];
  let [at, star, resume] = [0, -1, 0];
  for (let read = 0; read < given.length; ) {
    if (wanted[at] === "*") {
      star = at++;
      resume = read;
    } else if (at < wanted.length && wanted[at] === given[read]) {
      at++;
      read++;
    } else if (star >= 0) {
      at = star + 1;
      read = ++resume;
    } else return false;
  }
  while (wanted[at] === "*") at++;
  return at === wanted.length;
}
