import { bodyText } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { type Schema, validate, type ValueOf } from "../../schema/index.ts";
import { holdsAt, readTables, type RequestRow } from "../../request-tables.ts";
import { badRequest } from "./errors.ts";
import RAW from "./requests.json" with { type: "json" };
import type { CinderCall } from "./request.ts";
import { FORMATS } from "./formats.ts";
import { repr, str } from "../../python/repr.ts";
import { ERRED } from "../../webob.ts";

const TABLES = readTables(RAW);

/** The rows of a route, found once. */
export const tableOf = TABLES.rowsOf;

/** The member `name` of the body, if it fits the schema. @throws Refusal 400, 415, 500 for a body without a length */
export function requireMember<const S extends Schema>(call: CinderCall, name: string, schema: S): ValueOf<S> {
  const body = readBody(call);
  const whole = {
    type: "object",
    properties: { [name]: schema },
    required: [name],
    additionalProperties: true,
  } as const;
  checkValue(whole, body);
  const member: unknown = body[name];
  checkValue(schema, member);
  return member;
}

/** The body, if it fits the schema. @throws Refusal 400, 415, 500 */
export function requireBody<const S extends Schema>(call: CinderCall, schema: S): ValueOf<S> {
  const body = readBody(call);
  checkValue(schema, body);
  return body;
}

/** @throws Refusal 400 with Cinder's sentence about the first failure */
function checkValue<const S extends Schema>(schema: S, value: unknown): asserts value is ValueOf<S> {
  const failure = validate(schema, value, FORMATS);
  if (failure === undefined) return;
  // Formats with messages of their own are exceptions of the service.
  const isOwn = failure.keyword === "format" && !failure.message.endsWith(` is not a ${repr(failure.schema.format)}`);
  if (failure.path.length === 0 || isOwn) throw badRequest(failure.message);
  const field = failure.path.at(-1);
  throw badRequest(`Invalid input for field/attribute ${field}. Value: ${str(failure.value)}. ${failure.message}`);
}

/** Checks the body by the tables of the request. @throws Refusal 400, 415, 500 */
export function checkRequest(call: CinderCall, rows: readonly RequestRow[]): void {
  if (rows.length === 0) return;
  const body = readBody(call);
  const isAction = rows.some(({ action }) => action !== undefined);
  const names = typeof body === "object" && body !== null ? Object.keys(body) : [];
  if (isAction && (names.length !== 1 || Array.isArray(body))) throw badRequest("Malformed request body");
  for (const row of rows) {
    if (row.action !== (isAction ? names[0] : undefined) || !holdsAt(row, call.version)) continue;
    const schema = TABLES.schemaFor(row.body, call.version);
    if (schema !== undefined) checkValue(schema, body);
  }
}

/** The name of the action in a body, and what it holds. The first member counts. @throws Refusal 400, 415, 500 */
export function readAction(call: CinderCall): readonly [name: string, fields: unknown] {
  const body = readBody(call);
  const [first] = typeof body === "object" && body !== null ? Object.entries(body) : [];
  return first ?? ["", undefined];
}

/** The body as JSON. @throws Refusal 400, 415, 500 for a body without a length */
function readBody(call: CinderCall): unknown {
  const { request } = call.context;
  // It reads a body without a length as empty, and fails on that.
  if (request.body.length === 0) throw new Refusal(500, "computeFault", ERRED);
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim();
  if (type !== "application/json") throw new Refusal(415, "badMediaType", "Unsupported Content-Type");
  try {
    return JSON.parse(bodyText(request));
  } catch {
    throw badRequest("Malformed request body");
  }
}

const TEXT_CHARS_MAX = 255;

interface Texts {
  readonly name?: string | null;
  readonly description?: string | null;
  readonly display_name?: string | null;
  readonly display_description?: string | null;
}

/** Names and descriptions, trimmed; what is longer is refused after the schema. @throws Refusal 400 */
export function readTexts(fields: Texts): Pick<Texts, "name" | "description"> {
  for (const key of ["name", "display_name", "description", "display_description"] as const) {
    const count = Array.from(fields[key] ?? "").length;
    if (count > TEXT_CHARS_MAX)
      throw badRequest(`Invalid input received: ${key} has ${count} characters, more than 255.`);
  }
  const name = trim(fields.name ?? fields.display_name ?? fields.name);
  const description = trim(fields.description ?? fields.display_description ?? fields.description);
  return { ...(name !== undefined && { name }), ...(description !== undefined && { description }) };
}

const trim = (value: string | null | undefined): string | null | undefined =>
  typeof value === "string" ? value.trim() : value;
