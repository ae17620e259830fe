import { bodyJson, empty, type HttpReply, json } from "../../../kernel/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import type { ResourceRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { type Convert, InvalidValue, listOf, textUpTo } from "../wire/converters.ts";
import { isDictionary } from "../wire/structures.ts";
import { badInput, notFoundAs } from "../wire/errors.ts";
import { TAG_CHARS_MAX } from "../wire/port.ts";

const TAGS = listOf(textUpTo(TAG_CHARS_MAX));

/** Converts a value, or refuses it as an input of the operation. @throws Refusal 400 */
function convertTag<T>(convert: Convert<T>, value: unknown): T {
  try {
    return convert(value);
  } catch (error) {
    throw error instanceof InvalidValue ? badInput(error.message) : error;
  }
}

/** @throws Refusal 400 */
function tagsIn({ request }: RequestContext): readonly string[] {
  const body = bodyJson(request);
  if (!body.ok || !isDictionary(body.value) || !Object.hasOwn(body.value, "tags")) throw badInput("Invalid tags body");
  return convertTag(TAGS, body.value.tags);
}

/** @throws Refusal 404 */
function requireTag(row: ResourceRow, tag: string): void {
  if (!row.tags.includes(tag)) throw new Refusal(404, "TagNotFound", `Tag ${tag} could not be found.`);
}

function setTags(neutron: Neutron, row: ResourceRow, tags: readonly string[]): readonly string[] {
  row.tags = [...new Set(tags)];
  touch(neutron, row);
  return row.tags;
}

function clearTags(neutron: Neutron, row: ResourceRow): HttpReply {
  setTags(neutron, row, []);
  return empty(204);
}

function refusePost(): never {
  throw notFoundAs("HTTPNotFound", "not supported");
}

/** The tag is read before the row is looked for. @throws Refusal 400, 404 */
function addTag(neutron: Neutron, find: () => ResourceRow, value: string): HttpReply {
  const tag = convertTag(textUpTo(TAG_CHARS_MAX), value);
  const row = find();
  setTags(neutron, row, [...row.tags, tag]);
  return { status: 201, headers: { "Content-Type": "application/json" }, body: "null" };
}

function removeTag(neutron: Neutron, row: ResourceRow, tag: string): HttpReply {
  requireTag(row, tag);
  setTags(
    neutron,
    row,
    row.tags.filter((each) => each !== tag),
  );
  return empty(204);
}

/** A resource that has tags. */
interface TaggedResource<T extends ResourceRow> {
  /** The collection's name in refusals. */
  readonly collection: string;
  readonly find: (neutron: Neutron, id: string) => T | undefined;
  readonly canSee?: (neutron: Neutron, actor: Actor, row: T) => boolean;
}

/** Finds the row of the path. @throws Refusal 404 */
const finderOf =
  <T extends ResourceRow>(neutron: Neutron, resource: TaggedResource<T>) =>
  ({ actor, params: { id = "" } }: RequestContext): T => {
    const row = resource.find(neutron, id);
    if (row !== undefined && (resource.canSee?.(neutron, actor, row) ?? controls(actor, row))) return row;
    throw notFoundAs("TagResourceNotFound", `Resource ${resource.collection} ${id} could not be found.`);
  };

/** The routes of the tags of a resource. A caller that may not see a row does not learn that such resources exist. */
export function tagRoutes<T extends ResourceRow>(
  neutron: Neutron,
  resource: TaggedResource<T>,
  item: string,
): readonly OpenStackRoute[] {
  const find = finderOf(neutron, resource);
  const all = `${item}/tags`;
  const one = `${all}/:tag`;
  const tagOf = ({ params }: RequestContext): string => params.tag ?? "";
  return [
    { method: "GET", path: all, handler: (context) => json(200, { tags: find(context).tags }) },
    {
      method: "PUT",
      path: all,
      clients: ["openstack"],
      handler: (context) => {
        const tags = tagsIn(context);
        return json(200, { tags: setTags(neutron, find(context), tags) });
      },
    },
    {
      method: "POST",
      path: all,
      handler: refusePost,
    },
    {
      method: "DELETE",
      path: all,
      handler: (context) => clearTags(neutron, find(context)),
    },
    {
      method: "GET",
      path: one,
      handler: (context) => {
        requireTag(find(context), tagOf(context));
        return empty(204);
      },
    },
    {
      method: "PUT",
      path: one,
      handler: (context) => addTag(neutron, () => find(context), tagOf(context)),
    },
    { method: "DELETE", path: one, handler: (context) => removeTag(neutron, find(context), tagOf(context)) },
  ];
}
