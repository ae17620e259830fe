import type { HttpReply } from "../../../kernel/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import { type Assignment, effectiveAssignments, storedAssignments } from "../state/assignments.ts";
import type { KeystoneState } from "../state/state.ts";
import { badRequest } from "../wire/errors.ts";
import { listReply, rootOf } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";
import { domainReference } from "../wire/token.ts";
import { TO_PROJECTS } from "./grants.ts";

/** Who holds which role on what (Identity API v3, "role assignments"). */
export const roleAssignmentRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [["GET", "/v3/role_assignments", listAssignments]]);

/** Whether an option of the query is set, and not to false. */
const isOn = (query: URLSearchParams, name: string): boolean =>
  query.has(name) && !["0", "false"].includes((query.get(name) ?? "").toLowerCase());

function listAssignments({ state }: Keystone, context: RequestContext): HttpReply {
  const { query, actor } = context;
  const isReader = actor.domainId !== "" && actor.roles.includes("reader");
  if (!isReader) requireAdmin(context, "list_role_assignments");
  checkFilters(query);
  const isOfDomain = ({ scope, scopeId }: Assignment): boolean =>
    scope === "domain" ? scopeId === actor.domainId : state.projects.get(scopeId)?.domainId === actor.domainId;
  const assignments = isOn(query, "effective") ? effectiveAssignments(state) : storedAssignments(state);
  const shown = [...assignments].filter(
    (assignment) => passes(state, assignment, query) && (actor.isAdmin || isOfDomain(assignment)),
  );
  return listReply(
    context,
    "role_assignments",
    shown.map((assignment) => view(state, context, assignment)),
  );
}

/** @throws Refusal 400 for filters that exclude each other */
function checkFilters(query: URLSearchParams): void {
  if (isOn(query, "effective") && query.has("group.id"))
    throw badRequest("Combining effective and group filter will always result in an empty list.");
  if (query.has("user.id") && query.has("group.id")) throw badRequest("Specify a user or group, not both");
  if (isOn(query, "include_subtree") && !query.has("scope.project.id"))
    throw badRequest("scope.project.id must be specified if include_subtree is also specified");
  if (query.has("scope.project.id") && query.has("scope.domain.id"))
    throw badRequest("Specify a domain or project, not both");
}

/** Whether a project is another one, or below it; a domain is above all its projects. */
function isWithin(state: KeystoneState, projectId: string, above: string): boolean {
  let id: string | undefined = projectId;
  while (id !== undefined && id !== above) id = state.projects.get(id)?.parentId;
  return id === above;
}

function passes(state: KeystoneState, assignment: Assignment, query: URLSearchParams): boolean {
  const { holder, holderId, scope, scopeId, roleId, from } = assignment;
  const fits = (name: string, value: string): boolean => !query.has(name) || query.get(name) === value;
  return (
    fits("user.id", holder === "user" ? holderId : "") &&
    fits("group.id", holder === "group" ? holderId : "") &&
    fits("role.id", roleId) &&
    (isOn(query, "include_subtree")
      ? scope === "project" && isWithin(state, scopeId, query.get("scope.project.id") ?? "")
      : fits("scope.project.id", scope === "project" ? scopeId : "")) &&
    fits("scope.domain.id", scope === "domain" ? scopeId : "") &&
    (!query.has("scope.system") || scope === "system") &&
    (!query.has("scope.OS-INHERIT:inherited_to") || from !== undefined)
  );
}

function view(state: KeystoneState, context: RequestContext, assignment: Assignment): object {
  const { holder, holderId, roleId, from } = assignment;
  const hasNames = isOn(context.query, "include_names");
  const entity = holder === "user" ? state.users.get(holderId) : state.groups.get(holderId);
  return {
    links: linksOf(rootOf(context), assignment),
    scope: {
      ...scopeView(state, assignment, hasNames),
      ...(from !== undefined && { "OS-INHERIT:inherited_to": "projects" }),
    },
    [holder]: {
      id: holderId,
      ...(hasNames && { name: entity?.name ?? "", domain: domainReference(state, entity?.domainId ?? "") }),
    },
    role: { id: roleId, ...(hasNames && { name: state.roles.get(roleId)?.name ?? "" }) },
  };
}

/** Where the grant behind an assignment is, and the membership and implication from which it follows. */
function linksOf(root: string, assignment: Assignment): object {
  const { holder, holderId, roleId, from, group, prior } = assignment;
  const { scope, scopeId } = from ?? assignment;
  const base = scope === "system" ? "system" : `${scope}s/${scopeId}`;
  const [above, end] = from === undefined ? ["", ""] : ["OS-INHERIT/", TO_PROJECTS];
  const grantee = group === undefined ? `${holder}s/${holderId}` : `groups/${group}`;
  return {
    assignment: `${root}/${above}${base}/${grantee}/roles/${prior ?? roleId}${end}`,
    ...(group !== undefined && { membership: `${root}/groups/${group}/users/${holderId}` }),
    ...(prior !== undefined && { prior_role: `${root}/prior_role/${roleId}/implies/${prior}` }),
  };
}

function scopeView(state: KeystoneState, { scope, scopeId }: Assignment, hasNames: boolean): object {
  if (scope === "system") return { system: { all: true } };
  if (scope === "domain") return { domain: hasNames ? domainReference(state, scopeId) : { id: scopeId } };
  const project = state.projects.get(scopeId);
  if (!hasNames) return { project: { id: scopeId } };
  return {
    project: { id: scopeId, name: project?.name ?? "", domain: domainReference(state, project?.domainId ?? "") },
  };
}
