import { type HttpReply, json } from "../../../kernel/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Domain, Project } from "../state/entities.ts";
import { effectiveRoles } from "../state/roles.ts";
import type { KeystoneState } from "../state/state.ts";
import { catalogOf } from "../wire/catalog.ts";
import { collectionReply, rootOf } from "../wire/links.ts";
import { requireSelf } from "../wire/policy.ts";
import { domainView } from "./domains.ts";
import { requireUser } from "./group-members.ts";
import { projectView } from "./projects.ts";

/**
 * The scopes that a token may have, and the addresses of its services (Identity API v3, "get available
 * scopes", "get service catalog").
 */
export const authScopeRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["GET", "/v3/users/:user/projects", listProjectsOfUser, { clients: ["openstack"] }],
    ["GET", "/v3/auth/projects", listProjects],
    ["GET", "/v3/auth/domains", listDomains],
    ["GET", "/v3/auth/system", showSystem],
    ["GET", "/v3/auth/catalog", showCatalog],
  ]);

/** Projects on which the user holds a role, in the order of their creation. */
const projectsOf = (state: KeystoneState, userId: string): readonly Project[] =>
  [...state.projects.values()].filter(({ id }) => effectiveRoles(state, userId, `project:${id}`).length > 0);

const domainsOf = (state: KeystoneState, userId: string): readonly Domain[] =>
  [...state.domains.values()].filter(({ id }) => effectiveRoles(state, userId, `domain:${id}`).length > 0);

function listProjectsOfUser({ state }: Keystone, context: RequestContext): HttpReply {
  requireSelf(context, "list_user_projects");
  return collectionReply(context, "projects", projectsOf(state, requireUser(state, context).id).map(projectView));
}

const listProjects = ({ state }: Keystone, context: RequestContext): HttpReply =>
  collectionReply(context, "projects", projectsOf(state, context.actor.userId).map(projectView));

const listDomains = ({ state }: Keystone, context: RequestContext): HttpReply =>
  collectionReply(context, "domains", domainsOf(state, context.actor.userId).map(domainView));

function showSystem({ state }: Keystone, context: RequestContext): HttpReply {
  const isHolder = effectiveRoles(state, context.actor.userId, "system:all").length > 0;
  return json(200, {
    system: isHolder ? [{ all: true }] : [],
    links: { self: `${rootOf(context)}/auth/system` },
  });
}

function showCatalog({ state, tokens }: Keystone, context: RequestContext): HttpReply {
  const { scope } = tokens.check(context.actor.token);
  const catalog = scope.kind === "none" ? [] : catalogOf(state, context, scope);
  return json(200, { catalog, links: { self: `${rootOf(context)}/auth/catalog` } });
}
