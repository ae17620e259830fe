/** Go escapes these in JSON, so that it can be embedded in HTML. */
const ESCAPED: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};
const HTML = /[<>&\u2028\u2029]/g;
const INDENT = "    ";

/** JSON as Go writes it: `pretty` is indented by four spaces. A bigint is written as a number. */
export function printJson(value: unknown, pretty: boolean): string {
  return printValue(value, pretty ? "\n" : "");
}

const printString = (text: string): string =>
  JSON.stringify(text).replace(HTML, (character) => ESCAPED[character] ?? character);

function printNumber(value: number): string {
  const text = String(value);
  // Go pads an exponent to two digits.
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

function printValue(value: unknown, line: string): string {
  if (typeof value === "string") return printString(value);
  if (typeof value === "number") return printNumber(value);
  if (typeof value === "bigint") return value.toString();
  if (value === null || value === undefined) return "null";
  if (typeof value !== "object") return String(value);
  const inner = line === "" ? "" : line + INDENT;
  const colon = line === "" ? ":" : ": ";
  const [open, close, parts] = Array.isArray(value)
    ? ["[", "]", value.map((item) => printValue(item, inner))]
    : ["{", "}", printMembers(value, inner, colon)];
  if (parts.length === 0) return open + close;
  return `${open}${inner}${parts.join(`,${inner}`)}${line}${close}`;
}

function printMembers(value: object, inner: string, colon: string): string[] {
  const parts: string[] = [];
  for (const [key, member] of Object.entries(value))
    if (member !== undefined) parts.push(`${printString(key)}${colon}${printValue(member, inner)}`);
  return parts;
}
