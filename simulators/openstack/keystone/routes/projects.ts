import { Refusal, refuseWith } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { flagOr } from "../../schema/index.ts";
import { forgetAppCredentials } from "../behaviour/application-credentials.ts";
import { forgetTrusts } from "../behaviour/trusts.ts";
import type { Project } from "../state/entities.ts";
import { forgetGrants } from "../state/grants.ts";
import { claimName, nameKey } from "../state/names.ts";
import type { KeystoneState } from "../state/state.ts";
import type { Attributes } from "../wire/body.ts";
import { badRequest, conflict } from "../wire/errors.ts";
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
import { defineResource } from "./resource.ts";

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

/** Keystone of Zed fails with a 500 where a project takes the name of another. */
const breakdown = (): Refusal =>
  refuseWith({
    status: 500,
    headers: { "Content-Type": "text/plain" },
    body: "A server error occurred.  Please contact the administrator.",
  });

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

/** Projects, without their tags. */
export const PROJECTS = defineResource({
  collection: "projects",
  member: "project",
  createSchema: createSchema(PROPERTIES, ["name"]),
  updateSchema: updateSchema(CHANGEABLE),
  afterUpdate: { extra: {} },
  map: (state) => state.projects,
  view: projectView,
  create: ({ state, cloud }, context, attributes) => {
    if (attributes.is_domain === true) throw new Refusal(501, "", "Projects that act as domains are not simulated.");
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

/** Removes what belongs to a project. @throws Refusal 403 when it is immutable */
export function removeProject(state: KeystoneState, project: Project): void {
  refuseImmutable(project, "delete", "project");
  state.names.delete(nameKey("project", project.domainId, project.name));
  forgetGrants(state, `project:${project.id}`);
  forgetTrusts(state, ({ projectId }) => projectId === project.id);
  forgetAppCredentials(state, ({ projectId }) => projectId === project.id);
}
