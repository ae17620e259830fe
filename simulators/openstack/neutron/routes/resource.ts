import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import type { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { checkQuota, type QuotaResource } from "../state/quotas.ts";
import { policyNetwork } from "../state/access.ts";
import type { ResourceRow } from "../state/rows.ts";
import { mayUse, type SharedName } from "../state/sharing.ts";
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
import { forbidden, internalError, methodNotAllowed, notFound } from "../wire/errors.ts";
import { type ListedCollection, listReply, selectFields } from "../wire/lists.ts";
import type { View } from "../wire/views.ts";
import { createAll, dropBulkOnly, removeRow, share } from "./resource-rows.ts";
import { tagRoutes } from "./tags.ts";
import { checkRevision, checkStorable } from "./resource-checks.ts";

/** A resource of the API: its attributes, and what its verbs do. `resourceRoutes` makes its routes. */
export interface Resource<T extends ResourceRow, A extends Attributes> extends ResourceSchema<A> {
  readonly collection: ListedCollection;
  /** The path's own word: `security-groups`. */
  readonly path: string;
  /** `Network`: the prefix of its `NotFound`. */
  readonly exception: string;
  /** Absent: the number per project is unlimited. */
  readonly quota?: QuotaResource;
  /** Default: false. A list in one request is the service's own error, although the API accepts it. */
  readonly failsInBulk?: boolean;
  /** Default: false, everybody may create one; `canChange` says who may change it. */
  readonly isForAdmins?: boolean;
  /** Default: false, it has no tags. */
  readonly isUntagged?: boolean;
  /** What policies of sharing call it, if it can be shared: whoever it is shared with sees it, and its attribute `shared` is such a policy. */
  readonly sharedAs?: SharedName;
  /** Members that the answer to `fields` has in any case. */
  readonly alwaysShown?: readonly string[];
  /** Attributes that the service takes into account only when several are created at once. */
  readonly bulkOnly?: readonly string[];
  /** Members that only administrators see, by which everybody may filter. */
  readonly adminMembers?: readonly string[];
  /** The network whose owner may set more, if the rules of its attributes ask for it: where a new one is to be, and where one is. */
  readonly networkOf?: { readonly ofNew: (fields: NewFields<A>) => string; readonly ofRow: (row: T) => string };
  /** Refuses a caller that may not put one onto the network that its fields name. @throws Refusal 403, 404 */
  readonly checkParent?: (neutron: Neutron, actor: Actor, fields: NewFields<A>) => void;
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
  /** The view of creation, if it differs. */
  readonly createdView?: (neutron: Neutron, actor: Actor, row: T) => View;
  /** The view of a change, if it differs. */
  readonly updatedView?: (neutron: Neutron, actor: Actor, row: T, fields: Fields<A>) => View;
  /** @throws Refusal */
  readonly create: (neutron: Neutron, actor: Actor, projectId: string, fields: NewFields<A>) => T;
  /** Absent: it can't be changed. @throws Refusal */
  readonly update?: (neutron: Neutron, actor: Actor, row: T, fields: Fields<A>) => void;
  /** How many revisions a change makes. Default: one, whenever it names an attribute. */
  readonly revisions?: (fields: Fields<A>, row: T, before: T) => number;
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
): boolean =>
  resource.canSee?.(neutron, actor, row) ??
  (resource.sharedAs === undefined ? controls(actor, row) : mayUse(neutron, actor, row));

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

function create<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  context: RequestContext,
): HttpReply {
  const { actor } = context;
  const { items, isBulk } = itemsOf(context, resource);
  const all = items.map((item) => parseNewFields(actor, resource, isBulk ? item : dropBulkOnly(resource, item)));
  if (isBulk && resource.failsInBulk === true) throw internalError();
  if (resource.isForAdmins === true && !actor.isAdmin) throw forbidden(`rule:create_${resource.name}`);
  for (const fields of all) resource.checkParent?.(neutron, actor, fields);
  for (const fields of all) {
    const network = policyNetwork(neutron, actor, resource.networkOf?.ofNew(fields));
    checkPolicy(actor, resource, fields, "create", network);
  }
  if (resource.quota !== undefined) checkQuota(neutron, projectOf(actor, all[0] ?? {}), resource.quota, all.length);
  for (const fields of all) checkStorable(fields);
  const view = resource.createdView ?? resource.view;
  const views = createAll(neutron, resource, actor, all).map((row) => view(neutron, actor, row));
  return json(201, isBulk ? { [resource.collection]: views } : { [resource.name]: views[0] });
}

function update<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  context: RequestContext,
): HttpReply {
  const { actor } = context;
  // An empty body of the core is looked at only once there is something to change.
  if (resource.isCore && context.request.body.length <= "{}".length)
    requireChangeable(neutron, resource, context, "update");
  const fields = parseChanges(actor, resource, itemOf(context, resource));
  const row = requireChangeable(neutron, resource, context, "update");
  checkPolicy(actor, resource, fields, "update", policyNetwork(neutron, actor, resource.networkOf?.ofRow(row)));
  // The real service fails if a resource can't be changed (security group rules).
  if (resource.update === undefined) throw internalError();
  checkStorable(fields);
  checkRevision(context, row);
  const before = { ...row };
  resource.update(neutron, actor, row, fields);
  share(neutron, resource, row, fields);
  const changes = resource.revisions?.(fields, row, before) ?? (Object.keys(fields).length > 0 ? 1 : 0);
  for (let times = 0; times < changes; times++) touch(neutron, row);
  const view = resource.updatedView ?? resource.view;
  return json(200, { [resource.name]: view(neutron, actor, row, fields) });
}

function remove<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  context: RequestContext,
): HttpReply {
  const row = requireChangeable(neutron, resource, context, "delete");
  checkRevision(context, row);
  removeRow(neutron, resource, context.actor, row);
  return empty(204);
}

function show<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  { actor, params, query }: RequestContext,
): HttpReply {
  const row = requireRow(neutron, resource, actor, params.id ?? "");
  const shown = selectFields(query, resource.view(neutron, actor, row), resource.alwaysShown);
  return json(200, { [resource.name]: shown });
}

function list<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  context: RequestContext,
): HttpReply {
  const { actor, query } = context;
  const { collection, path, attributes, exception, adminMembers = [], isUntagged = false } = resource;
  const hidden = actor.isAdmin ? [] : adminMembers;
  const isFilteredByHidden = hidden.some((name) => query.has(name));
  const marker = resource.refusesUnknownMarker === true && { exception };
  const schema = { collection, path, attributes, isTagged: !isUntagged, hidden, ...marker };
  const rows = [...resource.rows(neutron, context)].filter((row) => canSee(neutron, resource, actor, row));
  const viewer = isFilteredByHidden ? { ...actor, isAdmin: true } : actor;
  const views = rows.map((row) => resource.view(neutron, viewer, row));
  return listReply(context, schema, views);
}

/** A POST to an item is checked as one to the collection would be, and then refused. */
function postToItem<T extends ResourceRow, A extends Attributes>(
  resource: Resource<T, A>,
  context: RequestContext,
): never {
  if (context.request.body.length === 0) throw methodNotAllowed();
  const { items } = itemsOf(context, resource);
  for (const item of items) parseNewFields(context.actor, resource, item);
  throw methodNotAllowed();
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
    { method: "POST", path: item, handler: (context) => postToItem(resource, context) },
    ...(resource.isUntagged === true ? [] : tagRoutes(neutron, resource, item)),
  ];
}
