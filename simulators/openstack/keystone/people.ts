import { empty, json } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { hashOf } from "./auth.ts";
import { linked, listing, rootOf } from "./entities.ts";
import {
  badRequest,
  bodyOf,
  checkSchema,
  conflict,
  expecting,
  forbiddenAction,
  notFound,
  unauthorized,
} from "./errors.ts";
import { adminOnly, domainView, groupView, projectView, removeAppCredential, roleView, userView } from "./kinds.ts";
import { APP_CREDENTIAL } from "./schemas.ts";
import { type AppCredential, type KeystoneSlot, type KeystoneState, nameKey, type User } from "./state.ts";
import { effectiveRoles, type Tokens } from "./tokens.ts";

/** What belongs to users and groups: memberships, passwords, projects, application credentials; tags of projects. */
export function peopleRoutes(slot: KeystoneSlot, tokens: Tokens): readonly OpenStackRoute[] {
  return [
    ...membershipRoutes(slot, tokens),
    ...userRoutes(slot, tokens),
    ...credentialRoutes(slot, tokens),
    ...tagRoutes(slot),
  ];
}

function userOf(state: KeystoneState, { params }: Context): User {
  const user = state.users.get(params.user ?? "");
  if (user === undefined) throw notFound("user", params.user ?? "");
  return user;
}

function membershipRoutes(slot: KeystoneSlot, tokens: Tokens): readonly OpenStackRoute[] {
  const groupOf = ({ params }: Context) => {
    const group = slot.value.groups.get(params.group ?? "");
    if (group === undefined) throw notFound("group", params.group ?? "");
    return group;
  };
  const path = "/v3/groups/:group/users";
  return [
    {
      method: "GET",
      path,
      handler: (context) => {
        adminOnly(context, "list_users_in_group");
        const users = [...groupOf(context).members].flatMap((id) => slot.value.users.get(id) ?? []);
        return listing(
          context,
          "users",
          users.map((user) => linked(context, "users", userView(user))),
        );
      },
    },
    {
      method: "PUT",
      path: `${path}/:user`,
      handler: (context) => {
        adminOnly(context, "add_user_to_group");
        const group = groupOf(context);
        group.members.add(userOf(slot.value, context).id);
        slot.value.generation++;
        context.cloud.kernel.record("keystone", "group.add", group.id, { user: context.params.user });
        return empty(204);
      },
    },
    {
      method: "GET",
      path: `${path}/:user`,
      handler: (context) => {
        adminOnly(context, "check_user_in_group");
        const { id } = userOf(slot.value, context);
        const group = groupOf(context);
        if (!group.members.has(id)) throw notInGroup(id, group.id);
        return empty(204);
      },
    },
    {
      method: "DELETE",
      path: `${path}/:user`,
      handler: (context) => {
        adminOnly(context, "remove_user_from_group");
        const { id } = userOf(slot.value, context);
        const group = groupOf(context);
        if (!group.members.delete(id)) throw notInGroup(id, group.id);
        for (const what of slot.value.grants.get(`group:${group.id}`)?.keys() ?? []) tokens.revokeUser(id, what);
        slot.value.generation++;
        context.cloud.kernel.record("keystone", "group.remove", group.id, { user: id });
        return empty(204);
      },
    },
    {
      method: "GET",
      path: "/v3/users/:user/groups",
      handler: (context) => {
        selfOrAdmin(context, "list_groups_for_user");
        const { id } = userOf(slot.value, context);
        const groups = [...slot.value.groups.values()].filter(({ members }) => members.has(id));
        const views = groups.map((group) => ({ ...groupView(group), membership_expires_at: null }));
        return listing(
          context,
          "groups",
          views.map((view) => linked(context, "groups", view)),
        );
      },
    },
  ];
}

const notInGroup = (user: string, group: string): Refusal =>
  new Refusal(404, "", `User '${user}' not found in group '${group}'`);

function selfOrAdmin(context: Context, action: string): void {
  const { actor, params } = context;
  if (!actor.isAdmin && actor.userId !== params.user) throw forbiddenAction(`identity:${action}`);
}

/** Projects on which the user holds a role, in the order of their creation. */
function projectsOf(state: KeystoneState, userId: string) {
  return [...state.projects.values()].filter((project) => {
    const what = `project:${project.id}`;
    return state.grantees.has(what) && effectiveRoles(state, userId, what).length > 0;
  });
}

const domainsOf = (state: KeystoneState, userId: string) =>
  [...state.domains.values()].filter(({ id }) => effectiveRoles(state, userId, `domain:${id}`).length > 0);

