import { bodyJson, empty, type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import type { ResourceRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { isDictionary } from "../wire/converters.ts";
import { httpBadRequest } from "../wire/errors.ts";

/** The row that a path names. @throws Refusal 404 */
type FindRow = (context: RequestContext) => ResourceRow;

const isText = (value: unknown): value is string => typeof value === "string";

/** @throws Refusal 400 */
function tagsIn({ request }: RequestContext): readonly string[] {
  const body = bodyJson(request);
  const tags = body.ok && isDictionary(body.value) ? body.value.tags : undefined;
  if (!Array.isArray(tags) || !tags.every(isText))
    throw httpBadRequest("Invalid input for tags. Reason: 'tags' is not a list.");
  return tags;
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

function removeTag(neutron: Neutron, row: ResourceRow, tag: string): HttpReply {
  requireTag(row, tag);
  setTags(
    neutron,
    row,
    row.tags.filter((each) => each !== tag),
  );
  return empty(204);
}

/** The routes of the tags of a resource. */
export function tagRoutes(neutron: Neutron, item: string, find: FindRow): readonly OpenStackRoute[] {
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
      method: "DELETE",
      path: all,
      handler: (context) => {
        setTags(neutron, find(context), []);
        return empty(204);
      },
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
      handler: (context) => {
        const row = find(context);
        setTags(neutron, row, [...row.tags, tagOf(context)]);
        return { status: 201, headers: { "Content-Type": "application/json" }, body: "null" };
      },
    },
    { method: "DELETE", path: one, handler: (context) => removeTag(neutron, find(context), tagOf(context)) },
  ];
}
