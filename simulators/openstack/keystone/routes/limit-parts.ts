import type { Schema, ValueOf } from "../../schema/index.ts";
import { Refusal } from "../../refusal.ts";
import { type RequestContext } from "../../service.ts";
import type { Limit, RegisteredLimit } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { missingAttribute } from "../wire/errors.ts";
import { ID, NULLABLE_TEXT, TEXT } from "../wire/schema-parts.ts";

const RESOURCE_NAME = { type: "string", minLength: 1, maxLength: 255 } as const;
const AMOUNT = { type: "integer", minimum: -1, maximum: 2_147_483_647 } as const;

/** keystone, `limit/schema.py`. */
const REGISTERED = {
  service_id: ID,
  region_id: { type: ["null", "string"] },
  resource_name: RESOURCE_NAME,
  default_limit: AMOUNT,
  description: NULLABLE_TEXT,
} as const;
/** A new registered limit. */
export const REGISTERED_CREATE = {
  type: "array",
  items: {
    type: "object",
    properties: REGISTERED,
    additionalProperties: false,
    required: ["service_id", "resource_name", "default_limit"],
  },
  minItems: 1,
} as const;
/** A change of one. */
export const REGISTERED_UPDATE = { type: "object", properties: REGISTERED, additionalProperties: false } as const;

const LIMIT = {
  service_id: ID,
  region_id: TEXT,
  resource_name: RESOURCE_NAME,
  resource_limit: AMOUNT,
  description: NULLABLE_TEXT,
} as const;
/** A new limit, in one of its two forms. */
export const LIMIT_CREATE = {
  type: "array",
  items: {
    type: "object",
    oneOf: [
      {
        properties: { project_id: ID, ...LIMIT },
        required: ["project_id", "service_id", "resource_name", "resource_limit"],
        additionalProperties: false,
      },
      {
        properties: { domain_id: ID, ...LIMIT },
        required: ["domain_id", "service_id", "resource_name", "resource_limit"],
        additionalProperties: false,
      },
    ],
  },
  minItems: 1,
} as const;
/** A change of one. */
export const LIMIT_UPDATE = {
  type: "object",
  properties: { resource_limit: AMOUNT, description: NULLABLE_TEXT },
  additionalProperties: false,
} as const;

/** A requested limit that has passed one of its two forms. */
export interface LimitBody {
  readonly project_id?: string;
  readonly domain_id?: string;
  readonly service_id: string;
  readonly region_id?: string;
  readonly resource_name: string;
  readonly resource_limit: number;
  readonly description?: string | null;
}

/** A registered limit as its reply shows it. */
export const registeredView = (row: RegisteredLimit): Readonly<Record<string, unknown>> => ({
  id: row.id,
  service_id: row.serviceId,
  region_id: row.regionId,
  resource_name: row.resourceName,
  default_limit: row.defaultLimit,
  description: row.description,
});

/** A limit as its reply shows it. */
export const limitView = (row: Limit): Readonly<Record<string, unknown>> => ({
  id: row.id,
  project_id: row.projectId,
  domain_id: row.domainId,
  service_id: row.serviceId,
  region_id: row.regionId,
  resource_name: row.resourceName,
  resource_limit: row.resourceLimit,
  description: row.description,
});

/** @throws Refusal 400 */
export function checkReferences(
  { services, regions, projects, domains }: KeystoneState,
  what: string,
  given: Readonly<Record<string, unknown>>,
): void {
  const tables = { service_id: services, region_id: regions, project_id: projects, domain_id: domains };
  for (const [name, table] of Object.entries(tables))
    if (typeof given[name] === "string" && !table.has(given[name])) throw missingAttribute(name, what);
}

/** Whether two rows limit the same thing. */
export const isSameResource = (
  a: Pick<RegisteredLimit, "serviceId" | "regionId" | "resourceName">,
  b: Pick<RegisteredLimit, "serviceId" | "regionId" | "resourceName">,
): boolean => a.serviceId === b.serviceId && a.regionId === b.regionId && a.resourceName === b.resourceName;

/** Whether any limit refers to a registered one. */
export const isInUse = (state: KeystoneState, row: RegisteredLimit): boolean =>
  state.limits.values().some((limit) => isSameResource(limit, row));

/** @throws Refusal 404 */
export function requireIn<T>(rows: ReadonlyMap<string, T>, { params: { id = "" } }: RequestContext, what: string): T {
  const row = rows.get(id);
  if (row === undefined) throw new Refusal(404, "", `Could not find ${what} ${id}.`);
  return row;
}

/** @throws Refusal 400 */
export function attributesIn<const S extends Schema>(context: RequestContext, member: string, schema: S): ValueOf<S> {
  const body = readBody(context);
  return checkBody(schema, Object.hasOwn(body, member) ? body[member] : {});
}
