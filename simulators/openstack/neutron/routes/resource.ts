import { bodyJson, empty, type HttpReply, json } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import {
  checked,
  checkPolicy,
  type Attributes,
  COMMON,
  itemOf,
  itemsOf,
  projectOf,
  type Shape,
} from "../wire/attributes.ts";
import { badRequest, denied, type Fields, httpBadRequest, type Neutron, notFound, owns, touch } from "../wire/wire.ts";
import { chosen, listed } from "../wire/lists.ts";
import { checkQuota, type Counted } from "./quotas.ts";
import type { Row } from "../state/state.ts";

/** A kind of thing that Neutron keeps, with the verbs that all kinds share. */
export interface Resource<T extends Row> extends Shape {
  /** The path's own word: `security-groups`. */
  readonly path: string;
  /** `Network`: the word of its NotFound. */
  readonly kind: string;
  readonly quota: Counted;
  readonly clients: readonly string[];
  /** An unknown marker of a list is an error. */
  readonly isMarkerKnown?: boolean;
  /** Rows to look through for a list; indexed where the query allows it. */
  readonly rows: (neutron: Neutron, context: Context) => Iterable<T>;
  readonly find: (neutron: Neutron, id: string) => T | undefined;
  readonly sees?: (neutron: Neutron, actor: Actor, row: T) => boolean;
  /** Who may change and delete it; default its project. */
  readonly controls?: (neutron: Neutron, actor: Actor, row: T) => boolean;
  /** What is said of a row that the actor may not see; default as of one that isn't there. */
  readonly unseen?: () => Refusal;
  readonly view: (neutron: Neutron, actor: Actor, row: T) => Fields;
  /** What creation shows, where it differs. */
  readonly createdView?: (neutron: Neutron, actor: Actor, row: T) => Fields;
  readonly updatedView?: (neutron: Neutron, actor: Actor, row: T) => Fields;
  readonly create: (neutron: Neutron, actor: Actor, projectId: string, fields: Fields) => T;
  /** Absent: this kind can't be changed. */
  readonly update?: (neutron: Neutron, actor: Actor, row: T, fields: Fields) => void;
  readonly remove: (neutron: Neutron, actor: Actor, row: T) => void;
}

/** A row that the actor may see. @throws Refusal 404 */
export function rowOf<T extends Row>(neutron: Neutron, resource: Resource<T>, actor: Actor, id: string): T {
  const row = resource.find(neutron, id);
  if (row === undefined) throw notFound(resource.kind, id);
  if (!(resource.sees?.(neutron, actor, row) ?? owns(actor, row)))
    throw resource.unseen?.() ?? notFound(resource.kind, id);
  return row;
}

/** `If-Match: revision_number=3`. @throws Refusal 400, 412 */
function checkRevision({ request }: Context, row: Row): void {
  const match = /^revision_number=(.*)$/.exec(request.headers["if-match"] ?? "");
  if (match === null) return;
  if (!/^\d+$/.test(match[1] ?? ""))
    throw badRequest("if-match", "Revision number etag must be in the format of revision_number=<int>.");
  if (Number(match[1]) === row.revision) return;
  const message = `Constrained to ${match[1]}, but current revision is ${row.revision}`;
  throw new Refusal(412, "RevisionNumberConstraintFailed", message);
}

function create<T extends Row>(neutron: Neutron, resource: Resource<T>, context: Context): HttpReply {
  const { actor } = context;
  const { items, isBulk } = itemsOf(context, resource);
  const wanted = items.map((item) => checked(actor, resource, item, "create"));
  for (const fields of wanted) checkPolicy(actor, resource, fields, "create");
  const [first = {}] = wanted;
  checkQuota(neutron, projectOf(actor, first), resource.quota, wanted.length);
  for (const fields of wanted) checkStorable(fields);
  const made: T[] = [];
  try {
    for (const fields of wanted) made.push(resource.create(neutron, actor, projectOf(actor, fields), fields));
  } catch (error) {
    // A bulk is all or nothing.
    for (const row of made.reverse()) resource.remove(neutron, actor, row);
    throw error;
  }
  const view = resource.createdView ?? resource.view;
  const views = made.map((row) => view(neutron, actor, row));
  return json(201, isBulk ? { [resource.collection]: views } : { [resource.name]: views[0] });
}

const failed = (): Refusal =>
  new Refusal(500, "HTTPInternalServerError", "Request Failed: internal server error while processing your request.");

/** The database keeps three bytes of UTF-8 a character: what needs four makes the service fail. */
function checkStorable(fields: Fields): void {
  if (/[\u{10000}-\u{10ffff}]/u.test(JSON.stringify(fields))) throw failed();
}

