import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { bindRoutes, type OpenStackRoute, type RequestContext } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import { endpointsOfProject } from "../state/endpoint-filter.ts";
import type { KeystoneState } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { collectionReply, rootOf } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";
import { endpointGroupView } from "./endpoint-groups.ts";
import { endpointView } from "./endpoints.ts";
import { projectView } from "./projects.ts";

/*
 * Which endpoints the catalog of a project shows (Identity API v3, OS-EP-FILTER).
 */

type Kind = "endpointsByProject" | "endpointGroupsByProject";

/** @throws Refusal 404 */
function requireAll(state: KeystoneState, { params }: RequestContext): void {
  const { project, endpoint, group } = params;
  if (endpoint !== undefined && !state.endpoints.has(endpoint)) throw notFound("endpoint", endpoint);
  if (project !== undefined && !state.projects.has(project)) throw notFound("project", project);
  if (group !== undefined && !state.endpointGroups.has(group)) throw notFound("Endpoint Group", group);
}

const idIn = ({ params }: RequestContext, kind: Kind): string =>
  (kind === "endpointsByProject" ? params.endpoint : params.group) ?? "";

const ofProject = (state: KeystoneState, { params }: RequestContext, kind: Kind): readonly string[] =>
  state[kind].get(params.project ?? "") ?? [];

function add({ state }: Keystone, context: RequestContext, kind: Kind): HttpReply {
  requireAdmin(context, kind === "endpointsByProject" ? "add_endpoint_to_project" : "add_endpoint_group_to_project");
  requireAll(state, context);
  const ids = new Set([...ofProject(state, context, kind), idIn(context, kind)]);
  state[kind].set(context.params.project ?? "", [...ids]);
  return empty(204);
}

/** @throws Refusal 404 where the project was not given it */
function requireGiven(state: KeystoneState, context: RequestContext, kind: Kind): void {
  requireAll(state, context);
  const id = idIn(context, kind);
  const what = kind === "endpointsByProject" ? "Endpoint" : "Endpoint Group";
  if (!ofProject(state, context, kind).includes(id))
    throw notFound(`${what} ${id} in project`, context.params.project ?? "");
}

function remove({ state }: Keystone, context: RequestContext, kind: Kind): HttpReply {
  const isEndpoint = kind === "endpointsByProject";
  requireAdmin(context, isEndpoint ? "remove_endpoint_from_project" : "remove_endpoint_group_from_project");
  requireGiven(state, context, kind);
  const left = ofProject(state, context, kind).filter((id) => id !== idIn(context, kind));
  if (left.length > 0) state[kind].set(context.params.project ?? "", left);
  else state[kind].delete(context.params.project ?? "");
  return empty(204);
}

function check({ state }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "check_endpoint_in_project");
  requireGiven(state, context, "endpointsByProject");
  return empty(204);
}

function showGroup({ state }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "get_endpoint_group_in_project");
  requireGiven(state, context, "endpointGroupsByProject");
  const { project = "", group = "" } = context.params;
  const self = `${rootOf(context)}/OS-EP-FILTER/endpoint_groups/${group}/projects/${project}`;
  return json(200, { project_endpoint_group: { endpoint_group_id: group, project_id: project, links: { self } } });
}

function listEndpoints({ state }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "list_endpoints_for_project");
  requireAll(state, context);
  const views = endpointsOfProject(state, context.params.project ?? "").map((each) =>
    endpointView(each, context, state),
  );
  return collectionReply(context, "endpoints", views);
}

function listGroups({ state }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "list_endpoint_groups_for_project");
  const groups = ofProject(state, context, "endpointGroupsByProject").flatMap(
    (id) => state.endpointGroups.get(id) ?? [],
  );
  const views = groups.map(endpointGroupView);
  return collectionReply(context, "endpoint_groups", views);
}

function listProjects({ state }: Keystone, context: RequestContext, kind: Kind): HttpReply {
  const isEndpoint = kind === "endpointsByProject";
  requireAdmin(context, isEndpoint ? "list_projects_for_endpoint" : "list_projects_associated_with_endpoint_group");
  requireAll(state, context);
  const projects = [...state[kind]].filter(([, ids]) => ids.includes(idIn(context, kind)));
  const views = projects.flatMap(([id]) => state.projects.get(id) ?? []).map((each) => projectView(each));
  return collectionReply(context, "projects", views);
}

/** All routes that associate endpoints, or groups of them, with projects. */
export function endpointFilterRoutes(keystone: Keystone): readonly OpenStackRoute[] {
  const root = "/v3/OS-EP-FILTER";
  const endpoint = `${root}/projects/:project/endpoints/:endpoint`;
  const group = `${root}/endpoint_groups/:group/projects/:project`;
  return bindRoutes(keystone, [
    ["GET", `${root}/endpoints/:endpoint/projects`, (it, context) => listProjects(it, context, "endpointsByProject")],
    ["GET", `${root}/projects/:project/endpoints`, listEndpoints],
    ["GET", `${root}/projects/:project/endpoint_groups`, listGroups],
    ["GET", endpoint, check],
    ["PUT", endpoint, (it, context) => add(it, context, "endpointsByProject")],
    ["DELETE", endpoint, (it, context) => remove(it, context, "endpointsByProject")],
    [
      "GET",
      `${root}/endpoint_groups/:group/projects`,
      (it, context) => listProjects(it, context, "endpointGroupsByProject"),
    ],
    ["GET", group, showGroup],
    ["PUT", group, (it, context) => add(it, context, "endpointGroupsByProject")],
    ["DELETE", group, (it, context) => remove(it, context, "endpointGroupsByProject")],
  ]);
}
