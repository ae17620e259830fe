/**
 * A JSON value as Python prints it. Error messages of OpenStack quote values by `repr` (in lists, dicts and JSON Schema
 * messages) or by `str` (a bare string has no quotes).
 */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value)
      .map(([key, item]) => `${quoted(key)}: ${repr(item)}`)
      .join(", ")}}`;
  }
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  return `${value as number}`;
}

/** As `repr`, but a string is itself. */
export const str = (value: unknown): string => (typeof value === "string" ? value : repr(value));

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === quote) out += `\\${char}`;
    else if (ESCAPES[char] !== undefined) out += ESCAPES[char];
    else if (code < 32 || (code >= 127 && code < 161)) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += char;
  }
  return quote + out + quote;
}

/** A JSON value as Python's `pprint.pformat(value, width=…)` lays it out: what jsonschema's long error messages hold. */
export function pformat(value: unknown, width = 80): string {
  return layOut(value, width, 0, 0, 1);
}

const sortedRepr = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(sortedRepr).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${sortedEntries(value)
      .map(([key, item]) => `${quoted(key)}: ${sortedRepr(item)}`)
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
    const name = quoted(key);
    const room = at === entries.length - 1 ? allowance + 1 : 1;
    return `${name}: ${layOut(item, width, inner + name.length + 2, room, level + 1)}`;
  });
  return `{${parts.join(separator)}}`;
}

/** A long string is cut between words, into literals that stand side by side. */
function layOutText(value: string, width: number, indentOf: number, allowanceOf: number, level: number): string {
  const [indent, allowance] = level === 1 ? [indentOf + 1, allowanceOf + 1] : [indentOf, allowanceOf];
  const words = value.match(/\S*\s*/g)?.filter((word) => word !== "") ?? [];
  const chunks: string[] = [];
  let current = "";
  for (const [at, word] of words.entries()) {
    const room = width - indent - (at === words.length - 1 ? allowance : 0);
    if (quoted(current + word).length > room) {
      if (current !== "") chunks.push(quoted(current));
      current = word;
    } else current += word;
  }
  if (current !== "") chunks.push(quoted(current));
  if (chunks.length === 1) return quoted(value);
  const joined = chunks.join(`\n${" ".repeat(indent)}`);
  return level === 1 ? `(${joined})` : joined;
}

/** `json.dumps` with its defaults: blanks after `,` and `:`, nothing but ASCII. */
export function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, each]) => `${dumps(key)}: ${dumps(each)}`)
      .join(", ")}}`;
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
