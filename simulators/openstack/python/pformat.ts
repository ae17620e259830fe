import { quote, repr } from "./repr.ts";

/** A JSON value as Python's `pprint.pformat(value, width=…)` lays it out: what jsonschema's long error messages hold. */
export function pformat(value: unknown, width = 80): string {
  return layOut(value, width, 0, 0, 1);
}

const sortedRepr = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(sortedRepr).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${sortedEntries(value)
      .map(([key, item]) => `${quote(key)}: ${sortedRepr(item)}`)
      .join(", ")}}`;
  return repr(value);
};

const sortedEntries = (value: object): [string, unknown][] =>
  Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

function layOut(value: unknown, width: number, indent: number, allowance: number, level: number): string {
  const flat = sortedRepr(value);
  if (flat.length <= width - indent - allowance) return flat;
  if (typeof value === "string") return layOutText(value, width, indent, allowance, level);
  if (typeof value !== "object" || value === null) return flat;
  const inner = indent + 1;
  const separator = `,\n${" ".repeat(inner)}`;
  if (Array.isArray(value)) {
    const parts = value.map((item, at) =>
      layOut(item, width, inner, at === value.length - 1 ? allowance + 1 : 1, level + 1),
    );
    return `[${parts.join(separator)}]`;
  }
  const entries = sortedEntries(value);
  const parts = entries.map(([key, item], at) => {
    const name = quote(key);
    const room = at === entries.length - 1 ? allowance + 1 : 1;
    return `${name}: ${layOut(item, width, inner + name.length + 2, room, level + 1)}`;
  });
  return `{${parts.join(separator)}}`;
}

/** Splits a long string between words into adjacent literals. */
function layOutText(value: string, width: number, indentOf: number, allowanceOf: number, level: number): string {
  const [indent, allowance] = level === 1 ? [indentOf + 1, allowanceOf + 1] : [indentOf, allowanceOf];
  const words = value.match(/\S*\s*/g)?.filter((word) => word !== "") ?? [];
  const chunks: string[] = [];
  let current = "";
  for (const [at, word] of words.entries()) {
    const room = width - indent - (at === words.length - 1 ? allowance : 0);
    if (quote(current + word).length > room) {
      if (current !== "") chunks.push(quote(current));
      current = word;
    } else current += word;
  }
  if (current !== "") chunks.push(quote(current));
  if (chunks.length === 1) return quote(value);
  const joined = chunks.join(`\n${" ".repeat(indent)}`);
  return level === 1 ? `(${joined})` : joined;
}
