import { bodyText, compilePattern, type HttpReply, type HttpRequest, json } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { type MicroversionRange, microversionOf } from "../microversion.ts";
import { repr, str } from "../python/index.ts";
import { Refusal } from "../refusal.ts";
import { type Formats, type Schema, type SchemaFailure, validate } from "../schema/index.ts";
import type { Context } from "../service.ts";
import type { Nova } from "./state.ts";

export const MICROVERSIONS: MicroversionRange = {
  service: "compute",
  major: 2,
  minorMin: 1,
  minorMax: 93,
  legacyHeader: "x-openstack-nova-api-version",
};

/** A request to Nova: who asks, at which microversion, under which address. */
export interface Call {
  readonly nova: Nova;
  readonly context: Context;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly requestId: string;
  /** The minor of 2.x. */
  readonly version: number;
  /** Came in under /v2: no microversions, unknown keys of a body are dropped. */
  readonly isLegacy: boolean;
  /** `http://host:8774/v2.1`, with the project where the client named it. */
  readonly base: string;
  /** The same without the version. */
  readonly bookmark: string;
}

const PREFIX = /^\/(v2\.1|v2)((?:\/[0-9a-f-]{32,36})?)(?=\/|$)/;

export interface Address {
  readonly version: string;
  /** `/` and the project's id, or empty. */
  readonly project: string;
  readonly rest: string;
}

/** The parts of the URL that the client used. */
export function addressOf(path: string): Address | undefined {
  const match = PREFIX.exec(path);
  if (match === null) return undefined;
  return { version: match[1] ?? "", project: match[2] ?? "", rest: path.slice(match[0].length) };
}

/** The request with the path that routes know: version and project taken away. */
export function normalised(request: HttpRequest): HttpRequest {
  const address = addressOf(request.path);
  if (address !== undefined && address.rest !== "" && address.rest !== "/") return { ...request, path: address.rest };
  return address === undefined && request.path !== "/" ? { ...request, path: `/unversioned${request.path}` } : request;
}

export const sentPath = ({ url }: HttpRequest): string => (url.includes("?") ? url.slice(0, url.indexOf("?")) : url);

export function callOf(nova: Nova, context: Context): Call {
  const { request, actor, params, query, requestId } = context;
  const address = addressOf(sentPath(request)) ?? { version: "v2.1", project: "", rest: "" };
  const isLegacy = address.version === "v2";
  return {
    nova,
    context,
    actor,
    params,
    query,
    requestId,
    version: isLegacy ? MICROVERSIONS.minorMin : microversionOf(MICROVERSIONS, request.headers),
    isLegacy,
    base: `${request.origin}/${address.version}${address.project}`,
    bookmark: `${request.origin}${address.project}`,
  };
}

/** A URL may name the project; it must be the token's. @throws Refusal 400 */
export function checkProject(context: Context): void {
  const { project } = addressOf(sentPath(context.request)) ?? { project: "" };
  const named = project.slice(1);
  if (named === "" || named === context.actor.projectId) return;
  const message = `URL's project_id '${named}' doesn't match Context's project_id '${context.actor.projectId}'`;
  throw badRequest(`Malformed request URL: ${message}`);
}

export const badRequest = (message: string): Refusal => new Refusal(400, "badRequest", message);
export const conflict = (message: string): Refusal => new Refusal(409, "conflictingRequest", message);
export const forbidden = (message: string): Refusal => new Refusal(403, "forbidden", message);
export const notFound = (message: string): Refusal => new Refusal(404, "itemNotFound", message);
/** What this API answers where a resource does not exist at this microversion. */
export const noResource = (): Refusal => notFound("The resource could not be found.");

/** Refuses whoever is not an administrator. @throws Refusal 403 */
export function admin({ actor }: Call, rule: string): void {
  if (!actor.isAdmin) throw denied(rule);
}

export const denied = (rule: string): Refusal =>
  forbidden(`Policy doesn't allow os_compute_api:${rule} to be performed.`);

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
export const isUuid = (value: unknown): boolean => typeof value === "string" && UUID.test(value);
const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
export const isIpv4 = (value: unknown): boolean => typeof value === "string" && V4.test(value);
export const isIpv6 = (value: unknown): boolean =>
  typeof value === "string" && value.includes(":") && URL.canParse(`http://[${value}]/`);

