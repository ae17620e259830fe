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

/** Like `repr`, but a string stands for itself. */
export const str = (value: unknown): string => (typeof value === "string" ? value : repr(value));

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Characters that Python does not print: control, format and unassigned ones, and all blanks but the space. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

function escapeOf(code: number): string {
  const digits = code.toString(16);
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}

/** A string literal of Python. */
export function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === mark) out += `\\${char}`;
    else if (ESCAPES[char] !== undefined) out += ESCAPES[char];
    else if (char !== " " && UNPRINTABLE.test(char)) out += escapeOf(code);
    else out += char;
  }
  return mark + out + mark;
}
