import type { Slot } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import type { Context } from "../service.ts";

export type Status = "PENDING" | "ACTIVE" | "ERROR";
export type Action = "CREATE" | "UPDATE" | "DELETE" | "NONE";

export interface ZoneRow {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  email: string;
  description: string | null;
  ttl: number;
  serial: number;
  /** Seconds that secondaries wait; drawn once. */
  readonly refreshS: number;
  status: Status;
  action: Action;
  version: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly createdMs: number;
  updatedMs: number | null;
}

export interface RecordSetRow {
  readonly id: string;
  readonly zoneId: string;
  readonly projectId: string;
  readonly name: string;
  readonly type: string;
  /** Made and kept by the service: SOA and NS at the apex. */
  readonly managed: boolean;
  records: readonly string[];
  description: string | null;
  ttl: number | null;
  status: Status;
  action: Action;
  version: number;
  readonly createdMs: number;
  updatedMs: number | null;
}

export interface ImportRow {
  readonly id: string;
  readonly projectId: string;
  status: "PENDING" | "ERROR";
  message: string | null;
  version: number;
  readonly createdMs: number;
  updatedMs: number | null;
}

/** A domain that zones may lie below. */
export interface TldRow {
  readonly id: string;
  name: string;
  description: string | null;
  readonly createdMs: number;
  updatedMs: number | null;
}

export interface DesignateState {
  readonly tlds: Map<string, TldRow>;
  readonly zones: Map<string, ZoneRow>;
  readonly recordsets: Map<string, RecordSetRow>;
  readonly imports: Map<string, ImportRow>;
  /** Project → what an administrator has set. */
  readonly quotas: Map<string, Quotas>;
}

export const QUOTAS = {
  zones: 10,
  zone_recordsets: 500,
  zone_records: 500,
  recordset_records: 20,
  api_export_size: 1000,
} as const;
export type Resource = keyof typeof QUOTAS;
export type Quotas = Readonly<Partial<Record<Resource, number>>>;

export interface Designate {
  readonly cloud: Cloud;
  readonly slot: Slot<DesignateState>;
}

/** The one pool of name servers, and the one server in it. */
export const POOL_ID = "794ccc2c-d751-44fe-b57f-8894c9f5c842";
export const NAMESERVER = "ns1.example.org.";

/** How long the name servers take to answer with a new serial. */
export const PROPAGATION_MS = 2_000;

export const bad = (type: string, message: string): Refusal => new Refusal(400, type, message);
export const invalid = (message: string): Refusal => bad("invalid_object", message);
export const invalidValue = (message: string): Refusal =>
  invalid(`Provided object is not valid. Got a ValueError error with message ${message}`);
/** An object that breaks its schema: the errors are a list, and there is no message. */
export const broken = (
  path: readonly (string | number)[],
  message: string,
  validator: string,
  value: unknown,
): Refusal =>
  new Refusal(400, "invalid_object", "", {
    members: { errors: { errors: [{ path, message, validator, validator_value: value }] } },
  });
export const forbidden = (): Refusal => new Refusal(403, "forbidden", "");
export const overQuota = (resource: Resource): Refusal =>
  new Refusal(413, "over_quota", `Quota exceeded for ${resource}.`);
export const notSimulated = (what: string): Refusal => new Refusal(501, "not_implemented", `not simulated: ${what}`);

export const base = ({ cloud, request }: Context): string => `${cloud.root("dns", request)}/v2`;

const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === "true";

/** Does the caller ask for all projects? Members who do have been refused by then. */
export const wantsAll = ({ request }: Context): boolean => isTrue(request.headers["x-auth-all-projects"]);

/** The project that the caller acts for: another one when an administrator says so. */
export const projectOf = ({ request, actor }: Context): string =>
  request.headers["x-auth-sudo-project-id"] ?? actor.projectId;

/** May the caller see what belongs to the project? */
export const sees = (context: Context, projectId: string): boolean =>
  projectId === projectOf(context) || wantsAll(context);

export function limitOf(designate: Designate, projectId: string, resource: Resource): number {
  const set = designate.slot.value.quotas.get(projectId)?.[resource];
  return set ?? designate.cloud.quota(resource, QUOTAS[resource]);
}

export function checkQuota(designate: Designate, projectId: string, resource: Resource, wanted: number): void {
  const limit = limitOf(designate, projectId, resource);
  if (limit >= 0 && wanted > limit) throw overQuota(resource);
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** The id in the path, which must be a UUID. */
export function idIn(context: Context, name: string): string {
  const id = context.params[name] ?? "";
  if (!UUID.test(id)) throw bad("invalid_uuid", `Invalid UUID ${name}: ${id}`);
  return id;
}

/** The zone of the path, if the caller may see it. */
export function zoneOf(designate: Designate, context: Context): ZoneRow {
  const zone = designate.slot.value.zones.get(idIn(context, "zone_id"));
  if (zone === undefined || !sees(context, zone.projectId))
    throw new Refusal(404, "zone_not_found", "Could not find Zone");
  return zone;
}

export const recordsetsOf = ({ slot }: Designate, zoneId: string): readonly RecordSetRow[] =>
  [...slot.value.recordsets.values()].filter((row) => row.zoneId === zoneId);
