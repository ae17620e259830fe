import { bodyText } from "../../kernel/index.ts";
import { pformat, repr } from "../python/index.ts";
import { Refusal } from "../refusal.ts";
import { type Schema, type SchemaFailure, validate } from "../schema/index.ts";
import type { Context } from "../service.ts";

const MALFORMED =
  "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.";

/** 400: something that the request must hold is not there. */
export const expecting = (attribute: string, target: string): Refusal =>
  new Refusal(400, "", `Expecting to find ${attribute} in ${target}. ${MALFORMED}`);

export const notFound = (what: string, id: string): Refusal => new Refusal(404, "", `Could not find ${what}: ${id}.`);

export const badRequest = (message: string): Refusal => new Refusal(400, "", message);

export const conflict = (type: string, details: string): Refusal =>
  new Refusal(409, "", `Conflict occurred attempting to store ${type} - ${details}.`);

export const unauthorized = (message = "The request you have made requires authentication."): Refusal =>
  new Refusal(401, "", message);

export const forbiddenAction = (action: string): Refusal =>
  new Refusal(403, "", `You are not authorized to perform the requested action: ${action}.`);

const indented = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

const indexes = (path: readonly (string | number)[]): string => path.map((part) => `[${repr(part)}]`).join("");

/** jsonschema's message with the schema and the instance printed, as Keystone passes it on. */
function explain(failure: SchemaFailure): string {
  return [
    `${failure.message}`,
    "",
    `Failed validating ${repr(failure.keyword)} in schema${indexes(failure.schemaPath)}:`,
    indented(pformat(failure.schema, 72)),
    "",
    `On instance${indexes(failure.path)}:`,
    indented(pformat(failure.value, 72)),
  ].join("\n");
}

/** @throws Refusal 400 when `value` does not fit */
export function checkSchema(schema: Schema, value: unknown): void {
  const failure = validate(schema, value);
  if (failure === undefined) return;
  const where = failure.path.length === 0 ? "" : `Invalid input for field '${failure.path.join("/")}': `;
  throw badRequest(where + explain(failure));
}

/** The body as an object; an empty body is `{}`. @throws Refusal 400 */
export function bodyOf(context: Context): Record<string, unknown> {
  const text = bodyText(context.request);
  if (text === "") return {};
  const type = context.request.headers["content-type"] ?? "";
  if (!type.toLowerCase().startsWith("application/json")) throw expecting("application/json", "Content-Type header");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw expecting("valid JSON", "request body");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw expecting("valid JSON", "request body");
  }
  return value as Record<string, unknown>;
}
