/**
 * A JSON value as Python prints it. Error messages of OpenStack quote values by `repr` (in lists, dicts and JSON Schema
 * messages) or by `str` (a bare string has no quotes).
 */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value)
      .map(([key, item]) => `${quote(key)}: ${repr(item)}`)
      .join(", ")}}`;
  }
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  return String(value);
}

/** As `repr`, but a string stands for itself. */
export const str = (value: unknown): string => (typeof value === "string" ? value : repr(value));

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A string literal of Python. */
export function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === mark) out += `\\${char}`;
    else if (ESCAPES[char] !== undefined) out += ESCAPES[char];
    else if (code < 32 || (code >= 127 && code < 161)) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += char;
  }
  return mark + out + mark;
}
