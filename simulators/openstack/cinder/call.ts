import { bodyText, type HttpReply, json } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { type MicroversionRange, microversionOf } from "../microversion.ts";
import { str } from "../python/index.ts";
import { EVENTLET_FRONT } from "../python/http-server.ts";
import { Refusal, refuseWith } from "../refusal.ts";
import { type Formats, type Schema, validate } from "../schema/index.ts";
import { BODY_BYTES_MAX, type Context, keystoneUnauthorized, type OpenStackRoute, type Style } from "../service.ts";
import { isUtf8, UNDECODABLE_PATH } from "../url.ts";
import { isoMicros } from "../time.ts";
import { ERRED, errorPage, NO_ROUTE } from "../webob.ts";
import type { Cinder } from "./state.ts";

export const MICROVERSIONS: MicroversionRange = { service: "volume", major: 3, minorMin: 0, minorMax: 70 };

/** A request to Cinder. */
export interface Call {
  readonly cinder: Cinder;
  readonly context: Context;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly requestId: string;
  /** The minor of 3.x. */
  readonly version: number;
}

export interface CinderRoute {
  readonly method: string;
  /** Behind `/v3` or `/v3/PROJECT`. */
  readonly path: string;
  /** First microversion that has it. */
  readonly from?: number;
  /** Admin only: the rule that the refusal names. */
  readonly admin?: string;
  readonly clients?: readonly string[];
  readonly handler: (call: Call) => HttpReply;
}

const FAULTS: Readonly<Record<number, string>> = {
  400: "badRequest",
  403: "forbidden",
  404: "itemNotFound",
  409: "conflictingRequest",
  413: "overLimit",
  415: "badMediaType",
};
export const STYLE: Style = {
  refuse: ({ status, message, extras }) =>
    json(
      status,
      { [FAULTS[status] ?? "computeFault"]: { code: status, message, ...extras.members } },
      extras.headers ?? {},
    ),
  unauthenticated: keystoneUnauthorized,
  unmatched: ({ request }) =>
    request.method === "OPTIONS"
      ? { status: 200, body: "" }
      : request.method === "HEAD"
        ? { status: 404, headers: { "Content-Type": HTML, "Content-Length": "0" } }
        : errorPage(request, 404, NO_ROUTE),
  headers: ({ requestId, request }) => ({
    "OpenStack-API-Version": `volume ${shownVersion(request.headers)}`,
    Vary: "OpenStack-API-Version",
    "X-Compute-Request-Id": requestId,
    "X-Openstack-Request-Id": requestId,
  }),
  crashed: () => json(500, { computeFault: { code: 500, message: ERRED } }),
  front: EVENTLET_FRONT,
  bodyBytesMax: BODY_BYTES_MAX,
  ignoresChunks: true,
  admit: ({ params, actor, request }) => {
    if (!isUtf8(request.path)) throw refuseWith(UNDECODABLE_PATH);
    if (!isUtf8(request.query)) throw badRequest(UNDECODABLE);
    if (params.project !== undefined && params.project !== actor.projectId) throw badRequest("Malformed request url");
  },
  isOpen: (request) => request.path === "/" || request.method === "OPTIONS",
};

const UNDECODABLE =
  "Error decoding your request. Either the URL or the request body contained characters that could not be decoded by Cinder.";

