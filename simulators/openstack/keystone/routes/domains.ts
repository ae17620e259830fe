import { Refusal } from "../../refusal.ts";
import { flagOr } from "../../schema/index.ts";
import type { Domain } from "../state/entities.ts";
import { forgetGrants } from "../state/grants.ts";
import { claimName, nameKey } from "../state/names.ts";
import type { KeystoneState } from "../state/state.ts";
import { isObject } from "../../../kernel/index.ts";
import type { Attributes } from "../wire/body.ts";
import { badRequest, conflict } from "../wire/errors.ts";
import { BOOLEAN, createSchema, nameSchema, NULLABLE_TEXT, TAGS, updateSchema } from "../wire/schema-parts.ts";
import { newId, withExtras } from "./attributes.ts";
import { removeGroup } from "./groups.ts";
import { removeProject } from "./projects.ts";
import { defineResource, resourceRoutes } from "./resource.ts";
import { removeUser } from "./users.ts";

const PROPERTIES = { description: NULLABLE_TEXT, enabled: BOOLEAN, name: nameSchema(64), tags: TAGS } as const;

const KNOWN = ["name", "description", "enabled", "tags", "options", "id", "domain_id"];

/** A domain as the API shows it, without links. */
export const domainView = (domain: Domain): Readonly<Record<string, unknown>> => ({
  id: domain.id,
  name: domain.name,
  description: domain.description,
  enabled: domain.enabled,
  tags: domain.tags,
  ...domain.extra,
  options: {},
});

const domainTaken = (name: string): Refusal =>
  conflict("project", `it is not permitted to have two projects acting as domains with the same name: ${name}`);

/** The schema of a domain does not cover options, so they are checked when they are stored. @throws Refusal 400 */
function checkOptions({ options }: Attributes): void {
  const { immutable = null } = isObject(options) ? options : {};
  if (immutable !== null && typeof immutable !== "boolean")
    throw badRequest(`Expected boolean value, got ${pythonType(immutable)}`);
}

const isHexId = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{32}$/i.test(value.replaceAll("-", ""));

const pythonType = (value: unknown): string => {
  const name = Array.isArray(value) ? "list" : { string: "str", number: "int", object: "dict" }[String(typeof value)];
  return `<class '${name ?? "str"}'>`;
};

const DOMAINS = defineResource({
  collection: "domains",
  member: "domain",
  filters: ["enabled", "name"],
  existsFirst: true,
  ignoresOtherId: true,
  createSchema: createSchema(PROPERTIES, ["name"]),
  updateSchema: updateSchema(PROPERTIES),
  map: (state) => state.domains,
  view: domainView,
  create: ({ state, cloud }, _context, attributes) => {
    const { name, explicit_domain_id: explicitId } = attributes;
    checkOptions(attributes);
    if (explicitId !== undefined && !isHexId(explicitId))
      throw badRequest("Domain ID does not conform to required UUID format.");
    const domain: Domain = {
      id: isHexId(explicitId) ? explicitId.replaceAll("-", "") : newId(cloud),
      name: "",
      description: attributes.description ?? "",
      enabled: attributes.enabled ?? true,
      tags: [...(attributes.tags ?? [])],
    };
    claimName(state, "domain", "", domain, name, () => domainTaken(name));
    return withExtras(domain, attributes, [...KNOWN, "explicit_domain_id"]);
  },
  update: ({ state }, domain, attributes) => {
    checkOptions(attributes);
    const { name } = attributes;
    if (name !== undefined) claimName(state, "domain", "", domain, name, () => domainTaken(name));
    if (attributes.description !== undefined) domain.description = attributes.description ?? "";
    if (attributes.tags !== undefined) domain.tags = [...attributes.tags];
    domain.enabled = flagOr(attributes.enabled, domain.enabled);
    state.generation++;
    withExtras(domain, attributes, KNOWN);
  },
  remove: (state, domain) => {
    if (domain.enabled) throw new Refusal(403, "", "Cannot delete a domain that is enabled, please disable it first.");
    state.names.delete(nameKey("domain", "", domain.name));
    forgetGrants(state, `domain:${domain.id}`);
    removeWithin(state, state.projects, domain, removeProject);
    removeWithin(state, state.users, domain, removeUser);
    removeWithin(state, state.groups, domain, removeGroup);
  },
  isReadable: ({ actor }, id) => actor.projectDomainId === id || actor.domainId === id,
});

/** Domains. */
export const domainRoutes = resourceRoutes(DOMAINS);

/** Removes what belongs to a deleted domain. */
function removeWithin<E extends { readonly id: string; readonly domainId: string }>(
  state: KeystoneState,
  entities: Map<string, E>,
  domain: Domain,
  remove: (state: KeystoneState, entity: E) => void,
): void {
  for (const entity of [...entities.values()].filter(({ domainId }) => domainId === domain.id)) {
    remove(state, entity);
    entities.delete(entity.id);
  }
}
