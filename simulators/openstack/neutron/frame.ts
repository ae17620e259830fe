import { bodyJson, type HttpReply, json, type Slot } from "../../kernel/index.ts";
import type { Actor, Cloud } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import { type Context, keystoneUnauthorized, type Style } from "../common/service.ts";
import { isoSeconds } from "../common/time.ts";
import type { Dated, NeutronState } from "./state.ts";

/** What Neutron's parts work on. */
export interface Neutron {
  readonly cloud: Cloud;
  readonly slot: Slot<NeutronState>;
}

export type Fields = Readonly<Record<string, unknown>>;

export const STYLE: Style = {
  refuse: ({ status, type, message, extras }) =>
    json(status, { NeutronError: { type, message, detail: "" } }, extras.headers ?? {}),
  unauthenticated: keystoneUnauthorized,
  unmatched: () =>
    json(404, { NeutronError: { type: "HTTPNotFound", message: "The resource could not be found.", detail: "" } }),
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  isOpen: (request) => request.path === "/" || request.path === "",
};

export const notFound = (kind: string, id: string): Refusal =>
  new Refusal(404, `${kind}NotFound`, `${words(kind)} ${id} could not be found.`);

const WORDS: Readonly<Record<string, string>> = {
  SecurityGroup: "Security group",
  SecurityGroupRule: "Security group rule",
  FloatingIP: "Floating IP",
};
const words = (kind: string): string => WORDS[kind] ?? kind;

/** The member of this name of the request's body. @throws Refusal 400 */
export function resource(context: Context, name: string): Fields {
  const body = bodyJson(context.request);
  if (!body.ok)
    throw new Refusal(
      400,
      "HTTPBadRequest",
      "The server could not comply with the request since it is either malformed or otherwise incorrect: Body contains invalid data",
    );
  const value = (body.value as Fields | null)?.[name];
  if (typeof value !== "object" || value === null)
    throw new Refusal(400, "HTTPBadRequest", `Unable to find '${name}' in request body`);
  return value as Fields;
}

/** The project that a new thing belongs to: the caller's, or for an admin the one that is named. @throws Refusal 400 */
export function ownerOf(actor: Actor, fields: Fields): string {
  const named = fields.project_id ?? fields.tenant_id;
  if (named === undefined || named === actor.projectId) return actor.projectId;
  if (actor.isAdmin) return String(named);
  throw new Refusal(
    400,
    "HTTPBadRequest",
    "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges",
  );
}

export const text = (fields: Fields, name: string, fallback: string): string =>
  typeof fields[name] === "string" ? (fields[name] as string) : fallback;
export const flag = (fields: Fields, name: string, fallback: boolean): boolean =>
  typeof fields[name] === "boolean" ? (fields[name] as boolean) : fallback;

export const owned = (projectId: string): object => ({ project_id: projectId, tenant_id: projectId });
export const dated = ({ createdMs, updatedMs, revision }: Dated): object => ({
  created_at: isoSeconds(createdMs),
  updated_at: isoSeconds(updatedMs),
  revision_number: revision,
});

export const fresh = ({ cloud }: Neutron): Dated => ({
  createdMs: cloud.kernel.nowMs,
  updatedMs: cloud.kernel.nowMs,
  revision: 1,
});
export function touch({ cloud }: Neutron, row: Dated): void {
  row.updatedMs = cloud.kernel.nowMs;
  row.revision++;
}

/** Query keys that steer a list instead of filtering it. */
const STEERING = new Set(["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"]);

const equals = (value: unknown, wanted: string): boolean => {
  if (typeof value === "boolean") return String(value) === wanted.toLowerCase();
  return String(value ?? "") === wanted;
};

/** `fixed_ips=ip_address=10.0.0.5` and its like. */
const inFixedIps = (value: unknown, wanted: string): boolean => {
  const [key, expected] = wanted.split(/=(.*)/s);
  return Array.isArray(value) && value.some((each) => equals((each as Fields)[key ?? ""], expected ?? ""));
};

/** A list as the query asks for it: filters (several values are alternatives), sort, page, chosen fields (API reference, "Filtering"). */
export function list(context: Context, name: string, views: readonly Fields[]): HttpReply {
  const { query } = context;
  const filters = [...new Set(query.keys())].filter((key) => !STEERING.has(key));
  let rows = views.filter((view) =>
    filters.every((key) => {
      const wanted = query.getAll(key);
      return key === "fixed_ips"
        ? wanted.every((each) => inFixedIps(view.fixed_ips, each))
        : wanted.some((each) => equals(view[key], each));
    }),
  );
  for (const [at, key] of [...query.getAll("sort_key").entries()].reverse()) {
    const sign = query.getAll("sort_dir")[at] === "desc" ? -1 : 1;
    rows = [...rows].sort(
      (a, b) => sign * (String(a[key]) < String(b[key]) ? -1 : String(a[key]) > String(b[key]) ? 1 : 0),
    );
  }
  return json(200, { [name]: page(query, rows).map((view) => chosen(query, view)) });
}

function page(query: URLSearchParams, rows: readonly Fields[]): readonly Fields[] {
  const limit = query.get("limit");
  if (limit !== null && !/^\d+$/.test(limit))
    throw new Refusal(400, "HTTPBadRequest", `Limit must be an integer 0 or greater and not '${limit}'.`);
  const start = query.has("marker") ? rows.findIndex(({ id }) => id === query.get("marker")) + 1 : 0;
  return limit === null || limit === "0" ? rows.slice(start) : rows.slice(start, start + Number(limit));
}

function chosen(query: URLSearchParams, view: Fields): Fields {
  const wanted = query.getAll("fields").flatMap((each) => each.split(","));
  return wanted.length === 0 ? view : Object.fromEntries(Object.entries(view).filter(([key]) => wanted.includes(key)));
}

const QUOTAS: Readonly<Record<string, number>> = {
  network: 100,
  subnet: 100,
  subnetpool: -1,
  port: 500,
  security_group: 10,
  security_group_rule: 100,
  router: 10,
  floatingip: 50,
  rbac_policy: 10,
};

export const quotasOf = (neutron: Neutron, projectId: string): Record<string, number> => ({
  ...Object.fromEntries(Object.entries(QUOTAS).map(([name, limit]) => [name, neutron.cloud.quota(name, limit)])),
  ...neutron.slot.value.quotas.get(projectId),
});

/** @throws Refusal 409 OverQuota */
export function checkQuota(neutron: Neutron, projectId: string, name: string, used: () => number): void {
  const limit = quotasOf(neutron, projectId)[name] ?? -1;
  if (limit >= 0 && used() >= limit) throw new Refusal(409, "OverQuota", `Quota exceeded for resources: ['${name}'].`);
}

export function countOf(rows: Iterable<{ readonly projectId: string }>, projectId: string): number {
  let count = 0;
  for (const row of rows) if (row.projectId === projectId) count++;
  return count;
}

export const sees = (
  actor: Actor,
  row: { readonly projectId: string; readonly shared?: boolean; readonly external?: boolean },
): boolean => actor.isAdmin || row.projectId === actor.projectId || row.shared === true || row.external === true;
