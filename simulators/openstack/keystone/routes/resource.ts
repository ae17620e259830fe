import { empty, type HttpReply, isObject, json } from "../../../kernel/index.ts";
import type { Schema, ValueOf } from "../../schema/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Entity } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { crash } from "../wire/crash.ts";
import { badRequest, forbiddenAction, notFound } from "../wire/errors.ts";
import { passesFilters } from "../wire/filters.ts";
import { listReply, withSelf } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";

/** A resource with the five usual routes: list, create, show, update, delete. `C` and `U` are the schemas of POST and PATCH. */
interface Resource<E extends Entity, C extends Schema, U extends Schema> {
  readonly collection: string;
  /** The member of a list's reply. Default: `collection`. */
  readonly listed?: string;
  readonly member: string;
  /** Noun of the policies and of "Could not find …". Default `member`. */
  readonly noun?: string;
  /** Noun of "Could not find …" where it differs from that of the policies. */
  readonly title?: string;
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
  /** Whether a caller without the admin role may GET this one. Default: no. */
  isReadable?(context: RequestContext, id: string): boolean;
  /** Whether this one is listed to a caller without the admin role. Default: listing is refused. */
  isListed?(context: RequestContext, entity: E): boolean;
  /** Whether the reply to a PATCH repeats the unknown attributes in a member `extra`. */
  readonly showsExtra?: boolean;
  /** Filters of its list (`filters` of Keystone's own resource); others are ignored. */
  readonly filters: readonly string[];
  /** Filters that need more than the view. @throws Refusal 400 */
  readonly passes?: (entity: E, query: URLSearchParams) => boolean;
  /** Whether readers of its domain may see it, but change nothing. */
  readonly isDomainReadable?: boolean;
  /** Whether a PATCH may name another id, which is ignored. Default: 400. */
  readonly ignoresOtherId?: boolean;
  /** Fails like the recorded process if the body is not an object (Keystone looks into it before it validates). */
  readonly crashesOnOddBody?: boolean;
  /** Members of the reply to a GET beyond the view. @throws Refusal 400, 403 */
  readonly details?: (entity: E, context: RequestContext, state: KeystoneState) => object;
}

/** Makes the function that gives a Keystone the five routes of a resource (Identity API v3). */
export function resourceRoutes<E extends Entity, C extends Schema, U extends Schema>(
  resource: Resource<E, C, U>,
): (keystone: Keystone) => readonly OpenStackRoute[] {
  const path = `/v3/${resource.collection}`;
  return (keystone) =>
    bindRoutes(new ResourceWork(keystone, resource), [
      ["DELETE", path, (_it, context) => crash(context, [path])],
      ["POST", `${path}/:id`, (_it, context) => crash(context, [path])],
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
    if (entity === undefined) throw notFound(this.#resource.title ?? this.#noun, id);
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
    const { member, bodyRequired = false } = this.#resource;
    const body = readBody(context);
    return Object.hasOwn(body, member) ? body[member] : bodyRequired ? null : {};
  }

  /** Whether a reader of the caller's domain may see it. */
  #isOfReader({ actor }: RequestContext, entity: E | undefined): boolean {
    if (this.#resource.isDomainReadable !== true || actor.domainId === "" || !actor.roles.includes("reader"))
      return false;
    return entity !== undefined && "domainId" in entity && entity.domainId === actor.domainId;
  }

  list(context: RequestContext): HttpReply {
    const { actor, query } = context;
    const { collection, listed, filters, passes, isDomainReadable } = this.#resource;
    const canBeListed = this.#resource.isListed?.bind(this.#resource);
    const isReader = isDomainReadable === true && actor.domainId !== "" && actor.roles.includes("reader");
    if (!actor.isAdmin && !isReader && canBeListed === undefined)
      throw forbiddenAction(`identity:list_${listed ?? collection}`);
    const views = [...this.#entities.values()]
      .filter((entity) => actor.isAdmin || canBeListed?.(context, entity) === true || this.#isOfReader(context, entity))
      .filter((entity) => passes?.(entity, query) ?? true)
      .map((entity) => this.#resource.view(entity, context, this.#state))
      .filter((shown) => passesFilters(shown, query, filters));
    return listReply(
      context,
      listed ?? collection,
      views.map((view) => withSelf(context, collection, view)),
    );
  }

  create(context: RequestContext): HttpReply {
    const attributes = this.#attributes(context);
    requireAdmin(context, `create_${this.#noun}`);
    if (this.#resource.crashesOnOddBody === true && !isObject(attributes)) crash(context, []);
    const checked = checkBody(this.#resource.createSchema, attributes);
    const entity = this.#resource.create(this.#keystone, context, checked);
    this.#entities.set(entity.id, entity);
    context.cloud.kernel.record("keystone", `${this.#noun}.create`, entity.id, { name: entity.name });
    return json(201, { [this.#resource.member]: this.#show(context, entity) });
  }

  show(context: RequestContext): HttpReply {
    const resource = this.#resource;
    const { id = "" } = context.params;
    const mayRead =
      context.actor.isAdmin ||
      resource.isReadable?.(context, id) === true ||
      this.#isOfReader(context, this.#entities.get(id));
    if (!mayRead && resource.existsFirst === true && resource.isReadable === undefined) this.#find(context);
    if (!mayRead) throw forbiddenAction(`identity:get_${this.#noun}`);
    const entity = this.#find(context);
    const details = resource.details?.(entity, context, this.#state);
    return json(200, { [resource.member]: { ...this.#show(context, entity), ...details } });
  }

  update(context: RequestContext): HttpReply {
    const attributes = this.#attributes(context);
    this.#requireAdmin(context, `update_${this.#noun}`);
    if (this.#resource.existsFirst === true) this.#find(context);
    const checked = checkBody(this.#resource.updateSchema, attributes);
    const entity = this.#find(context);
    if (this.#resource.ignoresOtherId !== true && isObject(attributes) && (attributes.id ?? entity.id) !== entity.id)
      throw badRequest("Cannot change ID");
    this.#resource.update(this.#keystone, entity, checked);
    context.cloud.kernel.record("keystone", `${this.#noun}.update`, entity.id);
    const extra = this.#resource.showsExtra === true && { extra: entity.extra ?? {} };
    return json(200, { [this.#resource.member]: { ...this.#show(context, entity), ...extra } });
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
