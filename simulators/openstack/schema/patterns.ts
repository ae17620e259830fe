/** Compiled patterns, by their source. Only our own schemas have patterns, so there are few. */
const PATTERNS = new Map<string, RegExp>();

/** Characters that Python escapes although they never need it: JavaScript refuses the backslash. */
const NEEDLESS_ESCAPE = /\\([^A-Za-z0-9^$\\.*+?()[\]{}|/-])/gu;

const toJavaScript = (source: string): string =>
  source
    .replace(NEEDLESS_ESCAPE, (_match, char: string) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
    .replaceAll("\\Z", "$");

/** The compiled expression of a schema's `pattern`, which is one of Python's. */
export function schemaPattern(source: string): RegExp {
  let compiled = PATTERNS.get(source);
  if (compiled === undefined) PATTERNS.set(source, (compiled = new RegExp(toJavaScript(source), "u")));
  return compiled;
}
