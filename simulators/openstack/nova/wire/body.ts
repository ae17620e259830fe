import { bodyText } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { type Schema, type SchemaFailure, validate, type ValueOf } from "../../schema/index.ts";
import { badRequest } from "./errors.ts";
import { FORMATS } from "./formats.ts";
import type { NovaCall } from "./request.ts";
import { str } from "../../python/repr.ts";

/** The check of names raises an error of its own, whose text is shown as it is. */
const isBadName = ({ keyword, schema }: SchemaFailure): boolean =>
  keyword === "format" && /name/.test(schema.format ?? "");

/** Nova's sentence about a body that does not fit its schema. */
export function failureMessage(failure: SchemaFailure, what: string): string {
  if (failure.path.length === 0 || isBadName(failure)) return failure.message;
  const name = failure.path.at(-1);
  return `Invalid input for ${what} ${name}. Value: ${str(failure.value)}. ${failure.message}`;
}

/** The body as JSON. @throws Refusal 400, 415 */
export function readBody(call: NovaCall): unknown {
  const { request } = call.context;
  const type = (request.headers["content-type"] || "application/json").split(";")[0]?.trim();
  if (type !== "application/json" && type !== "text/plain")
    throw new Refusal(415, "badMediaType", "Unsupported Content-Type");
  if (request.body.length === 0) return null;
  try {
    return JSON.parse(bodyText(request));
  } catch {
    throw badRequest("Malformed request body");
  }
}

/** The body, if it fits the schema. Under /v2 unknown members are dropped. @throws Refusal 400, 415 */
export function requireBody<const S extends Schema>(call: NovaCall, schema: S): ValueOf<S> {
  const body = readBody(call);
  checkValue(call, schema, body);
  return body;
}

/** @throws Refusal 400 with Nova's sentence about the first failure */
export function checkValue<const S extends Schema>(
  call: NovaCall,
  schema: S,
  value: unknown,
): asserts value is ValueOf<S> {
  for (;;) {
    const failure = validate(schema, value, FORMATS);
    if (failure === undefined) return;
    if (!call.isLegacy || !dropUnknownMembers(failure)) throw badRequest(failureMessage(failure, "field/attribute"));
  }
}

/** Removes unexpected members; returns whether they were the failure. */
function dropUnknownMembers({ keyword, value, schema }: SchemaFailure): boolean {
  if (keyword !== "additionalProperties" || typeof value !== "object" || value === null) return false;
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(schema.properties ?? {}, name));
  for (const name of unknown) Reflect.deleteProperty(value, name);
  return unknown.length > 0;
}
