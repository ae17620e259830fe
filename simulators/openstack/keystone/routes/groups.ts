import type { Group } from "../state/entities.ts";
import { forgetGrants } from "../state/grants.ts";
import { claimName, nameKey } from "../state/names.ts";
import type { KeystoneState } from "../state/state.ts";
import { duplicateInDomain } from "../wire/errors.ts";
import { createSchema, ID, nameSchema, NULLABLE_TEXT, updateSchema } from "../wire/schema-parts.ts";
import { newId, refuseNewDomain, requireDomain, withExtras } from "./attributes.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const PROPERTIES = { description: NULLABLE_TEXT, domain_id: ID, name: nameSchema(255) } as const;

const KNOWN = ["name", "domain_id", "description", "id"];

/** A group as the API shows it, without links. */
export const groupView = (group: Group): Readonly<Record<string, unknown>> => ({
  id: group.id,
  name: group.name,
  domain_id: group.domainId,
  description: group.description,
  ...group.extra,
});

const GROUPS = defineResource({
  collection: "groups",
  member: "group",
  filters: ["domain_id", "name"],
  createSchema: createSchema(PROPERTIES, ["name"]),
  updateSchema: updateSchema(PROPERTIES),
  map: (state) => state.groups,
  view: groupView,
  isDomainReadable: true,
  create: ({ state, cloud }, context, attributes) => {
    const domainId = requireDomain(state, context, attributes);
    const { name, description } = attributes;
    const group: Group = {
      id: newId(cloud),
      name: "",
      domainId,
      description: description ?? "",
      members: new Set(),
    };
    claimName(state, "group", domainId, group, name, () => duplicateInDomain("group", name, domainId));
    return withExtras(group, attributes, KNOWN);
  },
  update: ({ state }, group, attributes) => {
    refuseNewDomain(group, attributes);
    const { name, description } = attributes;
    const { domainId } = group;
    if (name !== undefined)
      claimName(state, "group", domainId, group, name, () => duplicateInDomain("group", name, domainId));
    if (description !== undefined) group.description = description ?? "";
    withExtras(group, attributes, KNOWN);
  },
  remove: removeGroup,
});

/** Groups; who is in them is in `group-members.ts`. */
export const groupRoutes = resourceRoutes(GROUPS);

/** Removes what belongs to a group. */
export function removeGroup(state: KeystoneState, group: Group): void {
  state.names.delete(nameKey("group", group.domainId, group.name));
  forgetGrants(state, `group:${group.id}`);
}