function shownVersion(headers: Readonly<Record<string, string>>): string {
  try {
    return `3.${microversionOf(MICROVERSIONS, headers)}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return /^Version (\S+)/.exec(error.message)?.[1] ?? `3.${MICROVERSIONS.minorMin}`;
  }
}

/** Every path is known with the project in front and without it. */
export function routed(cinder: Cinder, route: CinderRoute): readonly OpenStackRoute[] {
  const handler = (context: Context): HttpReply => {
    const { actor, params, query, requestId, request } = context;
    const version = microversionOf(MICROVERSIONS, request.headers);
    if (version < (route.from ?? 0)) throw notFound("The resource could not be found.");
    if (route.admin !== undefined && !actor.isAdmin) throw denied(route.admin);
    return route.handler({ cinder, context, actor, params, query, requestId, version });
  };
  const common = { method: route.method, handler, ...(route.clients && { clients: route.clients }) };
  return [
    { ...common, path: `/v3/:project${route.path}` },
    { ...common, path: `/v3${route.path}` },
  ];
}

const HTML = "text/html; charset=UTF-8";
/** An empty answer: most actions say JSON, deletions HTML. */
export const accepted = (): HttpReply => ({ status: 202, body: "", headers: { "Content-Type": "application/json" } });
export const emptied = (status = 202): HttpReply => ({ status, body: "", headers: { "Content-Type": HTML } });
export const ok = (value: unknown, status = 200): HttpReply => json(status, value);

export const badRequest = (message: string): Refusal => new Refusal(400, "badRequest", message);
export const notFound = (message: string): Refusal => new Refusal(404, "itemNotFound", message);
export const missing = (kind: string, id: string): Refusal => notFound(`${kind} ${id} could not be found.`);
export const denied = (rule: string): Refusal =>
  new Refusal(403, "forbidden", `Policy doesn't allow ${rule} to be performed.`);
/** A quota is full. Clients take 413 with Retry-After for a rate limit (docs/discoveries/openstack.md, "Rate limits and over-limit"). */
export const overLimit = (message: string): Refusal =>
  new Refusal(413, "overLimit", message, { headers: { "Retry-After": "0" }, members: { retryAfter: "0" } });

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
export const FORMATS: Formats = { uuid: (value) => typeof value !== "string" || UUID.test(value) };

/** Parts of schemas that requests share. */
export const NAME: Schema = { type: ["string", "null"] };
export const UUID_OR_NULL: Schema = { oneOf: [{ type: "string", pattern: UUID.source }, { type: "null" }] };
export const BOOLEAN: Schema = {
  oneOf: [
    { type: "boolean" },
    { type: "string", enum: ["1", "0", "true", "True", "TRUE", "false", "False", "FALSE", "yes", "no", "on", "off"] },
  ],
};
export const METADATA: Schema = {
  type: ["object", "null"],
  patternProperties: { "^[a-zA-Z0-9-_:. /]{1,255}$": { type: "string", maxLength: 255 } },
  additionalProperties: false,
};
export const STRICT_METADATA: Schema = { ...METADATA, type: "object" };

/** The member `name` of the body, if it fits. @throws Refusal 400, 415 */
export function member(call: Call, name: string, schema: Schema): Record<string, unknown> {
  const whole = { type: "object", properties: { [name]: schema }, required: [name], additionalProperties: true };
  return (fitting(call, whole) as Record<string, Record<string, unknown>>)[name] ?? {};
}

/** The body, if it fits. @throws Refusal 400 */
export function fitting(call: Call, schema: Schema): Record<string, unknown> {
  const body = readBody(call);
  const failure = validate(schema, body, FORMATS);
  if (failure === undefined) return body as Record<string, unknown>;
  if (failure.path.length === 0) throw badRequest(failure.message);
  const field = failure.path.at(-1);
  throw badRequest(`Invalid input for field/attribute ${field}. Value: ${str(failure.value)}. ${failure.message}`);
}

export function readBody(call: Call): unknown {
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
export function textsOf(fields: Readonly<Record<string, unknown>>): {
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
  return { name: trimmed(pick("name")), description: trimmed(pick("description")) };
}

const trimmed = (value: string | null | undefined): string | null | undefined =>
  typeof value === "string" ? value.trim() : value;

/** The address that the client used, with the token's project. */
export function links({ context, actor, cinder }: Call, collection: string, id: string): object[] {
  const root = cinder.cloud.root("volumev3", context.request);
  return [
    { rel: "self", href: `${root}/v3/${actor.projectId}/${collection}/${id}` },
    { rel: "bookmark", href: `${root}/${actor.projectId}/${collection}/${id}` },
  ];
}

/** What a creation answers has parts of a second, later readings have not. */
export const exact = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000`;
export const dated = (ms: number | null): string | null => (ms === null ? null : isoMicros(ms));

export const asBoolean = (value: unknown): boolean | undefined => {
  const text = String(value).toLowerCase();
  if (["1", "true", "yes", "on", "t", "y"].includes(text)) return true;
  return ["0", "false", "no", "off", "f", "n"].includes(text) ? false : undefined;
};

/** An administrator that asks for the volumes of all projects. */
export const seesAll = ({ actor, query }: Call): boolean =>
  actor.isAdmin && query.has("all_tenants") && asBoolean(query.get("all_tenants")) !== false;
