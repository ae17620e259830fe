import { empty, type HttpReply, json, own, serialise } from "../../kernel/index.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { bodyOf, checkSchema, forbiddenAction, notFound } from "./errors.ts";
import { type At, adminOnly, type Kind } from "./kinds.ts";
import { SCHEMAS } from "./schemas.ts";
import type { Entity, KeystoneSlot } from "./state.ts";
import type { Tokens } from "./tokens.ts";

/** `…/v3` at the address that the client used. */
export const rootOf = ({ request }: Context): string => `${request.origin}/v3`;

export const linked = (context: Context, collection: string, view: Record<string, unknown>): object => ({
  ...view,
  links: { self: `${rootOf(context)}/${collection}/${String(view.id)}` },
});

/** A list as Keystone shows it: never paged. */
export const listing = (context: Context, collection: string, items: readonly object[]): HttpReply =>
  json(200, {
    [collection]: items,
    links: { next: null, self: context.request.origin + context.request.url, previous: null },
  });

/** `undefined`: the filter does not concern what is shown. */
type Matcher = (shown: unknown, wanted: string) => boolean;
const lower = (value: unknown): string => String(value).toLowerCase();
const COMPARATORS: Readonly<Record<string, Matcher>> = {
  contains: (shown, wanted) => String(shown).includes(wanted),
  icontains: (shown, wanted) => lower(shown).includes(lower(wanted)),
  startswith: (shown, wanted) => String(shown).startsWith(wanted),
  istartswith: (shown, wanted) => lower(shown).startsWith(lower(wanted)),
  endswith: (shown, wanted) => String(shown).endsWith(wanted),
  iendswith: (shown, wanted) => lower(shown).endsWith(lower(wanted)),
  iexact: (shown, wanted) => lower(shown) === lower(wanted),
};

function equals(shown: unknown, wanted: string): boolean {
  if (typeof shown === "boolean") return shown === !["false", "0", "no", "off"].includes(wanted.toLowerCase());
  return typeof shown === "string" && shown === wanted;
}

/** Whether what is shown passes the query's filters (`name`, `name__startswith` …); unknown ones are ignored. */
export function passes(view: Readonly<Record<string, unknown>>, query: URLSearchParams): boolean {
  for (const [key, wanted] of query) {
    const [name = "", comparator] = key.split("__");
    if (!Object.hasOwn(view, name)) continue;
    const matcher = comparator === undefined ? equals : own(COMPARATORS, comparator);
    if (matcher !== undefined && !matcher(view[name], wanted)) return false;
  }
  return true;
}

/** List, create, show, update and delete of one kind. */
export function entityRoutes<E extends Entity>(
  kind: Kind<E>,
  slot: KeystoneSlot,
  tokens: Tokens,
): readonly OpenStackRoute[] {
  const { collection, member } = kind;
  const noun = kind.noun ?? member;
  const at = (context: Context): At => ({ state: slot.value, context, tokens });
  const show = (context: Context, entity: E): object =>
    linked(context, collection, kind.view(entity, context, slot.value));
  const find = (context: Context): E => {
    const id = context.params.id ?? "";
    const entity = kind.map(slot.value).get(id);
    if (entity === undefined) throw notFound(noun, id);
    return entity;
  };
  const allowed = (context: Context, action: string): void => {
    if (!context.actor.isAdmin && kind.existsFirst === true) find(context);
    adminOnly(context, action);
  };
  const attributesOf = (context: Context): unknown => bodyOf(context)[member] ?? (kind.bodyRequired ? null : {});
  const path = `/v3/${collection}`;
  return [
    {
      method: "GET",
      path,
      handler: (context) => {
        const { actor } = context;
        if (!actor.isAdmin && kind.visible === undefined) throw forbiddenAction(`identity:list_${collection}`);
        const items = [...kind.map(slot.value).values()]
          .filter((entity) => actor.isAdmin || kind.visible?.(context, entity) === true)
          .map((entity) => kind.view(entity, context, slot.value))
          .filter((view) => passes(view, context.query));
        return listing(
          context,
          collection,
          items.map((view) => linked(context, collection, view)),
        );
      },
    },
    {
      method: "POST",
      path,
      handler: (context) => {
        const attributes = attributesOf(context);
        adminOnly(context, `create_${noun}`);
        checkSchema(SCHEMAS[collection]?.create ?? {}, attributes);
        const entity = kind.create(at(context), attributes as Record<string, unknown>);
        kind.map(slot.value).set(entity.id, entity);
        context.cloud.kernel.record("keystone", `${noun}.create`, entity.id, { name: entity.name });
        return json(201, { [member]: show(context, entity) });
      },
    },
    {
      method: "GET",
      path: `${path}/:id`,
      handler: (context) => {
        const mayRead = context.actor.isAdmin || kind.readable?.(context, context.params.id ?? "") === true;
        if (!mayRead && kind.existsFirst === true && kind.readable === undefined) find(context);
        if (!mayRead) throw forbiddenAction(`identity:get_${noun}`);
        return json(200, { [member]: show(context, find(context)) });
      },
    },
    {
      method: "PATCH",
      path: `${path}/:id`,
      handler: (context) => {
        const attributes = attributesOf(context);
        allowed(context, `update_${noun}`);
        const early = kind.existsFirst === true || kind.map(slot.value).has(context.params.id ?? "");
        if (early) find(context);
        checkSchema(SCHEMAS[collection]?.update ?? {}, attributes);
        const entity = find(context);
        kind.update(at(context), entity, attributes as Record<string, unknown>);
        context.cloud.kernel.record("keystone", `${noun}.update`, entity.id);
        return json(200, { [member]: { ...show(context, entity), ...kind.afterUpdate } });
      },
    },
    {
      method: "DELETE",
      path: `${path}/:id`,
      handler: (context) => {
        allowed(context, `delete_${noun}`);
        const entity = find(context);
        kind.remove?.(at(context), entity);
        kind.map(slot.value).delete(entity.id);
        slot.value.generation++;
        context.cloud.kernel.record("keystone", `${noun}.delete`, entity.id);
        return empty(204);
      },
    },
  ];
}

/** The HEAD that Flask makes of a GET: its headers, its length, no body. */
export const headOf = (route: OpenStackRoute): OpenStackRoute => ({
  ...route,
  method: "HEAD",
  handler: (context) => withoutBody(route.handler(context)),
});

export function withoutBody(reply: HttpReply): HttpReply {
  const { body, headers } = serialise(reply);
  return { status: reply.status, headers: { ...headers, "Content-Length": String(Buffer.byteLength(body)) } };
}
