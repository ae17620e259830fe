import { durationText } from "../wire/duration.ts";
import { byText } from "../../kernel/index.ts";
import type { Acl } from "./acl.ts";
import { AclError, type AclLink, checkLookup } from "./acl-reads.ts";
import { ANONYMOUS, type RoleRow, type TokenRow } from "./acl-rows.ts";
import { type GivenIdentities, readIdentities } from "./acl-templates.ts";
import { isUuid, RESERVED_PREFIX, isRoleName } from "./acl-policy-writes.ts";

/*
 * How today's Consul treats writes to its ACLs.
 */

/** A role in a write. */
interface GivenRole {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly policies: readonly AclLink[];
  readonly identities: GivenIdentities;
}

/** Creates (empty id) or updates a role. @throws AclError */
export function saveRole(acl: Acl, given: GivenRole): RoleRow {
  const { id, name } = given;
  if (name === "") throw new AclError("Invalid Role: no Name is set");
  if (!isRoleName(name))
    throw new AclError("Invalid Role: invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
  const named = acl.roleNamed(name);
  if (id === "") {
    if (named !== undefined) throw new AclError(`Invalid Role: A Role with Name "${name}" already exists`);
  } else {
    if (!isUuid(id)) throw new AclError("Role ID invalid UUID");
    const known = acl.role(id);
    if (known === undefined) throw new AclError(`cannot find role ${id}`);
    if (known.name !== name && named !== undefined)
      throw new AclError(`Invalid Role: A role with name "${name}" already exists`);
  }
  const policies = rolePolicies(acl, given.policies);
  const identities = readIdentities(given.identities, "role", false);
  return acl.putRole({ ...given, id: id || acl.uuid(), policies, identities });
}

/** Links by id are not checked: those to policies that don't exist are dropped by the log. */
function rolePolicies(acl: Acl, links: readonly AclLink[]): readonly string[] {
  const named = links.map(({ ID, Name }) => {
    const id = ID === "" ? acl.policyNamed(Name)?.id : ID;
    if (id === undefined) throw new AclError(`No such ACL policy with name "${Name}"`);
    return id;
  });
  const missing = named.find((id) => acl.policy(id) === undefined);
  if (missing !== undefined)
    throw new AclError(`Failed to apply role upsert request: No such policy with ID: ${missing}`);
  return [...new Set(named)];
}

/** A token in a write. */
export interface GivenToken {
  readonly accessor: string;
  readonly secret: string;
  readonly description: string;
  readonly policies: readonly AclLink[];
  readonly roles: readonly AclLink[];
  readonly identities: GivenIdentities;
  readonly local: boolean;
  readonly authMethod: string;
  /** Ms since the Unix epoch. */
  readonly expiresMs: number | undefined;
  readonly ttlNs: number;
}

/** Creates a token. @throws AclError */
export function createToken(acl: Acl, given: GivenToken, nowMs: number): TokenRow {
  checkTokenId(acl, given.accessor, "AccessorID");
  checkTokenId(acl, given.secret, "SecretID");
  const expiresMs = expiryOf(given, nowMs);
  if (given.authMethod !== "") throw new AclError("AuthMethod field is disallowed outside of login");
  return acl.putToken({
    ...linksOf(acl, given),
    accessor: given.accessor || acl.uuid(),
    secret: given.secret || acl.secret(),
    description: given.description,
    local: given.local,
    authMethod: "",
    expiresMs,
  });
}

function checkTokenId(acl: Acl, id: string, what: string): void {
  if (id === "") return;
  if (id.startsWith(RESERVED_PREFIX))
    throw new AclError(`Invalid Token: ${what} - UUIDs with the prefix "${RESERVED_PREFIX}" are reserved`);
  if (!isUuid(id)) throw new AclError(`Invalid Token: ${what} - not a valid UUID`);
  if (acl.tokens().some(({ accessor, secret }) => accessor === id || secret === id))
    throw new AclError(`Invalid Token: ${what} is already in use`);
}

const LIFE_MS_MIN = 60_000;
/** A documented limit of a day is not in force; this is what a signed 64-bit count of ns holds. */
const LIFE_MS_MAX = 9_223_372_036_854;

/** When a token expires. @throws AclError */
function expiryOf({ ttlNs, expiresMs }: GivenToken, nowMs: number): number | undefined {
  if (ttlNs < 0) throw new AclError(`Token Expiration TTL '${durationText(ttlNs)}' should be > 0`);
  if (ttlNs > 0 && expiresMs !== undefined)
    throw new AclError("Token Expiration TTL and Expiration Time cannot both be set");
  const endMs = ttlNs > 0 ? nowMs + ttlNs / 1e6 : expiresMs;
  if (endMs === undefined) return undefined;
  if (endMs < nowMs) throw new AclError("ExpirationTime cannot be before CreateTime");
  const leftMs = endMs - nowMs;
  const was = `in the future (was ${durationText(leftMs * 1e6)})`;
  if (leftMs > LIFE_MS_MAX)
    throw new AclError(`ExpirationTime cannot be more than ${durationText(LIFE_MS_MAX * 1e6)} ${was}`);
  if (leftMs < LIFE_MS_MIN)
    throw new AclError(`ExpirationTime cannot be less than ${durationText(LIFE_MS_MIN * 1e6)} ${was}`);
  return endMs;
}

function linksOf(acl: Acl, given: GivenToken): Pick<TokenRow, "policies" | "roles" | "identities"> {
  const roles = acl.roleIds(given.roles);
  const policies = acl.policyIds(given.policies);
  return { roles, policies, identities: readIdentities(given.identities, "token", given.local) };
}

/** Updates a token. @throws AclError */
export function updateToken(acl: Acl, given: GivenToken): TokenRow {
  const { accessor } = given;
  if (!isUuid(accessor)) throw new AclError("AccessorID is not a valid UUID");
  const known = acl.token(accessor);
  if (known === undefined) throw new AclError(`Cannot find token "${accessor}"`);
  if (given.secret !== "" && given.secret !== known.secret)
    throw new AclError("Changing a token's SecretID is not permitted");
  if (given.local !== known.local) throw new AclError(`Cannot toggle local mode of ${accessor}`);
  if (given.authMethod !== "" && given.authMethod !== known.authMethod)
    throw new AclError(`Cannot change AuthMethod of ${accessor}`);
  if (given.ttlNs !== 0 || (given.expiresMs !== undefined && given.expiresMs !== known.expiresMs))
    throw new AclError(`Cannot change expiration time of ${accessor}`);
  const { secret, local, authMethod, expiresMs } = known;
  return acl.putToken({
    ...linksOf(acl, given),
    accessor,
    secret,
    description: given.description,
    local,
    authMethod,
    expiresMs,
  });
}

/** Another token with the same rights. @throws AclError */
export function cloneToken(acl: Acl, token: TokenRow, description: string): TokenRow {
  if (token.authMethod !== "") throw new AclError("Cannot clone a token created from an auth method");
  return acl.putToken({
    ...token,
    accessor: acl.uuid(),
    secret: acl.secret(),
    description: description || token.description,
  });
}

/** Deletes a token; false if there is none. `ownSecret` is the caller's. @throws AclError */
export function deleteToken(acl: Acl, accessor: string, ownSecret: string): boolean {
  if (!isUuid(accessor)) throw new AclError("Accessor ID is missing or an invalid UUID");
  if (accessor === ANONYMOUS.accessor) throw new AclError("Delete operation not permitted on the anonymous token");
  const token = acl.token(accessor);
  if (token === undefined) return false;
  if (token.secret === ownSecret) throw new AclError("Deletion of the request's authorization token is not permitted");
  acl.dropToken(token);
  return true;
}

/** Tokens of a policy, a role, a login method or a service. @throws AclError for an id that is not a UUID */
export function tokensWith(
  acl: Acl,
  wanted: { readonly policy: string; readonly role: string; readonly authMethod: string; readonly service: string },
): readonly TokenRow[] {
  const { policy, role, authMethod, service } = wanted;
  if ([policy, role, authMethod, service].filter((each) => each !== "").length > 1)
    throw new AclError("can only filter by one of policy, role, serviceName, or methodName at a time");
  for (const id of [policy, role]) if (id !== "") checkLookup("acl token", id);
  return acl
    .tokens()
    .filter((row) => policy === "" || row.policies.includes(policy))
    .filter((row) => role === "" || row.roles.includes(role))
    .filter((row) => authMethod === "" || row.authMethod === authMethod)
    .filter(
      ({ identities: { services, templates } }) =>
        service === "" ||
        services.some(({ ServiceName }) => ServiceName === service) ||
        templates.some(
          ({ TemplateName, TemplateVariables }) =>
            TemplateName === "builtin/service" && TemplateVariables?.name === service,
        ),
    )
    .toSorted((a, b) => byText(a.secret, b.secret));
}
