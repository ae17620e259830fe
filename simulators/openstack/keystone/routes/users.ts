import { flagOr } from "../../schema/index.ts";
import { forgetAppCredentials } from "../behaviour/application-credentials.ts";
import { forgetTrusts } from "../behaviour/trusts.ts";
import type { User } from "../state/entities.ts";
import { forgetGrants } from "../state/grants.ts";
import { claimName, nameKey } from "../state/names.ts";
import { hashSecret } from "../state/secrets.ts";
import type { KeystoneState } from "../state/state.ts";
import type { Attributes } from "../wire/body.ts";
import { badRequest, conflict, duplicateInDomain, MALFORMED } from "../wire/errors.ts";
import {
  BOOLEAN,
  createSchema,
  ID,
  nameSchema,
  NULLABLE_BOOLEAN,
  NULLABLE_ID,
  NULLABLE_TEXT,
  schemaRequiring,
  TEXT,
  updateSchema,
} from "../wire/schema-parts.ts";
import { newId, refuseNewDomain, requireDomain, withExtras } from "./attributes.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const OPTIONS = {
  type: "object",
  properties: {
    ignore_change_password_upon_first_use: NULLABLE_BOOLEAN,
    ignore_password_expiry: NULLABLE_BOOLEAN,
    ignore_lockout_failure_attempts: NULLABLE_BOOLEAN,
    lock_password: NULLABLE_BOOLEAN,
    ignore_user_inactivity: NULLABLE_BOOLEAN,
    multi_factor_auth_enabled: NULLABLE_BOOLEAN,
    multi_factor_auth_rules: {
      type: ["array", "null"],
      items: { type: "array", items: TEXT, minItems: 1, uniqueItems: true },
      uniqueItems: true,
    },
  },
  additionalProperties: false,
} as const;

const FEDERATED = {
  type: "array",
  items: schemaRequiring(
    {
      idp_id: TEXT,
      protocols: {
        type: "array",
        items: schemaRequiring({ protocol_id: TEXT, unique_id: TEXT }, ["protocol_id", "unique_id"]),
        minItems: 1,
      },
    },
    ["idp_id", "protocols"],
  ),
} as const;

const PROPERTIES = {
  default_project_id: NULLABLE_ID,
  description: NULLABLE_TEXT,
  domain_id: ID,
  enabled: BOOLEAN,
  federated: FEDERATED,
  name: nameSchema(255),
  password: NULLABLE_TEXT,
  options: OPTIONS,
} as const;

const KNOWN = ["name", "domain_id", "enabled", "password", "default_project_id", "options", "id", "federated"];

/** A user as the API shows it, without links. */
export const userView = (user: User): Readonly<Record<string, unknown>> => ({
  ...(user.defaultProjectId !== undefined && { default_project_id: user.defaultProjectId }),
  ...user.extra,
  id: user.id,
  name: user.name,
  domain_id: user.domainId,
  enabled: user.enabled,
  password_expires_at: null,
  options: user.options ?? {},
});

/** The requested options on top of the existing ones; null removes an option. */
function mergeOptions(before: Attributes, asked: Attributes): Attributes {
  const merged = Object.entries({ ...before, ...asked });
  return Object.fromEntries(merged.filter(([, value]) => value !== null));
}

/** @throws Refusal 400 */
function checkDefaultProject(state: KeystoneState, { default_project_id: id }: Attributes): void {
  if (typeof id === "string" && state.domains.has(id))
    throw badRequest(`User's default project ID cannot be a domain ID: ${id}`);
}

/** Filters by what federation and expiry would add, which no user of this cloud has. @throws Refusal 400 */
function passesUserFilters(_user: User, query: URLSearchParams): boolean {
  const expiry = query.get("password_expires_at");
  if (expiry !== null && Number.isNaN(Date.parse(expiry.replace(/^(lt|lte|gt|gte|eq|neq):/, ""))))
    throw badRequest(`Timestamp not in expected format. ${MALFORMED}`);
  return expiry === null && !["idp_id", "protocol_id", "unique_id"].some((name) => query.has(name));
}

const USERS = defineResource({
  collection: "users",
  member: "user",
  filters: ["domain_id", "enabled", "name"],
  // `options` beside `properties` is Keystone's own mistake, which its messages show.
  createSchema: { ...createSchema(PROPERTIES, ["name"]), options: { type: "object" } },
  updateSchema: updateSchema(PROPERTIES),
  map: (state) => state.users,
  view: userView,
  showsExtra: true,
  isDomainReadable: true,
  passes: passesUserFilters,
  create: ({ state, cloud }, context, attributes) => {
    const domainId = requireDomain(state, context, attributes);
    const id = newId(cloud);
    const { name, password } = attributes;
    checkDefaultProject(state, attributes);
    const user: User = {
      id,
      name: "",
      domainId,
      enabled: attributes.enabled ?? true,
      passwordHash: typeof password === "string" ? hashSecret(id, password) : undefined,
      defaultProjectId: attributes.default_project_id ?? undefined,
      ...(attributes.options !== undefined && { options: mergeOptions({}, attributes.options) }),
    };
    claimName(state, "user", domainId, user, name, () => duplicateInDomain("user", name, domainId));
    return withExtras(user, attributes, KNOWN);
  },
  update: ({ state, tokens }, user, attributes) => {
    refuseNewDomain(user, attributes);
    checkDefaultProject(state, attributes);
    if (attributes.options !== undefined) user.options = mergeOptions(user.options ?? {}, attributes.options);
    const { name, password } = attributes;
    const { domainId } = user;
    if (name !== undefined)
      claimName(state, "user", domainId, user, name, () => conflict("user", `Duplicate entry found with name ${name}`));
    if (typeof password === "string") {
      user.passwordHash = hashSecret(user.id, password);
      tokens.revokeUser(user.id);
    }
    if (attributes.default_project_id !== undefined) user.defaultProjectId = attributes.default_project_id ?? undefined;
    user.enabled = flagOr(attributes.enabled, user.enabled);
    if (!user.enabled) tokens.revokeUser(user.id);
    state.generation++;
    withExtras(user, attributes, KNOWN);
  },
  remove: removeUser,
  isReadable: ({ actor }, id) => actor.userId === id,
});

/** Users; a change of their own password is in `user-passwords.ts`. */
export const userRoutes = resourceRoutes(USERS);

/** Removes what belongs to a user. */
export function removeUser(state: KeystoneState, user: User): void {
  state.names.delete(nameKey("user", user.domainId, user.name));
  forgetGrants(state, `user:${user.id}`);
  for (const group of state.groups.values()) group.members.delete(user.id);
  forgetTrusts(state, ({ trustorId, trusteeId }) => trustorId === user.id || trusteeId === user.id);
  forgetAppCredentials(state, ({ userId }) => userId === user.id);
  for (const credential of state.credentials.values())
    if (credential.userId === user.id) state.credentials.delete(credential.id);
}
