import type { Acl } from "./acl.ts";
import { AclError, type AclLink } from "./acl-reads.ts";
import { ANONYMOUS, MANAGEMENT, NO_IDENTITIES, type PolicyRow, type TokenRow } from "./acl-rows.ts";
import { readRules } from "./acl-rules.ts";

/*
 * How Consul 1.8 treats writes to its ACLs.
 */

const NAME = /^[A-Za-z0-9\-_]{1,128}$/;

/** Creates (empty id) or updates a policy. @throws AclError, RuleError */
export function savePolicy(acl: Acl, given: Pick<PolicyRow, "id" | "name" | "description" | "rules">): PolicyRow {
  if (given.name === "") throw new AclError("Invalid Policy: no Name is set");
  if (!NAME.test(given.name))
    throw new AclError("Invalid Policy: invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
  if (given.id !== "" && acl.policy(given.id) === undefined) throw new AclError("cannot find policy " + given.id);
  const holder = acl.policyNamed(given.name);
  if (holder !== undefined && holder.id !== given.id)
    throw new AclError(`Invalid Policy: A Policy with Name "${given.name}" already exists`);
  readRules(given.rules);
  return acl.putPolicy({ ...given, datacenters: null, id: given.id || acl.uuid() });
}

/** @throws AclError for the policy that grants everything */
export function deletePolicy(acl: Acl, id: string): void {
  const policy = acl.policy(id);
  if (policy === undefined) return;
  if (id === MANAGEMENT.id)
    throw new AclError("Delete operation not permitted on the builtin global-management policy");
  acl.dropPolicy(policy);
}

/** Creates (empty accessor) or updates a token; policies are links by id or name. @throws AclError */
export function saveToken(
  acl: Acl,
  given: Pick<TokenRow, "accessor" | "secret" | "description" | "local"> & { readonly policies: readonly AclLink[] },
): TokenRow {
  const known = given.accessor === "" ? undefined : acl.token(given.accessor);
  const policies = acl.policyIds(given.policies);
  return acl.putToken({
    ...given,
    policies,
    roles: [],
    identities: NO_IDENTITIES,
    authMethod: "",
    expiresMs: undefined,
    secret: known?.secret ?? (given.secret || acl.secret()),
    accessor: given.accessor || acl.uuid(),
  });
}

/** @throws AclError for the anonymous token */
export function deleteToken(acl: Acl, accessor: string): void {
  if (accessor === ANONYMOUS.accessor) throw new AclError("Delete operation not permitted on the anonymous token");
  const token = acl.token(accessor);
  if (token !== undefined) acl.dropToken(token);
}
