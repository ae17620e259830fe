import { bodyText } from "../../../kernel/index.ts";
import { pformat, repr } from "../../python/index.ts";
import { checkValue, isObject, type Schema, type SchemaFailure, type ValueOf } from "../../schema/index.ts";
import type { Context } from "../../service.ts";
import { badRequest, expecting } from "./errors.ts";

/** Members of a body or of one of its objects. */
export type Attributes = Readonly<Record<string, unknown>>;

/** The body as an object; an empty body is `{}`. @throws Refusal 400 */
export function readBody(context: Context): Attributes {
  const text = bodyText(context.request);
  if (text === "") return {};
  const type = context.request.headers["content-type"] ?? "";
  if (!type.toLowerCase().startsWith("application/json")) throw expecting("application/json", "Content-Type header");
  const value = parseJson(text);
  if (!isObject(value)) throw expecting("valid JSON", "request body");
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw expecting("valid JSON", "request body");
  }
}

/** A value that fits its schema, with the type that the schema says. @throws Refusal 400 that prints the schema */
export function checkBody<const S extends Schema>(schema: S, value: unknown): ValueOf<S> {
  const checked = checkValue(schema, value);
  if (checked.ok) return checked.value;
  const { failure } = checked;
  const where = failure.path.length === 0 ? "" : `Invalid input for field '${failure.path.join("/")}': `;
  throw badRequest(where + explain(failure));
}

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

const subscripts = (path: readonly (string | number)[]): string => path.map((part) => `[${repr(part)}]`).join("");

/** jsonschema's message with the schema and the instance printed, as Keystone passes it on. */
function explain({ message, keyword, schemaPath, schema, path, value }: SchemaFailure): string {
  return [
    message,
    "",
    `Failed validating ${repr(keyword)} in schema${subscripts(schemaPath)}:`,
    indent(pformat(schema, 72)),
    "",
    `On instance${subscripts(path)}:`,
    indent(pformat(value, 72)),
  ].join("\n");
}

/** The value where it is text, else `fallback`. */
export const textOr = (value: unknown, fallback = ""): string => (typeof value === "string" ? value : fallback);

/** The value where it is text, else null. */
export const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The value where it is true or false, else `fallback`. */
export const flagOr = (value: unknown, fallback: boolean): boolean => (typeof value === "boolean" ? value : fallback);