function userRoutes(slot: KeystoneSlot, tokens: Tokens): readonly OpenStackRoute[] {
  const projects = (context: Context, userId: string) =>
    listing(
      context,
      "projects",
      projectsOf(slot.value, userId).map((project) => linked(context, "projects", projectView(project))),
    );
  return [
    {
      method: "GET",
      path: "/v3/users/:user/projects",
      handler: (context) => {
        selfOrAdmin(context, "list_user_projects");
        return projects(context, userOf(slot.value, context).id);
      },
    },
    {
      method: "POST",
      path: "/v3/users/:user/password",
      open: true,
      handler: (context) => {
        changePassword(slot.value, tokens, context);
        return empty(204);
      },
    },
    { method: "GET", path: "/v3/auth/projects", handler: (context) => projects(context, context.actor.userId) },
    {
      method: "GET",
      path: "/v3/auth/domains",
      handler: (context) =>
        listing(
          context,
          "domains",
          domainsOf(slot.value, context.actor.userId).map((domain) => linked(context, "domains", domainView(domain))),
        ),
    },
    {
      method: "GET",
      path: "/v3/auth/system",
      handler: (context) =>
        json(200, {
          system: effectiveRoles(slot.value, context.actor.userId, "system:all").length > 0 ? [{ all: true }] : [],
          links: { self: `${rootOf(context)}/auth/system` },
        }),
    },
  ];
}

function changePassword(state: KeystoneState, tokens: Tokens, context: Context): void {
  const { user: attributes } = bodyOf(context);
  if (typeof attributes !== "object" || attributes === null) throw expecting("user", "request body");
  const { original_password: original, password } = attributes as Record<string, unknown>;
  if (typeof original !== "string") throw expecting("original_password", "user");
  if (typeof password !== "string") throw expecting("password", "user");
  const user = state.users.get(context.params.user ?? "");
  if (user === undefined || user.passwordHash !== hashOf(user.id, original)) throw unauthorized();
  user.passwordHash = hashOf(user.id, password);
  tokens.revokeUser(user.id);
  context.cloud.kernel.record("keystone", "user.password", user.id);
}

function credentialRoutes(slot: KeystoneSlot, tokens: Tokens): readonly OpenStackRoute[] {
  const path = "/v3/users/:user/application_credentials";
  const find = (context: Context): AppCredential => {
    const found = slot.value.appCredentials.get(context.params.id ?? "");
    if (found === undefined) throw notFound("Application Credential", context.params.id ?? "");
    return found;
  };
  return [
    {
      method: "GET",
      path,
      handler: (context) => {
        selfOrAdmin(context, "list_application_credentials");
        const own = [...slot.value.appCredentials.values()].filter(({ userId }) => userId === context.params.user);
        const name = context.query.get("name");
        const shown = own.filter((credential) => name === null || credential.name === name);
        return listing(
          context,
          "application_credentials",
          shown.map((one) => credentialView(slot.value, context, one)),
        );
      },
    },
    {
      method: "POST",
      path,
      handler: (context) => {
        const { credential, secret } = createCredential(slot.value, tokens, context);
        const view = { ...credentialView(slot.value, context, credential), secret };
        return json(201, { application_credential: view });
      },
    },
    {
      method: "GET",
      path: `${path}/:id`,
      handler: (context) => {
        selfOrAdmin(context, "get_application_credential");
        return json(200, { application_credential: credentialView(slot.value, context, find(context)) });
      },
    },
    {
      method: "DELETE",
      path: `${path}/:id`,
      handler: (context) => {
        selfOrAdmin(context, "delete_application_credential");
        refuseRestricted(slot.value, context);
        const { id } = find(context);
        removeAppCredential(slot.value, id);
        context.cloud.kernel.record("keystone", "application_credential.delete", id);
        return empty(204);
      },
    },
  ];
}

/** A token made from a restricted credential may not manage credentials. */
function refuseRestricted(state: KeystoneState, { actor }: Context): void {
  const used = state.appCredentials.get(state.tokens.get(actor.token)?.appCredentialId ?? "");
  if (used === undefined || used.isUnrestricted) return;
  const method =
    "Using method 'application_credential' is not allowed for managing additional application credentials.";
  throw forbiddenAction(method);
}

function createCredential(
  state: KeystoneState,
  tokens: Tokens,
  context: Context,
): { credential: AppCredential; secret: string } {
  const { actor, cloud } = context;
  const attributes = bodyOf(context).application_credential ?? {};
  if (actor.userId !== context.params.user) throw forbiddenAction("identity:create_application_credential");
  checkSchema(APP_CREDENTIAL, attributes);
  refuseRestricted(state, context);
  if (actor.projectId === "") throw badRequest("Application credentials need a token that is scoped to a project.");
  const given = attributes as Record<string, unknown>;
  const name = String(given.name);
  const key = nameKey("appcred", actor.userId, name);
  if (state.names.has(key)) throw conflict("application_credential", `Duplicate entry found with name ${name}`);
  const id = cloud.hex("keystone");
  const secret =
    typeof given.secret === "string"
      ? given.secret
      : Buffer.from(cloud.secrets("keystone").bytes(64)).toString("base64url");
  const credential: AppCredential = {
    id,
    name,
    userId: actor.userId,
    projectId: actor.projectId,
    secretHash: hashOf(id, secret),
    description: typeof given.description === "string" ? given.description : null,
    expiresMs: expiryOf(given.expires_at, tokens.nowMs),
    isUnrestricted: given.unrestricted === true,
    roleIds: credentialRoles(state, context, given.roles),
  };
  state.appCredentials.set(id, credential);
  state.names.set(key, id);
  cloud.kernel.record("keystone", "application_credential.create", id, { name, user: actor.userId });
  return { credential, secret };
}

