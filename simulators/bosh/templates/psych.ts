import { isHash } from "../configs/fields.ts";
/*
 * YAML as Ruby's Psych writes and refuses it: clients see it in diffs, in stored configs and in error messages.
 */
const NUMBER = /^[-+]?(\d[\d_,]*)?(\.\d*)?([eE][-+]?\d+)?$/;
const WORD = /^(true|false|yes|no|on|off|null|~|y|n)$/i;
const TIME = /^\d{4}-\d\d?-\d\d?/;

/** One scalar. */
function dumpScalar(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  if (value === "") return "''";
  if (value === "y" || value === "n" || /^[^\w][^"]*$/.test(value)) return JSON.stringify(value);
  const isAmbiguous =
    (NUMBER.test(value) && /\d/.test(value)) || WORD.test(value) || TIME.test(value) || /^0[xo]/.test(value);
  return isAmbiguous || /: |:$| #|^\s|\s$/.test(value) ? `'${value.replaceAll("'", "''")}'` : value;
}

/** The lines of a value in block style, lists not indented under their key. */
export function dumpLines(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.length === 0 ? ["[]"] : value.flatMap((each) => dumpItem(each));
  if (isHash(value)) {
    const entries = Object.entries(value);
    return entries.length === 0 ? ["{}"] : entries.flatMap(([key, each]) => dumpPair(key, each));
  }
  return [dumpScalar(value)];
}

function dumpItem(value: unknown): readonly string[] {
  const [first = "", ...rest] = dumpLines(value);
  return [`- ${first}`.trimEnd(), ...rest.map((line) => `  ${line}`)];
}

function dumpPair(key: string, value: unknown): readonly string[] {
  const name = dumpScalar(key);
  const isBlock = (Array.isArray(value) && value.length > 0) || (isHash(value) && Object.keys(value).length > 0);
  if (!isBlock) {
    if (typeof value === "string" && value.includes("\n"))
      return [
        `${name}: |${value.endsWith("\n") ? "" : "-"}`,
        ...value
          .trimEnd()
          .split("\n")
          .map((line) => `  ${line}`),
      ];
    return [`${name}: ${dumpLines(value)[0] ?? ""}`.trimEnd()];
  }
  const indent = Array.isArray(value) ? "" : "  ";
  return [`${name}:`, ...dumpLines(value).map((line) => `${indent}${line}`)];
}

/** A document, with its head. */
export const dumpYaml = (value: unknown): string => `---\n${dumpLines(value).join("\n")}\n`;

/** What libyaml says of a text that it can't parse. Only the common cases have its exact words. */
export function syntaxError(text: string, message: string): string {
  const lines = text.split("\n");
  const last = lines.at(-1) === "" ? lines.length : lines.length + 1;
  const opens = (text.match(/[[{]/g) ?? []).length;
  const closes = (text.match(/[\]}]/g) ?? []).length;
  if (opens > closes)
    return `(<unknown>): did not find expected node content while parsing a flow node at line ${last} column 1`;
  const at = /at line (\d+), column (\d+)/.exec(message);
  return `(<unknown>): did not find expected key while parsing a block mapping at line ${at?.[1] ?? 1} column ${at?.[2] ?? 1}`;
}
