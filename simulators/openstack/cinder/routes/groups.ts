import { isObject } from "../../../kernel/index.ts";
import { requireBody } from "../wire/body.ts";
import { notFoundById, notSimulated } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import { type CinderRoute, emptyListRoutes, unmodelledRoute } from "../wire/route.ts";

const DEFAULT_GROUP_TYPE = {
  id: "f72add3f-1bc4-41a6-b6f2-e51ad6780b31",
  name: "default_cgsnapshot_type",
  description: "Default group type for migrating cgsnapshot",
  is_public: true,
};

const textAt = (body: unknown, path: readonly string[]): string =>
  String(path.reduce((value, name) => (isObject(value) ? value[name] : undefined), body) ?? "");

const ANY = { type: "object" } as const;

/** There are no groups, and only the default type of them. @throws Refusal 404, 501 */
function createGroup(call: CinderCall): never {
  const type = textAt(requireBody(call, ANY), ["group", "group_type"]);
  if (type !== DEFAULT_GROUP_TYPE.id && type !== DEFAULT_GROUP_TYPE.name) throw notFoundById("Group type", type);
  throw notSimulated("groups of volumes");
}

/** @throws Refusal 404 */
function createGroupSnapshot(call: CinderCall): never {
  throw notFoundById("Group", textAt(requireBody(call, ANY), ["group_snapshot", "group_id"]));
}

/** @throws Refusal 404 */
function refuseUnknown({ params, context }: CinderCall): never {
  const kind = context.request.path.includes("group_snapshots") ? "GroupSnapshot" : "Group";
  throw notFoundById(kind, params.id ?? "");
}

/** Routes of the API reference, "Generic volume groups". There are none. */
export const GROUP_ROUTES: readonly CinderRoute[] = [
  ...emptyListRoutes("/groups", "groups", 13),
  ...emptyListRoutes("/group_snapshots", "group_snapshots", 14),
  { method: "GET", path: "/group_types", from: 11, handler: () => ok({ group_types: [DEFAULT_GROUP_TYPE] }) },
  {
    method: "GET",
    path: "/group_types/:id",
    from: 11,
    handler: ({ params }) => {
      if (params.id !== DEFAULT_GROUP_TYPE.id) throw notFoundById("Group type", params.id ?? "");
      return ok({ group_type: DEFAULT_GROUP_TYPE });
    },
  },
  ...["PUT", "DELETE"].map(
    (method): CinderRoute => ({
      method,
      path: "/group_types/:id",
      from: 11,
      admin: `group:group_types:${method === "PUT" ? "update" : "delete"}`,
      handler: ({ params }) => {
        if (params.id !== DEFAULT_GROUP_TYPE.id) throw notFoundById("Group type", params.id ?? "");
        throw notSimulated("groups of volumes");
      },
    }),
  ),
  { ...unmodelledRoute("POST", "/group_types", "groups of volumes"), from: 11, admin: "group:group_types:create" },
  { method: "POST", path: "/groups", from: 13, handler: createGroup },
  { method: "POST", path: "/group_snapshots", from: 14, handler: createGroupSnapshot },
  ...["/groups/:id", "/group_snapshots/:id"].flatMap((path): readonly CinderRoute[] =>
    ["GET", "PUT", "DELETE"].map((method) => ({ method, path, from: 13, handler: refuseUnknown })),
  ),
];
