import { textOrNull } from "../../schema/index.ts";
import type { Role } from "../state/entities.ts";
import { claimName, nameKey } from "../state/names.ts";
import type { KeystoneState } from "../state/state.ts";
import { badRequest, conflict } from "../wire/errors.ts";
import { createSchema, IMMUTABLE_OPTION, nameSchema, TEXT, updateSchema } from "../wire/schema-parts.ts";
import { immutableIn, newId, optionsView, refuseImmutable, withExtras } from "./attributes.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const PROPERTIES = { name: nameSchema(255), description: TEXT, options: IMMUTABLE_OPTION } as const;

const KNOWN = ["name", "description", "domain_id", "options", "id"];

/** A role as the API shows it, without links. */
export const roleView = (role: Role): Readonly<Record<string, unknown>> => ({
  id: role.id,
  name: role.name,
  domain_id: role.domainId,
  description: role.description,
  ...role.extra,
  options: optionsView(role.isImmutable),
});

const takeName = (state: KeystoneState, role: Role, name: string): void =>
  claimName(state, "role", role.domainId ?? "", role, name, () =>
    conflict("role", `Duplicate entry found with name ${name}`),
  );

const ROLES = defineResource({
  collection: "roles",
  member: "role",
  filters: ["name", "domain_id"],
  existsFirst: true,
  crashesOnOddBody: true,
  createSchema: createSchema(PROPERTIES, ["name"]),
  updateSchema: updateSchema(PROPERTIES),
  map: (state) => state.roles,
  view: roleView,
  create: ({ state, cloud }, _context, attributes) => {
    const role: Role = {
      id: newId(cloud),
      name: "",
      domainId: textOrNull(attributes.domain_id),
      description: attributes.description ?? null,
      isImmutable: immutableIn(attributes) ?? false,
    };
    takeName(state, role, attributes.name);
    return withExtras(role, attributes, KNOWN);
  },
  update: ({ state }, role, attributes) => {
    const isImmutable = immutableIn(attributes);
    if (isImmutable !== false) refuseImmutable(role, "update", "role");
    if (attributes.domain_id !== undefined && attributes.domain_id !== role.domainId)
      throw badRequest("Update of `domain_id` is not allowed.");
    if (attributes.name !== undefined) takeName(state, role, attributes.name);
    role.description = attributes.description ?? role.description;
    role.isImmutable = isImmutable ?? role.isImmutable;
    state.generation++;
    withExtras(role, attributes, KNOWN);
  },
  remove: (state, role) => {
    refuseImmutable(role, "delete", "role");
    state.names.delete(nameKey("role", role.domainId ?? "", role.name));
    forgetRole(state, role.id);
    state.generation++;
  },
});

/** Roles, of the cloud or of a domain. */
export const roleRoutes = resourceRoutes(ROLES);

/** Takes a role out of every implication and every grant. */
function forgetRole(state: KeystoneState, roleId: string): void {
  const others = (ids: readonly string[]): string[] => ids.filter((id) => id !== roleId);
  state.implied.delete(roleId);
  for (const [prior, implied] of state.implied) state.implied.set(prior, others(implied));
  for (const byScope of state.grants.values()) for (const [scope, roles] of byScope) byScope.set(scope, others(roles));
}
