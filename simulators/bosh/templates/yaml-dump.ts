import { isHash } from "../configs/fields.ts";
import { readScalar } from "./yaml-scalars.ts";
import { YamlError } from "./yaml-errors.ts";

/* YAML as Ruby's Psych writes it (psych 5.3, yaml_tree.rb): clients see it in diffs and in stored configs. */

/**
 * Whether Psych would read this plain text as something other than a text. `08` is a text to Psych, which
 * quotes it for the sake of other readers.
 */
function isReadOtherwise(text: string): boolean {
  if (/^0[0-7]*[89]/.test(text)) return true;
  try {
    return typeof readScalar(text) !== "string";
  } catch (error) {
    if (error instanceof YamlError) return true;
    throw error;
  }
}

/** Texts that libyaml can't write without quotes, because they would end the scalar or begin something else. */
const NOT_PLAIN = /: |:$| #|^\s|\s$/;

/** One scalar. */
function dumpScalar(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  if (value === "") return "''";
  // Unquoted, it would be read as a merge key.
  if (value === "<<") return "!!str '<<'";
  // `y` and `n` are booleans to other readers of YAML 1.1, not to Psych.
  if (/^[yn]$/i.test(value) || /^[^\p{L}\p{M}\p{N}\p{Pc}][^"]*$/u.test(value)) return JSON.stringify(value);
  const isQuoted = isReadOtherwise(value) || NOT_PLAIN.test(value);
  return isQuoted ? `'${value.replaceAll("'", "''")}'` : value;
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

/** A document, including its `---` line. */
export const dumpYaml = (value: unknown): string => `---\n${dumpLines(value).join("\n")}\n`;
