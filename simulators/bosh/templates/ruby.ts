/** Ruby's `inspect` (3.4 style) of parsed YAML, as the director's validation messages print it. */
export function inspect(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (typeof value === "string") return inspectText(value);
  if (Array.isArray(value)) return `[${value.map(inspect).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, each]) => `${inspect(key)} => ${inspect(each)}`)
      .join(", ")}}`;
  return String(value);
}

/** Escapes that Ruby has and JSON lacks. */
const ESCAPES: Readonly<Record<string, string>> = { "\\u0007": "\\a", "\\u000b": "\\v", "\\u001b": "\\e" };

const inspectText = (text: string): string =>
  JSON.stringify(text)
    .replace(/\\u00[01][0-9a-f]/g, (code) => ESCAPES[code] ?? code.replace(/[a-f]$/, (digit) => digit.toUpperCase()))
    .replaceAll("\u007f", "\\u007F")
    .replace(/#(?=[{$@])/g, "\\#");

/** The name of Ruby's class for a value of JSON. */
export function rubyClass(value: unknown): string {
  if (value === null || value === undefined) return "NilClass";
  if (Array.isArray(value)) return "Array";
  if (typeof value === "boolean") return value ? "TrueClass" : "FalseClass";
  if (typeof value === "number") return Number.isInteger(value) ? "Integer" : "Float";
  return typeof value === "string" ? "String" : "Hash";
}

/** A value as Ruby's NoMethodError names its receiver. */
export function rubyInstance(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  return typeof value === "boolean" ? String(value) : `an instance of ${rubyClass(value)}`;
}

/** A value as Ruby's TypeError names it. */
export const rubyNoun = (value: unknown): string =>
  value === null || value === undefined ? "nil" : typeof value === "boolean" ? String(value) : rubyClass(value);

/** A scalar as Ruby's `to_s` writes it; undefined for anything else. */
export function rubyText(value: unknown): string | undefined {
  if (value === null || value === undefined) return "";
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  return typeof value === "number" && Number.isInteger(value) ? String(value) : undefined;
}

/** A value as Ruby's `to_s` writes it. */
export const toRubyText = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "object" ? inspect(value) : String(value);

/** Whether a value is true to Ruby. */
export const isTruthy = (value: unknown): boolean => value !== undefined && value !== null && value !== false;
