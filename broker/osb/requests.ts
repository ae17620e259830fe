import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import AjvDraft04 from "ajv-draft-04";
import { badRequest, OsbError } from "../errors.ts";
import { parametersOf, type Plan, type Service } from "../spi/catalog.ts";

/** Members of a request body that this broker reads. */
export interface Body {
  readonly service_id?: unknown;
  readonly plan_id?: unknown;
  readonly organization_guid?: unknown;
  readonly space_guid?: unknown;
  readonly context?: unknown;
  readonly parameters?: unknown;
  readonly maintenance_info?: unknown;
  readonly previous_values?: unknown;
  readonly bind_resource?: unknown;
  readonly app_guid?: unknown;
  readonly predecessor_binding_id?: unknown;
}

const ajv = new AjvDraft04.default({ strict: false });
const compiled = new Map<object, ReturnType<typeof ajv.compile>>();

function validatorOf(service: Service): ReturnType<typeof ajv.compile> {
  const schema = parametersOf(service);
  const known = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, known);
  return known;
}

/** Equal in constant time: what is compared are digests of one length. */
export const equalInConstantTime = (given: string, expected: string): boolean =>
  timingSafeEqual(Buffer.from(hash("sha256", given, "hex")), Buffer.from(hash("sha256", expected, "hex")));

/** The body as an object. @throws OsbError 400 */
export function objectBody(body: unknown): Body {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("The body must be a JSON object.");
  return body;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A member that must be text that is not empty. @throws OsbError 400 */
export function requiredText(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "")
    throw badRequest(`${name} is required and must be a string that is not empty.`);
  return value;
}

/** Text that is not empty, or nothing. @throws OsbError 400 */
export function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined || value === null ? undefined : requiredText(value, name);
}

/** An object, or nothing. @throws OsbError 400 */
export function optionalObject(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw badRequest(`${name} must be an object.`);
  return value;
}

/** @throws OsbError 400 */
export function checkService(service: Service, id: unknown): void {
  if (requiredText(id, "service_id") !== service.id) throw badRequest("service_id is not in the catalog.");
}

/** @throws OsbError 400 */
export function findPlan(service: Service, id: unknown): Plan {
  const wanted = requiredText(id, "plan_id");
  const plan = service.plans.find((each) => each.id === wanted);
  if (plan === undefined) throw badRequest("plan_id is not in the catalog.");
  return plan;
}

/** What the schema of the catalog allows. @throws OsbError 400 */
export function instanceParameters(service: Service, value: unknown): Readonly<Record<string, unknown>> {
  const given = optionalObject(value, "parameters");
  const validate = validatorOf(service);
  if (validate(given)) return given;
  const [error] = validate.errors ?? [];
  throw badRequest(`parameters${error?.instancePath ?? ""} ${error?.message ?? "do not fit the schema"}.`);
}

/** @throws OsbError 400, 422 MaintenanceInfoConflict */
export function checkMaintenance(value: unknown, version: string): void {
  if (value === undefined || value === null) return;
  if (!isObject(value) || typeof value.version !== "string")
    throw badRequest("maintenance_info.version is required and must be a string.");
  if (value.version !== version)
    throw new OsbError(422, `maintenance_info.version is ${version} in the catalog.`, "MaintenanceInfoConflict");
}

const VERSION = /^2\.\d+$/;

export const CATALOG_PATH = "/v2/catalog";

/**
 * A request that names no version may be served (OSB 2.16, "API Version Header"). The catalog is: a person reads it with a bare `curl`, and it is
 * the same in every version. What changes something is not, for its meaning depends on the version.
 *
 * @throws OsbError 400, 412
 */
export function checkVersion(header: string | undefined, path: string): void {
  if (header === undefined && path === CATALOG_PATH) return;
  if (header === undefined) throw badRequest("The header X-Broker-API-Version is required.");
  if (!VERSION.test(header))
    throw new OsbError(412, "This broker supports version 2.17 of the Open Service Broker API.");
}

/** The minor version that a platform speaks, once it was checked. */
export const minorOf = (headers: IncomingHttpHeaders): number =>
  Number(String(headers["x-broker-api-version"]).split(".")[1]);

/** Members of a context that say whose a thing is (profile.md of the specification); names and annotations may change. */
const OWNER = ["platform", "organization_guid", "space_guid", "namespace", "clusterid"] as const;

/** Whose a thing is, as one text. */
export const ownerOf = (
  context: Readonly<Record<string, unknown>>,
  organization = context.organization_guid,
  space = context.space_guid,
): string =>
  canonical({ organization, space, context: Object.fromEntries(OWNER.map((name) => [name, context[name]])) });

/** `platform` and base64 of a JSON object. @throws OsbError 400 */
export function checkIdentity(header: string | undefined): void {
  if (header === undefined) return;
  const [platform, encoded, ...rest] = header.split(" ");
  if (platform === undefined || platform === "" || encoded === undefined || rest.length > 0)
    throw badRequest("X-Broker-API-Originating-Identity is malformed.");
  try {
    if (isObject(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")))) return;
  } catch {
    // Told below, together with what is JSON but no object.
  }
  throw badRequest("X-Broker-API-Originating-Identity must carry a JSON object in base64.");
}

const ID_CHARS_MAX = 100;

/** Ids name records, objects and groups: only what can stand in a path as it is. */
export const isId = (value: unknown): value is string =>
  typeof value === "string" && value.length <= ID_CHARS_MAX && /^[A-Za-z0-9][A-Za-z0-9._~-]*$/.test(value);

/** @throws OsbError 400 */
export function checkId(id: string): string {
  if (id.length > ID_CHARS_MAX) throw badRequest(`The id is longer than ${ID_CHARS_MAX} characters.`);
  if (!isId(id)) throw badRequest("The id holds characters that are not allowed.");
  return id;
}

/** Same text for equal requests, whatever the order of their members. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}
