/** Compiled patterns, by their source. Only our own schemas have patterns, so there are few. */
const PATTERNS = new Map<string, RegExp>();

/** The compiled expression of a schema's `pattern`. */
export function compilePattern(source: string): RegExp {
  let compiled = PATTERNS.get(source);
  if (compiled === undefined) PATTERNS.set(source, (compiled = new RegExp(source, "u")));
  return compiled;
}
