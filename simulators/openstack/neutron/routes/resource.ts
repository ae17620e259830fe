import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { checkQuota, type QuotaResource } from "../state/quotas.ts";
import type { ResourceRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import {
  type Attributes,
  checkPolicy,
  type Fields,
  itemOf,
  itemsOf,
  type NewFields,
  parseChanges,
  parseNewFields,
  projectOf,
  type ResourceSchema,
} from "../wire/attributes.ts";
import { badRequest, forbidden, internalError, notFound } from "../wire/errors.ts";
import { listReply, selectFields } from "../wire/lists.ts";
import type { View } from "../wire/views.ts";
import { tagRoutes } from "./tags.ts";

/** A resource of the API: its attributes, and what its verbs do. `resourceRoutes` makes its routes. */
export interface Resource<T extends ResourceRow, A extends Attributes> extends ResourceSchema<A> {
  /** The path's own word: `security-groups`. */
  readonly path: string;
  /** `Network`: the prefix of its `NotFound`. */
  readonly exception: string;
  readonly quota: QuotaResource;
  /** Real clients seen using its routes. */
  readonly clients: readonly string[];
  /** Default false: an unknown marker of a list is ignored. */
  readonly refusesUnknownMarker?: boolean;
  /** Rows to look through for a list; indexed where the query allows it. */
  readonly rows: (neutron: Neutron, context: RequestContext) => Iterable<T>;
  readonly find: (neutron: Neutron, id: string) => T | undefined;
  /** Default: its project's members and administrators. */
  readonly canSee?: (neutron: Neutron, actor: Actor, row: T) => boolean;
  /** Who may change and delete it. Default: its project's members and administrators. */
  readonly canChange?: (neutron: Neutron, actor: Actor, row: T) => boolean;
  /** How a row that the actor may not see is refused; default: like a missing one. */
  readonly refuseUnseen?: () => Refusal;
  readonly view: (neutron: Neutron, actor: Actor, row: T) => View;
  /** What creation shows, where it differs. */
  readonly createdView?: (neutron: Neutron, actor: Actor, row: T) => View;
  /** What a change shows, where it differs. */
  readonly updatedView?: (neutron: Neutron, actor: Actor, row: T) => View;
  /** @throws Refusal */
  readonly create: (neutron: Neutron, actor: Actor, projectId: string, fields: NewFields<A>) => T;
  /** Absent: it can't be changed. @throws Refusal */
  readonly update?: (neutron: Neutron, actor: Actor, row: T, fields: Fields<A>) => void;
  /** @throws Refusal */
  readonly remove: (neutron: Neutron, actor: Actor, row: T) => void;
}

/** A row that the actor may see. @throws Refusal 404 */
export function requireRow<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  actor: Actor,
  id: string,
): T {
  const row = resource.find(neutron, id);
  if (row === undefined) throw notFound(resource.exception, id);
  if (!canSee(neutron, resource, actor, row)) throw resource.refuseUnseen?.() ?? notFound(resource.exception, id);
  return row;
}

const canSee = <T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  actor: Actor,
  row: T,
): boolean => resource.canSee?.(neutron, actor, row) ?? controls(actor, row);

/** A row that the actor may see and change. @throws Refusal 403, 404 */
function requireChangeable<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  { actor, params }: RequestContext,
  verb: "update" | "delete",
): T {
  const row = requireRow(neutron, resource, actor, params.id ?? "");
  if (!(resource.canChange?.(neutron, actor, row) ?? controls(actor, row)))
    throw forbidden(`rule:${verb}_${resource.name}`);
  return row;
}

/** `If-Match: revision_number=3`. @throws Refusal 400, 412 */
function checkRevision({ request }: RequestContext, row: ResourceRow): void {
  const match = /^revision_number=(.*)$/.exec(request.headers["if-match"] ?? "");
  if (match === null) return;
  if (!/^\d+$/.test(match[1] ?? ""))
    throw badRequest("if-match", "Revision number etag must be in the format of revision_number=<int>.");
  if (Number(match[1]) === row.revision) return;
  const message = `Constrained to ${match[1]}, but current revision is ${row.revision}`;
  throw new Refusal(412, "RevisionNumberConstraintFailed", message);
}

