import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import type { Schema, ValueOf } from "../../schema/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Entity } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { forbiddenAction, notFound } from "../wire/errors.ts";
import { passesFilters } from "../wire/filters.ts";
import { collectionReply, withSelf } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";

/** A resource with the five usual routes: list, create, show, update, delete. `C` and `U` are the schemas of POST and PATCH. */
export interface Resource<E extends Entity, C extends Schema, U extends Schema> {
  readonly collection: string;
  readonly member: string;
  /** Noun of the policies and of "Could not find …". Default `member`. */
  readonly noun?: string;
  /** Whether a PATCH or DELETE (and GET, unless there is `isReadable`) of something missing is 404 rather than 403. */
  readonly existsFirst?: boolean;
  /** Whether the schema refuses a POST without the root member; by default a missing one stands for `{}`. */
  readonly bodyRequired?: boolean;
  readonly createSchema: C;
  readonly updateSchema: U;
  map(state: KeystoneState): Map<string, E>;
  view(entity: E, context: RequestContext, state: KeystoneState): Readonly<Record<string, unknown>>;
  create(keystone: Keystone, context: RequestContext, attributes: ValueOf<C>): E;
  update(keystone: Keystone, entity: E, attributes: ValueOf<U>): void;
  /** Removes what goes with a deleted entity. */
  remove?(state: KeystoneState, entity: E): void;
  /** Whether a caller without the admin role may GET this one. Default no. */
  isReadable?(context: RequestContext, id: string): boolean;
  /** Whether this one is listed to a caller without the admin role. Default: listing is refused. */
  isListed?(context: RequestContext, entity: E): boolean;
  /** Further members of the reply to a PATCH. */
  readonly afterUpdate?: Readonly<Record<string, unknown>>;
}

/** The five routes of a resource (Identity API v3). */
export function resourceRoutes<E extends Entity, C extends Schema, U extends Schema>(
  keystone: Keystone,
  resource: Resource<E, C, U>,
): readonly OpenStackRoute[] {
  const path = `/v3/${resource.collection}`;
  const work = new ResourceWork(keystone, resource);
  return bindRoutes(work, [
    ["GET", path, (it, context) => it.list(context)],
    ["POST", path, (it, context) => it.create(context)],
    ["GET", `${path}/:id`, (it, context) => it.show(context)],
    ["PATCH", `${path}/:id`, (it, context) => it.update(context)],
    ["DELETE", `${path}/:id`, (it, context) => it.remove(context)],
  ]);
}

/** The handlers of one resource. */
class ResourceWork<E extends Entity, C extends Schema, U extends Schema> {
  readonly #keystone: Keystone;
  readonly #resource: Resource<E, C, U>;
  readonly #noun: string;

  constructor(keystone: Keystone, resource: Resource<E, C, U>) {
    this.#keystone = keystone;
    this.#resource = resource;
    this.#noun = resource.noun ?? resource.member;
  }

  get #state(): KeystoneState {
    return this.#keystone.state;
  }

  get #entities(): Map<string, E> {
    return this.#resource.map(this.#state);
  }

  #find({ params: { id = "" } }: RequestContext): E {
    const entity = this.#entities.get(id);
    if (entity === undefined) throw notFound(this.#noun, id);
    return entity;
  }

  #show(context: RequestContext, entity: E): object {
    return withSelf(context, this.#resource.collection, this.#resource.view(entity, context, this.#state));
  }

  /** @throws Refusal 403, or 404 where that comes first */
  #requireAdmin(context: RequestContext, action: string): void {
    if (!context.actor.isAdmin && this.#resource.existsFirst === true) this.#find(context);
    requireAdmin(context, action);
  }

  #attributes(context: RequestContext): unknown {
    return readBody(context)[this.#resource.member] ?? (this.#resource.bodyRequired === true ? null : {});
  }

  list(context: RequestContext): HttpReply {
    const { actor, query } = context;
    const { collection } = this.#resource;
    if (!actor.isAdmin && this.#resource.isListed === undefined) throw forbiddenAction(`identity:list_${collection}`);
    const views = [...this.#entities.values()]
      .filter((entity) => actor.isAdmin || this.#resource.isListed?.(context, entity) === true)
      .map((entity) => this.#resource.view(entity, context, this.#state))
      .filter((shown) => passesFilters(shown, query));
    return collectionReply(context, collection, views);
  }

  create(context: RequestContext): HttpReply {
    const attributes = this.#attributes(context);
    requireAdmin(context, `create_${this.#noun}`);
    const checked = checkBody(this.#resource.createSchema, attributes);
    const entity = this.#resource.create(this.#keystone, context, checked);
    this.#entities.set(entity.id, entity);
    context.cloud.kernel.record("keystone", `${this.#noun}.create`, entity.id, { name: entity.name });
    return json(201, { [this.#resource.member]: this.#show(context, entity) });
  }

  show(context: RequestContext): HttpReply {
    const resource = this.#resource;
    const mayRead = context.actor.isAdmin || resource.isReadable?.(context, context.params.id ?? "") === true;
    if (!mayRead && resource.existsFirst === true && resource.isReadable === undefined) this.#find(context);
    if (!mayRead) throw forbiddenAction(`identity:get_${this.#noun}`);
    return json(200, { [resource.member]: this.#show(context, this.#find(context)) });
  }

  update(context: RequestContext): HttpReply {
    const attributes = this.#attributes(context);
    this.#requireAdmin(context, `update_${this.#noun}`);
    if (this.#resource.existsFirst === true) this.#find(context);
    const checked = checkBody(this.#resource.updateSchema, attributes);
    const entity = this.#find(context);
    this.#resource.update(this.#keystone, entity, checked);
    context.cloud.kernel.record("keystone", `${this.#noun}.update`, entity.id);
    return json(200, { [this.#resource.member]: { ...this.#show(context, entity), ...this.#resource.afterUpdate } });
  }

  remove(context: RequestContext): HttpReply {
    this.#requireAdmin(context, `delete_${this.#noun}`);
    const entity = this.#find(context);
    this.#resource.remove?.(this.#state, entity);
    this.#entities.delete(entity.id);
    this.#state.generation++;
    context.cloud.kernel.record("keystone", `${this.#noun}.delete`, entity.id);
    return empty(204);
  }
}

/** Keeps the types of a resource's schemas for its `create` and `update`. */
export const defineResource = <E extends Entity, const C extends Schema, const U extends Schema>(
  resource: Resource<E, C, U>,
): Resource<E, C, U> => resource;
