import { bodyText } from "../../../kernel/index.ts";
import { str } from "../../common/python.ts";
import { Refusal } from "../../common/refusal.ts";
import { type Schema, type SchemaFailure, validate } from "../../common/schema.ts";
import { badRequest } from "./errors.ts";
import { FORMATS } from "./formats.ts";
import type { NovaCall } from "./request.ts";

/** The check of names raises an error of its own, which is shown as it is. */
const isBadName = ({ keyword, schema }: SchemaFailure): boolean => keyword === "format" && schema.format === "name";

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

/** The body, if it fits. Under /v2 what is unknown is dropped. @throws Refusal 400 */
export function requireBody(call: NovaCall, schema: Schema): Record<string, unknown> {
  const body = readBody(call);
  checkValue(call, schema, body);
  return body as Record<string, unknown>;
}

export function checkValue(call: NovaCall, schema: Schema, value: unknown): void {
  for (;;) {
    const failure = validate(schema, value, FORMATS);
    if (failure === undefined) return;
    if (!call.isLegacy || !dropUnknownMembers(failure)) throw badRequest(failureMessage(failure, "field/attribute"));
  }
}

/** Takes away unexpected members; answers whether that was the failure. */
function dropUnknownMembers({ keyword, value, schema }: SchemaFailure): boolean {
  if (keyword !== "additionalProperties" || typeof value !== "object" || value === null) return false;
  const before = Object.keys(value).length;
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(schema.properties ?? {}, name)) delete (value as Record<string, unknown>)[name];
  }
  return Object.keys(value).length < before;
}
