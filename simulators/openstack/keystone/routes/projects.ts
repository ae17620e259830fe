import { Refusal, refuseWith } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { flagOr } from "../../schema/index.ts";
import { forgetAppCredentials } from "../behaviour/application-credentials.ts";
import { forgetTrusts } from "../behaviour/trusts.ts";
import type { Project } from "../state/entities.ts";
import { forgetGrants } from "../state/grants.ts";
import { claimName, nameKey } from "../state/names.ts";
import { effectiveRoles } from "../state/roles.ts";
import type { KeystoneState } from "../state/state.ts";
import type { Attributes } from "../wire/body.ts";
import { badRequest, conflict } from "../wire/errors.ts";
import { withSelf } from "../wire/links.ts";
import {
  BOOLEAN,
  createSchema,
  IMMUTABLE_OPTION,
  nameSchema,
  NULLABLE_ID,
  NULLABLE_TEXT,
  TAGS,
  updateSchema,
} from "../wire/schema-parts.ts";
import {
  immutableIn,
  newId,
  optionsView,
  refuseImmutable,
  refuseNewDomain,
  requireDomain,
  withExtras,
} from "./attributes.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const PROPERTIES = {
  description: NULLABLE_TEXT,
  domain_id: NULLABLE_ID,
  enabled: BOOLEAN,
  is_domain: BOOLEAN,
  parent_id: NULLABLE_ID,
  name: nameSchema(64),
  tags: TAGS,
  options: IMMUTABLE_OPTION,
} as const;
const { parent_id: _parent, ...CHANGEABLE } = PROPERTIES;

const KNOWN = ["name", "domain_id", "parent_id", "description", "enabled", "is_domain", "tags", "options", "id"];

/** A project as the API shows it, without links. */
export const projectView = (project: Project): Readonly<Record<string, unknown>> => ({
  id: project.id,
  name: project.name,
  domain_id: project.domainId,
  description: project.description,
  enabled: project.enabled,
  parent_id: project.parentId,
  is_domain: false,
  tags: project.tags,
  ...project.extra,
  options: optionsView(project.isImmutable),
});

/** Zed's Keystone fails with a 500 if a project takes the name of another. */
const breakdown = (): Refusal =>
  refuseWith({
    status: 500,
    headers: { "Content-Type": "text/plain" },
    body: "A server error occurred.  Please contact the administrator.",
  });

const split = (list: string): readonly string[] => list.split(",");

/** `tags`, `tags-any`, `not-tags`, `not-tags-any`. */
function passesTagFilters({ tags }: Project, query: URLSearchParams): boolean {
  const has = (tag: string): boolean => tags.includes(tag);
  const [all, any, notAll, notAny] = ["tags", "tags-any", "not-tags", "not-tags-any"].map((name) => query.get(name));
  return (
    (all == null || split(all).every(has)) &&
    (any == null || split(any).some(has)) &&
    (notAll == null || !split(notAll).every(has)) &&
    (notAny == null || !split(notAny).some(has))
  );
}

type Ids = { readonly [id: string]: Ids | null };

const childrenOf = (state: KeystoneState, id: string): readonly Project[] =>
  [...state.projects.values()].filter(({ parentId }) => parentId === id);

const idsBelow = (state: KeystoneState, id: string): Ids | null => {
  const children = childrenOf(state, id).map((child) => [child.id, idsBelow(state, child.id)] as const);
  return children.length === 0 ? null : Object.fromEntries(children);
};

function projectsBelow(state: KeystoneState, id: string): readonly Project[] {
  return childrenOf(state, id).flatMap((child) => [child, ...projectsBelow(state, child.id)]);
}

function projectsAbove(state: KeystoneState, { parentId }: Project): readonly Project[] {
  const parent = state.projects.get(parentId);
  return parent === undefined ? [] : [parent, ...projectsAbove(state, parent)];
}

/** Whether a query sets a flag, and not to false. */
const isAsked = (query: URLSearchParams, name: string): boolean =>
  query.has(name) && !["false", "0", "no", "off"].includes((query.get(name) ?? "").toLowerCase());

/** @throws Refusal 400 */
function checkOneForm(query: URLSearchParams, what: string): void {
  if (isAsked(query, `${what}_as_list`) && isAsked(query, `${what}_as_ids`))
    throw badRequest(`Cannot use ${what}_as_list and ${what}_as_ids query params at the same time.`);
}

/**
 * The options of a GET of a project about its parents and children; lists include only those on which the
 * caller has a role.
 */
