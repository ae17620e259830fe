import { pformat, repr } from "../python/index.ts";
import type { SchemaFailure } from "./schema.ts";

/** The width to which schema and value are laid out, in columns. */
const WIDTH = 72;

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

const subscripts = (path: readonly (string | number)[]): string => path.map((part) => `[${repr(part)}]`).join("");

/** A failure in the long form of Python's jsonschema: what failed, the schema that it fails, the value. */
export function explainFailure({ message, keyword, schemaPath, schema, path, value }: SchemaFailure): string {
  return [
    message,
    "",
    `Failed validating ${repr(keyword)} in schema${subscripts(schemaPath)}:`,
    indent(pformat(schema, WIDTH)),
    "",
    `On instance${subscripts(path)}:`,
    indent(pformat(value, WIDTH)),
  ].join("\n");
}
