/** Ruby's words for a text that is not JSON. */
export function jsonError(text: string, message: string): string {
  const at = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
  const before = text.slice(0, at).trimEnd().at(-1);
  const rest = text
    .slice(at)
    .replace(/[\s\S]{33,}/, (long) => long.slice(0, 32))
    .replace(/[}\]]+$/, "");
  const lines = text.slice(0, at).split("\n");
  const place = `at line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1}`;
  if (at >= text.length) return `unexpected end of input ${place}`;
  return before === "{" || before === ","
    ? `expected object key, got '${rest}' ${place}`
    : `unexpected token '${rest}' ${place}`;
}
