import { empty, type HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Group, User } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { collectionReply } from "../wire/links.ts";
import { requireAdmin, requireSelf } from "../wire/policy.ts";
import { groupView } from "./groups.ts";
import { userView } from "./users.ts";

const PATH = "/v3/groups/:group/users";

/** Who is in which group (Identity API v3, "groups"). */
export const groupMemberRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["GET", PATH, listMembers],
    ["PUT", `${PATH}/:user`, addMember],
    ["GET", `${PATH}/:user`, checkMember],
    ["DELETE", `${PATH}/:user`, removeMember],
    ["GET", "/v3/users/:user/groups", listGroupsOfUser],
  ]);

/** The user of the path. @throws Refusal 404 */
export function requireUser(state: KeystoneState, { params: { user: id = "" } }: RequestContext): User {
  const user = state.users.get(id);
  if (user === undefined) throw notFound("user", id);
  return user;
}

function requireGroup(state: KeystoneState, { params: { group: id = "" } }: RequestContext): Group {
  const group = state.groups.get(id);
  if (group === undefined) throw notFound("group", id);
  return group;
}

const notInGroup = (user: string, group: string): Refusal =>
  new Refusal(404, "", `User '${user}' not found in group '${group}'`);

function listMembers({ state }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "list_users_in_group");
  const users = [...requireGroup(state, context).members].flatMap((id) => state.users.get(id) ?? []);
  return collectionReply(context, "users", users.map(userView));
}

function addMember({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "add_user_to_group");
  const group = requireGroup(state, context);
  group.members.add(requireUser(state, context).id);
  state.generation++;
  cloud.kernel.record("keystone", "group.add", group.id, { user: context.params.user });
  return empty(204);
}

function checkMember({ state }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "check_user_in_group");
  const group = requireGroup(state, context);
  const { id } = requireUser(state, context);
  if (!group.members.has(id)) throw notInGroup(id, group.id);
  return empty(204);
}

/** Ends the user's tokens for what the group has roles on. */
function removeMember({ state, tokens, cloud }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "remove_user_from_group");
  const group = requireGroup(state, context);
  const { id } = requireUser(state, context);
  if (!group.members.delete(id)) throw notInGroup(id, group.id);
  for (const scope of state.grants.get(`group:${group.id}`)?.keys() ?? []) tokens.revokeUser(id, scope);
  state.generation++;
  cloud.kernel.record("keystone", "group.remove", group.id, { user: id });
  return empty(204);
}

function listGroupsOfUser({ state }: Keystone, context: RequestContext): HttpReply {
  requireSelf(context, "list_groups_for_user");
  const { id } = requireUser(state, context);
  const groups = [...state.groups.values()].filter(({ members }) => members.has(id));
  const views = groups.map((group) => ({ ...groupView(group), membership_expires_at: null }));
  return collectionReply(context, "groups", views);
}