function update<T extends Row>(neutron: Neutron, resource: Resource<T>, context: Context): HttpReply {
  const { actor, params } = context;
  const fields = checked(actor, resource, itemOf(context, resource), "update");
  const row = rowOf(neutron, resource, actor, params.id ?? "");
  if (!(resource.controls?.(neutron, actor, row) ?? owns(actor, row))) throw denied(`rule:update_${resource.name}`);
  checkPolicy(actor, resource, fields, "update");
  // The service fails where a kind has no change (security group rules).
  if (resource.update === undefined) throw failed();
  checkStorable(fields);
  checkRevision(context, row);
  resource.update(neutron, actor, row, fields);
  if (Object.keys(fields).length > 0) touch(neutron, row);
  const view = resource.updatedView ?? resource.view;
  return json(200, { [resource.name]: view(neutron, actor, row) });
}

function remove<T extends Row>(neutron: Neutron, resource: Resource<T>, context: Context): HttpReply {
  const { actor, params } = context;
  const row = rowOf(neutron, resource, actor, params.id ?? "");
  if (!(resource.controls?.(neutron, actor, row) ?? owns(actor, row))) throw denied(`rule:delete_${resource.name}`);
  checkRevision(context, row);
  resource.remove(neutron, actor, row);
  return empty(204);
}

/** The routes that every kind has: the collection, its items, their tags. */
export function resourceRoutes<T extends Row>(neutron: Neutron, resource: Resource<T>): readonly OpenStackRoute[] {
  const { clients } = resource;
  const collection = `/v2.0/${resource.path}`;
  const item = `${collection}/:id`;
  const none = (): never => {
    throw notFound(resource.kind, "None");
  };
  const shape = {
    collection: resource.collection,
    path: resource.path,
    attributes: resource.attributes,
    ...(resource.isMarkerKnown === true && { markerKind: resource.kind }),
  };
  return [
    {
      method: "GET",
      path: collection,
      clients,
      handler: (context) => {
        const { actor } = context;
        const rows = [...resource.rows(neutron, context)].filter(
          (row) => resource.sees?.(neutron, actor, row) ?? owns(actor, row),
        );
        return listed(
          context,
          shape,
          rows.map((row) => resource.view(neutron, actor, row)),
        );
      },
    },
    { method: "POST", path: collection, clients, handler: (context) => create(neutron, resource, context) },
    { method: "PUT", path: collection, handler: none },
    { method: "DELETE", path: collection, handler: none },
    {
      method: "GET",
      path: item,
      clients,
      handler: ({ actor, params, query }) => {
        const row = rowOf(neutron, resource, actor, params.id ?? "");
        return json(200, { [resource.name]: chosen(query, resource.view(neutron, actor, row)) });
      },
    },
    { method: "PUT", path: item, clients, handler: (context) => update(neutron, resource, context) },
    { method: "DELETE", path: item, clients, handler: (context) => remove(neutron, resource, context) },
    ...tagRoutes(neutron, resource, item),
  ];
}

const noTag = (tag: string): Refusal => new Refusal(404, "TagNotFound", `Tag ${tag} could not be found.`);

function tagRoutes<T extends Row>(neutron: Neutron, resource: Resource<T>, item: string): readonly OpenStackRoute[] {
  const row = ({ actor, params }: Context): T => rowOf(neutron, resource, actor, params.id ?? "");
  const set = (context: Context, tags: (now: readonly string[]) => readonly string[]): T => {
    const found = row(context);
    found.tags = tags(found.tags);
    touch(neutron, found);
    return found;
  };
  return [
    { method: "GET", path: `${item}/tags`, handler: (context) => json(200, { tags: row(context).tags }) },
    {
      method: "PUT",
      path: `${item}/tags`,
      clients: ["openstack"],
      handler: (context) => {
        const body = bodyJson(context.request);
        const tags = body.ok ? (body.value as { tags?: unknown } | null)?.tags : undefined;
        if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== "string"))
          throw httpBadRequest("Invalid input for tags. Reason: 'tags' is not a list.");
        return json(200, { tags: set(context, () => [...new Set(tags as string[])]).tags });
      },
    },
    {
      method: "DELETE",
      path: `${item}/tags`,
      handler: (context) => {
        set(context, () => []);
        return empty(204);
      },
    },
    {
      method: "GET",
      path: `${item}/tags/:tag`,
      handler: (context) => {
        const tag = context.params.tag ?? "";
        if (!row(context).tags.includes(tag)) throw noTag(tag);
        return empty(204);
      },
    },
    {
      method: "PUT",
      path: `${item}/tags/:tag`,
      handler: (context) => {
        set(context, (now) => [...new Set([...now, context.params.tag ?? ""])]);
        return { status: 201, headers: { "Content-Type": "application/json" }, body: "null" };
      },
    },
    {
      method: "DELETE",
      path: `${item}/tags/:tag`,
      handler: (context) => {
        const tag = context.params.tag ?? "";
        if (!row(context).tags.includes(tag)) throw noTag(tag);
        set(context, (now) => now.filter((each) => each !== tag));
        return empty(204);
      },
    },
  ];
}

/** Attributes of a kind beside the common ones. */
export const withCommon = (own: Attributes): Attributes => ({ ...COMMON, ...own });