/** ms, with microseconds behind the point: this time is kept to them. */
function expiryOf(value: unknown, nowMs: number): number | null {
  if (typeof value !== "string") return null;
  const ms = Date.parse(/Z|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
  if (Number.isNaN(ms) || ms <= nowMs) throw badRequest(`Invalid input for field 'expires_at': ${value}`);
  const micros = (/\.\d{3}(\d{1,3})/.exec(value)?.[1] ?? "").padEnd(3, "0");
  return ms + Number(micros) / 1000;
}

const expiryView = (ms: number): string => {
  const micros = Math.round((ms % 1000) * 1000);
  return `${new Date(ms).toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}`;
};

function credentialRoles(state: KeystoneState, { actor }: Context, asked: unknown): readonly string[] {
  const held = effectiveRoles(state, actor.userId, `project:${actor.projectId}`);
  if (!Array.isArray(asked) || asked.length === 0) return held.map(({ id }) => id);
  return (asked as { id?: string; name?: string }[]).map(({ id, name }) => {
    const role = held.find((one) => (id === undefined ? one.name === name : one.id === id));
    if (role === undefined)
      throw badRequest(`Invalid application credential: Could not find role assignment with role: ${id ?? name}.`);
    return role.id;
  });
}

function credentialView(state: KeystoneState, context: Context, credential: AppCredential): object {
  const roles = credential.roleIds.flatMap((id) => state.roles.get(id) ?? []);
  return {
    id: credential.id,
    name: credential.name,
    description: credential.description,
    user_id: credential.userId,
    project_id: credential.projectId,
    system: null,
    expires_at: credential.expiresMs === null ? null : expiryView(credential.expiresMs),
    unrestricted: credential.isUnrestricted || null,
    roles: roles.map(roleView),
    links: { self: `${rootOf(context)}/application_credentials/${credential.id}` },
  };
}

function tagRoutes(slot: KeystoneSlot): readonly OpenStackRoute[] {
  const path = "/v3/projects/:project/tags";
  const find = (context: Context, action: string) => {
    const id = context.params.project ?? "";
    if (!context.actor.isAdmin && context.actor.projectId !== id) throw forbiddenAction(`identity:${action}`);
    const project = slot.value.projects.get(id);
    if (project === undefined) throw notFound("project", id);
    return project;
  };
  const tagOf = ({ params }: Context): string => params.tag ?? "";
  const list = (context: Context, tags: readonly string[]) => json(200, { links: { self: rootOf(context) }, tags });
  return [
    { method: "GET", path, handler: (context) => list(context, find(context, "list_project_tags").tags) },
    {
      method: "PUT",
      path,
      handler: (context) => {
        const { tags } = bodyOf(context);
        adminOnly(context, "update_project_tags");
        const project = find(context, "update_project_tags");
        if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== "string"))
          throw expecting("tags", "request body");
        project.tags = [...new Set(tags as string[])];
        return list(context, project.tags);
      },
    },
    {
      method: "DELETE",
      path,
      handler: (context) => {
        adminOnly(context, "delete_project_tags");
        find(context, "delete_project_tags").tags = [];
        return empty(204);
      },
    },
    {
      method: "GET",
      path: `${path}/:tag`,
      handler: (context) => {
        if (!find(context, "get_project_tag").tags.includes(tagOf(context)))
          throw notFound("project tag", tagOf(context));
        return empty(204);
      },
    },
    {
      method: "PUT",
      path: `${path}/:tag`,
      handler: (context) => {
        adminOnly(context, "create_project_tag");
        const project = find(context, "create_project_tag");
        if (!project.tags.includes(tagOf(context))) project.tags = [...project.tags, tagOf(context)];
        // The address misses a part in the original too.
        const location = `${rootOf(context)}/${project.id}/tags/${encodeURIComponent(tagOf(context))}`;
        return { status: 201, body: "", headers: { "Content-Type": "text/html; charset=utf-8", Location: location } };
      },
    },
    {
      method: "DELETE",
      path: `${path}/:tag`,
      handler: (context) => {
        adminOnly(context, "delete_project_tag");
        const project = find(context, "delete_project_tag");
        if (!project.tags.includes(tagOf(context))) throw notFound("project tag", tagOf(context));
        project.tags = project.tags.filter((tag) => tag !== tagOf(context));
        return empty(204);
      },
    },
  ];
}