function hierarchyOf(project: Project, context: RequestContext, state: KeystoneState): object {
  const { query, actor } = context;
  checkOneForm(query, "parents");
  checkOneForm(query, "subtree");
  const listProjects = (projects: readonly Project[]): readonly object[] =>
    projects
      .filter(({ id }) => effectiveRoles(state, actor.userId, `project:${id}`).length > 0)
      .map((each) => ({ project: withSelf(context, "projects", projectView(each)) }));
  const above = projectsAbove(state, project);
  const chain = above.reduceRight<Ids | null>((below, { id }) => ({ [id]: below }), { [project.domainId]: null });
  return {
    ...(isAsked(query, "parents_as_list") && { parents: listProjects(above) }),
    ...(isAsked(query, "parents_as_ids") && { parents: chain }),
    ...(isAsked(query, "subtree_as_list") && { subtree: listProjects(projectsBelow(state, project.id)) }),
    ...(isAsked(query, "subtree_as_ids") && { subtree: idsBelow(state, project.id) }),
  };
}

const projectTaken = (name: string, id: string): Refusal =>
  conflict(
    "project",
    `it is not permitted to have two projects with either the same name or same id in the same domain: name is ${name}, project id ${id}`,
  );

/** The domain of a new project: its own, its parent's, or the caller's. @throws Refusal 400 */
function domainOf(state: KeystoneState, context: RequestContext, attributes: Attributes): string {
  const parent = attributes.parent_id;
  if (typeof parent === "string" && !state.projects.has(parent) && !state.domains.has(parent))
    throw badRequest(`Could not find project: ${parent}.`);
  if (attributes.domain_id === undefined && typeof parent === "string")
    return state.projects.get(parent)?.domainId ?? parent;
  return requireDomain(state, context, attributes, (id) => badRequest(`Could not find domain: ${id}.`));
}

const PROJECTS = defineResource({
  collection: "projects",
  member: "project",
  filters: ["domain_id", "enabled", "is_domain", "name", "parent_id"],
  createSchema: createSchema(PROPERTIES, ["name"]),
  updateSchema: updateSchema(CHANGEABLE),
  showsExtra: true,
  isDomainReadable: true,
  passes: passesTagFilters,
  details: hierarchyOf,
  map: (state) => state.projects,
  view: projectView,
  create: ({ state, cloud }, context, attributes) => {
    if (attributes.is_domain === true) {
      if (attributes.domain_id != null || attributes.parent_id != null)
        throw badRequest("only root projects are allowed to act as domains.");
      throw new Refusal(501, "", "Projects that act as domains are not simulated.");
    }
    const domainId = domainOf(state, context, attributes);
    const project: Project = {
      id: newId(cloud),
      name: "",
      domainId,
      parentId: attributes.parent_id ?? domainId,
      description: attributes.description ?? "",
      enabled: attributes.enabled ?? true,
      tags: [...(attributes.tags ?? [])],
      isImmutable: immutableIn(attributes) ?? false,
    };
    const { name } = attributes;
    claimName(state, "project", domainId, project, name, () => projectTaken(name, project.id));
    return withExtras(project, attributes, KNOWN);
  },
  update: ({ state }, project, attributes) => {
    refuseNewDomain(project, attributes);
    const isImmutable = immutableIn(attributes);
    if (isImmutable !== false) refuseImmutable(project, "update", "project");
    if (attributes.parent_id !== undefined && attributes.parent_id !== project.parentId)
      throw new Refusal(403, "", "Update of `parent_id` is not allowed.");
    if (attributes.is_domain === true) throw badRequest("Update of `is_domain` is not allowed.");
    const { name } = attributes;
    if (name !== undefined) claimName(state, "project", project.domainId, project, name, breakdown);
    if (attributes.description !== undefined) project.description = attributes.description ?? "";
    if (attributes.tags !== undefined) project.tags = [...attributes.tags];
    project.isImmutable = isImmutable ?? project.isImmutable;
    project.enabled = flagOr(attributes.enabled, project.enabled);
    state.generation++;
    withExtras(project, attributes, KNOWN);
  },
  remove: removeProject,
  isReadable: ({ actor }, id) => actor.projectId === id,
});

/** Projects, without their tags. */
export const projectRoutes = resourceRoutes(PROJECTS);

/** Removes what belongs to a project. @throws Refusal 403 if it is immutable */
export function removeProject(state: KeystoneState, project: Project): void {
  refuseImmutable(project, "delete", "project");
  state.names.delete(nameKey("project", project.domainId, project.name));
  forgetGrants(state, `project:${project.id}`);
  forgetTrusts(state, ({ projectId }) => projectId === project.id);
  forgetAppCredentials(state, ({ projectId }) => projectId === project.id);
}
