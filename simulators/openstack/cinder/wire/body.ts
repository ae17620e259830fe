import { bodyText } from "../../../kernel/index.ts";
import { str } from "../../common/python.ts";
import { Refusal } from "../../common/refusal.ts";
import { type Schema, validate } from "../../common/schema.ts";
import { ERRED } from "../../common/webob.ts";
import { badRequest } from "./errors.ts";
import type { CinderCall } from "./request.ts";
import { FORMATS } from "./schemas.ts";

/** The member `name` of the body, if it fits. @throws Refusal 400, 415 */
export function requireMember(call: CinderCall, name: string, schema: Schema): Record<string, unknown> {
  const whole = { type: "object", properties: { [name]: schema }, required: [name], additionalProperties: true };
  return (requireBody(call, whole) as Record<string, Record<string, unknown>>)[name] ?? {};
}

/** The body, if it fits. @throws Refusal 400 */
export function requireBody(call: CinderCall, schema: Schema): Record<string, unknown> {
  const body = readBody(call);
  const failure = validate(schema, body, FORMATS);
  if (failure === undefined) return body as Record<string, unknown>;
  if (failure.path.length === 0) throw badRequest(failure.message);
  const field = failure.path.at(-1);
  throw badRequest(`Invalid input for field/attribute ${field}. Value: ${str(failure.value)}. ${failure.message}`);
}

export function readBody(call: CinderCall): unknown {
  const { request } = call.context;
  // It reads nothing into a body of no length, and trips over the nothing.
  if (request.body.length === 0) throw new Refusal(500, "computeFault", ERRED);
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim();
  if (type !== "application/json") throw new Refusal(415, "badMediaType", "Unsupported Content-Type");
  try {
    return JSON.parse(bodyText(request));
  } catch {
    throw badRequest("Malformed request body");
  }
}

const TEXT_MAX = 255;

/** Names and descriptions; what is longer is refused after the schema. @throws Refusal 400 */
export function readTexts(fields: Readonly<Record<string, unknown>>): {
  readonly name: string | null | undefined;
  readonly description: string | null | undefined;
} {
  for (const key of ["name", "display_name", "description", "display_description"]) {
    const value = fields[key];
    if (typeof value === "string" && Array.from(value).length > TEXT_MAX)
      throw badRequest(`Invalid input received: ${key} has ${Array.from(value).length} characters, more than 255.`);
  }
  const pick = (key: string): string | null | undefined =>
    (fields[key] ?? fields[`display_${key}`] ?? fields[key]) as string | null | undefined;
  return { name: trim(pick("name")), description: trim(pick("description")) };
}

const trim = (value: string | null | undefined): string | null | undefined =>
  typeof value === "string" ? value.trim() : value;
