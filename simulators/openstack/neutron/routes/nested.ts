import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import type { Refusal } from "../../refusal.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import type { Neutron } from "../state/state.ts";
import {
  type Attributes,
  type Fields,
  itemOf,
  type NewFields,
  parseChanges,
  parseNewFields,
  type ResourceSchema,
} from "../wire/attributes.ts";
import { forbidden } from "../wire/errors.ts";
import { type ListedCollection, listReply, selectFields } from "../wire/lists.ts";
import type { View } from "../wire/views.ts";

/** A resource that exists only within another: the rules of a policy, the forwarded ports of a floating IP. */
export interface Nested<P, T, A extends Attributes> extends ResourceSchema<A> {
  readonly collection: ListedCollection;
  /** Path of the collection; `:parent` is the other resource. */
  readonly path: string;
  /** Its name in the rules of policy: `policy_bandwidth_limit_rule`. */
  readonly policyName: string;
  /** Default false: everybody who sees the parent may change it. */
  readonly isForAdmins?: boolean;
  /** @throws Refusal 404 */
  readonly parent: (neutron: Neutron, actor: Actor, id: string) => P;
  readonly rows: (neutron: Neutron, parent: P) => readonly T[];
  readonly idOf: (row: T) => string;
  readonly missing: (parent: P, id: string) => Refusal;
  readonly view: (row: T) => View;
  readonly create: (neutron: Neutron, actor: Actor, parent: P, fields: NewFields<A>) => T;
  readonly update: (neutron: Neutron, actor: Actor, parent: P, row: T, fields: Fields<A>) => void;
  readonly remove: (neutron: Neutron, parent: P, row: T) => void;
}

/** The routes of such a resource. */
export function nestedRoutes<P, T, A extends Attributes>(
  neutron: Neutron,
  resource: Nested<P, T, A>,
): readonly OpenStackRoute[] {
  const { path, name } = resource;
  const item = `${path}/:id`;
  const parentOf = ({ actor, params }: RequestContext): P => resource.parent(neutron, actor, params.parent ?? "");
  const rowOf = (parent: P, { params }: RequestContext): T => {
    const found = resource.rows(neutron, parent).find((row) => resource.idOf(row) === params.id);
    if (found === undefined) throw resource.missing(parent, params.id ?? "");
    return found;
  };
  const checkMay = ({ actor }: RequestContext, verb: string): void => {
    if (resource.isForAdmins === true && !actor.isAdmin) throw forbidden(`rule:${verb}_${resource.policyName}`);
  };
  const list = (context: RequestContext): HttpReply => {
    const views = resource.rows(neutron, parentOf(context)).map(resource.view);
    return listReply(context, { ...resource, path: path.slice("/v2.0/".length) }, views);
  };
  const create = (context: RequestContext): HttpReply => {
    const fields = parseNewFields(context.actor, resource, itemOf(context, resource));
    checkMay(context, "create");
    return json(201, { [name]: resource.view(resource.create(neutron, context.actor, parentOf(context), fields)) });
  };
  const show = (context: RequestContext): HttpReply =>
    json(200, { [name]: selectFields(context.query, resource.view(rowOf(parentOf(context), context))) });
  const update = (context: RequestContext): HttpReply => {
    const fields = parseChanges(context.actor, resource, itemOf(context, resource));
    const parent = parentOf(context);
    const row = rowOf(parent, context);
    checkMay(context, "update");
    resource.update(neutron, context.actor, parent, row, fields);
    return json(200, { [name]: resource.view(row) });
  };
  const remove = (context: RequestContext): HttpReply => {
    const parent = parentOf(context);
    const row = rowOf(parent, context);
    checkMay(context, "delete");
    resource.remove(neutron, parent, row);
    return empty(204);
  };
  return [
    { method: "GET", path, handler: list },
    { method: "POST", path, handler: create },
    { method: "GET", path: item, handler: show },
    { method: "PUT", path: item, handler: update },
    { method: "DELETE", path: item, handler: remove },
  ];
}