/** Constructs that Python compiles and RE2 does not; they are judged when it comes to matching. */
const BEYOND_RE2 = /\(\?(?:[=!>(]|<[=!]|P=)|\\[1-9AZ]|[*+?}]\+|\{\d{4,}|\{\d+,\d{4,}/;

/** Would Python compile it? */
const isPythonRegex = (text: string): boolean => text !== "" && (compilePattern(text).ok || BEYOND_RE2.test(text));

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What Python's tables of Unicode call neither a letter, mark, number, sign nor blank. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

export const FORMATS: Formats = {
  name: (value) =>
    typeof value !== "string" ||
    (value === value.trim() && !UNPRINTABLE.test(value)) ||
    "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
  uuid: (value) => typeof value !== "string" || isUuid(value),
  regex: (value) => typeof value === "string" && isPythonRegex(value),
  ipv4: (value) => typeof value !== "string" || isIpv4(value),
  ipv6: (value) => typeof value !== "string" || isIpv6(value),
  base64: (value) => typeof value !== "string" || BASE64.test(value.replaceAll(/\s/g, "")),
};

/** The check of names raises an error of its own, which is shown as it is. */
const isBadName = ({ keyword, schema }: SchemaFailure): boolean => keyword === "format" && schema.format === "name";

/** Nova's sentence about a body that does not fit its schema. */
export function explain(failure: SchemaFailure, what: string): string {
  if (failure.path.length === 0 || isBadName(failure)) return failure.message;
  const name = failure.path.at(-1);
  return `Invalid input for ${what} ${name}. Value: ${str(failure.value)}. ${failure.message}`;
}

/** The body as JSON. @throws Refusal 400, 415 */
export function readBody(call: Call): unknown {
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
export function checkedBody(call: Call, schema: Schema): Record<string, unknown> {
  const body = readBody(call);
  checkValue(call, schema, body);
  return body as Record<string, unknown>;
}

export function checkValue(call: Call, schema: Schema, value: unknown): void {
  for (;;) {
    const failure = validate(schema, value, FORMATS);
    if (failure === undefined) return;
    if (!call.isLegacy || !dropped(failure)) throw badRequest(explain(failure, "field/attribute"));
  }
}

/** Takes away unexpected members; answers whether that was the failure. */
function dropped({ keyword, value, schema }: SchemaFailure): boolean {
  if (keyword !== "additionalProperties" || typeof value !== "object" || value === null) return false;
  const before = Object.keys(value).length;
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(schema.properties ?? {}, name)) delete (value as Record<string, unknown>)[name];
  }
  return Object.keys(value).length < before;
}

/** Checks a query: each parameter's schema is for one of its values. @throws Refusal 400 */
export function checkQuery(call: Call, properties: Readonly<Record<string, Schema>>, strictFrom = 999): void {
  for (const name in properties) {
    for (const value of call.query.getAll(name)) {
      const failure = validate({ properties }, { [name]: value }, FORMATS);
      if (failure !== undefined) throw badRequest(explain(failure, "query parameters"));
    }
  }
  if (call.version < strictFrom) return;
  const unknown = [...new Set(call.query.keys())].filter((name) => !Object.hasOwn(properties, name));
  if (unknown.length === 0) return;
  const verb = unknown.length === 1 ? "was" : "were";
  throw badRequest(`Additional properties are not allowed (${unknown.map(repr).join(", ")} ${verb} unexpected)`);
}

export const links = (call: Call, collection: string, id: string): object[] => [
  { rel: "self", href: `${call.base}/${collection}/${id}` },
  { rel: "bookmark", href: `${call.bookmark}/${collection}/${id}` },
];

/** An empty answer as this API sends it. */
export const nothing = (status: number, type = "application/json"): HttpReply => ({
  status,
  body: "",
  headers: { "Content-Type": type },
});
export const NO_JSON = "text/html; charset=UTF-8";

export interface NovaRoute {
  readonly method: string;
  /** Without version and project. */
  readonly path: string;
  /** First and last microversion that has it. */
  readonly from?: number;
  readonly to?: number;
  readonly clients?: readonly string[];
  readonly handler: (call: Call) => HttpReply;
}

/** The page's size that was asked for, clamped as the service does. */
const LIMIT_MAX = 1000;
export function limitOf({ query }: Call): number {
  const asked = query.get("limit");
  return asked === null || asked === "" ? LIMIT_MAX : Math.min(LIMIT_MAX, Number(asked));
}

/** `…_links` of a full page. Parameters in the order in which the service writes them: sorted. */
export function nextLink(call: Call, path: string, marker: string): object[] {
  const pairs = [...call.query].filter(([name]) => name !== "marker");
  const sorted = new URLSearchParams(pairs);
  sorted.sort();
  const hadMarker = call.query.has("marker");
  sorted.append("marker", marker);
  if (hadMarker) sorted.sort();
  return [{ rel: "next", href: `${call.base}${path}?${sorted.toString()}` }];
}

export const ok = (value: unknown): HttpReply => json(200, value);