/** The database keeps three bytes of UTF-8 a character: the service fails on four. @throws Refusal 500 */
function checkStorable(fields: object): void {
  if (/[\u{10000}-\u{10ffff}]/u.test(JSON.stringify(fields))) throw internalError();
}

function create<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  context: RequestContext,
): HttpReply {
  const { actor } = context;
  const { items, isBulk } = itemsOf(context, resource);
  const all = items.map((item) => parseNewFields(actor, resource, item));
  for (const fields of all) checkPolicy(actor, resource, fields, "create");
  checkQuota(neutron, projectOf(actor, all[0] ?? {}), resource.quota, all.length);
  for (const fields of all) checkStorable(fields);
  const view = resource.createdView ?? resource.view;
  const views = createAll(neutron, resource, actor, all).map((row) => view(neutron, actor, row));
  return json(201, isBulk ? { [resource.collection]: views } : { [resource.name]: views[0] });
}

/** A bulk is all or nothing. */
function createAll<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  actor: Actor,
  all: readonly NewFields<A>[],
): readonly T[] {
  const created: T[] = [];
  try {
    for (const fields of all) created.push(resource.create(neutron, actor, projectOf(actor, fields), fields));
    return created;
  } catch (error) {
    for (const row of created.reverse()) resource.remove(neutron, actor, row);
    throw error;
  }
}

function update<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  context: RequestContext,
): HttpReply {
  const { actor } = context;
  const fields = parseChanges(actor, resource, itemOf(context, resource));
  const row = requireChangeable(neutron, resource, context, "update");
  checkPolicy(actor, resource, fields, "update");
  // The real service fails where a resource can't be changed (security group rules).
  if (resource.update === undefined) throw internalError();
  checkStorable(fields);
  checkRevision(context, row);
  resource.update(neutron, actor, row, fields);
  if (Object.keys(fields).length > 0) touch(neutron, row);
  const view = resource.updatedView ?? resource.view;
  return json(200, { [resource.name]: view(neutron, actor, row) });
}

function remove<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  context: RequestContext,
): HttpReply {
  const row = requireChangeable(neutron, resource, context, "delete");
  checkRevision(context, row);
  resource.remove(neutron, context.actor, row);
  return empty(204);
}

function show<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  { actor, params, query }: RequestContext,
): HttpReply {
  const row = requireRow(neutron, resource, actor, params.id ?? "");
  return json(200, { [resource.name]: selectFields(query, resource.view(neutron, actor, row)) });
}

function list<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  context: RequestContext,
): HttpReply {
  const { actor } = context;
  const { collection, path, attributes, exception } = resource;
  const schema = { collection, path, attributes, ...(resource.refusesUnknownMarker === true && { exception }) };
  const rows = [...resource.rows(neutron, context)].filter((row) => canSee(neutron, resource, actor, row));
  const views = rows.map((row) => resource.view(neutron, actor, row));
  return listReply(context, schema, views);
}

/** The routes that every resource has: the collection, its items, their tags. */
export function resourceRoutes<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
): readonly OpenStackRoute[] {
  const { clients } = resource;
  const collection = `/v2.0/${resource.path}`;
  const item = `${collection}/:id`;
  const refuseCollection = (): never => {
    throw notFound(resource.exception, "None");
  };
  return [
    { method: "GET", path: collection, clients, handler: (context) => list(neutron, resource, context) },
    { method: "POST", path: collection, clients, handler: (context) => create(neutron, resource, context) },
    { method: "PUT", path: collection, handler: refuseCollection },
    { method: "DELETE", path: collection, handler: refuseCollection },
    { method: "GET", path: item, clients, handler: (context) => show(neutron, resource, context) },
    { method: "PUT", path: item, clients, handler: (context) => update(neutron, resource, context) },
    { method: "DELETE", path: item, clients, handler: (context) => remove(neutron, resource, context) },
    ...tagRoutes(neutron, item, ({ actor, params }) => requireRow(neutron, resource, actor, params.id ?? "")),
  ];
}
