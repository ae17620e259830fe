import { type HttpReply, json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { type ListedCollection, listReply } from "../wire/lists.ts";
import type { View } from "../wire/views.ts";

/** A list of what only the cloud itself creates, such as its agents; filtered, sorted and paged as any other. */
export const listOfOwn = (
  path: string,
  collection: ListedCollection,
  views: (context: RequestContext) => readonly View[] = () => [],
): OpenStackRoute => ({
  method: "GET",
  path: `/v2.0/${path}`,
  clients: ["openstack"],
  handler: (context): HttpReply => listReply(context, { collection, path, attributes: {} }, views(context)),
});

/** A list whose plugin has no filters of its own: it accepts any, and none matches. */
export const unfilteredList = (path: string, collection: string, views: readonly View[] = []): OpenStackRoute => ({
  method: "GET",
  path: `/v2.0/${path}`,
  clients: ["openstack"],
  handler: ({ query }): HttpReply => json(200, { [collection]: views.filter((view) => fits(view, query)) }),
});

const fits = (view: View, query: URLSearchParams): boolean =>
  [...query.keys()].every((key) => !(key in view) || query.getAll(key).includes(String(view[key])));
