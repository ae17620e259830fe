import type { Acl } from "./acl.ts";
import { AclError } from "./acl-reads.ts";
import { BUILTIN_POLICIES, type PolicyRow } from "./acl-rows.ts";
import { readRules } from "./acl-rules.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Whether a text has the form of a UUID. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** The error of Go's parser for a text that is not a UUID. */
export const uuidError = (text: string): string =>
  text.length === 36 ? "uuid is improperly formatted" : "uuid string is wrong length";

/** Ids with this beginning are Consul's own. */
export const RESERVED_PREFIX = "00000000-0000-0000-0000-0000000000";
const POLICY_CHARACTERS_MAX = 128;
const POLICY_NAME = /^[A-Za-z0-9\-_]+\/?[A-Za-z0-9\-_]*$/;
const ROLE_NAME = /^[A-Za-z0-9\-_]{1,256}$/;
/** Whether a role may have this name. */
export const isRoleName = (name: string): boolean => ROLE_NAME.test(name);

/** Why a policy may not have a name, in Consul's words. */
export function policyNameObjection(name: string, isToday = true): string | undefined {
  const invalid = "Invalid Policy: invalid Name.";
  if (name.length > POLICY_CHARACTERS_MAX)
    return `${invalid} Length must be greater than 0 and less than ${POLICY_CHARACTERS_MAX}`;
  if (!isToday)
    return ROLE_NAME.test(name) ? undefined : `${invalid} Only alphanumeric characters, '-' and '_' are allowed`;
  if (name.startsWith("/") || name.startsWith("builtin/"))
    return `${invalid} Names cannot be prefixed with '/' or 'builtin/'`;
  return POLICY_NAME.test(name)
    ? undefined
    : `${invalid} Only alphanumeric characters, a single '/', '-' and '_' are allowed`;
}

/** Creates (empty id) or updates a policy. @throws AclError, RuleError */
export function savePolicy(acl: Acl, given: Omit<PolicyRow, "hash" | "createIndex" | "modifyIndex">): PolicyRow {
  const { id, name } = given;
  if (name === "") throw new AclError("Invalid Policy: no Name is set");
  const why = BUILTIN_POLICIES.some((each) => each.id === id)
    ? undefined
    : policyNameObjection(name, acl.options.isToday);
  if (why !== undefined) throw new AclError(why);
  if (id !== "" && !isUuid(id)) throw new AclError("Policy ID invalid UUID");
  const named = acl.policyNamed(name);
  if (id === "") {
    if (named !== undefined) throw new AclError(`Invalid Policy: A Policy with Name "${name}" already exists`);
  } else checkPolicyUpdate(acl, given, named);
  readRules(given.rules);
  return acl.putPolicy({ ...given, id: id || acl.uuid() });
}

function checkPolicyUpdate(
  acl: Acl,
  { id, name, rules, datacenters }: Pick<PolicyRow, "id" | "name" | "rules" | "datacenters">,
  named: PolicyRow | undefined,
): void {
  const known = acl.policy(id);
  if (known === undefined) throw new AclError(`cannot find policy ${id}`);
  if (known.name !== name && named !== undefined)
    throw new AclError(`Invalid Policy: A policy with name "${name}" already exists`);
  const builtin = BUILTIN_POLICIES.find((each) => each.id === id);
  if (builtin === undefined) return;
  if (datacenters !== null)
    throw new AclError(`Changing the Datacenters of the ${builtin.name} policy is not permitted`);
  if (rules !== known.rules)
    throw new AclError(`Changing the Rules for the builtin ${builtin.name} policy is not permitted`);
}

/** Deletes a policy; false if there is none. @throws AclError for one that is built in */
export function deletePolicy(acl: Acl, id: string): boolean {
  const policy = acl.policy(id);
  if (policy === undefined) return false;
  const builtin = BUILTIN_POLICIES.find((each) => each.id === id);
  if (builtin !== undefined) throw new AclError(`Delete operation not permitted on the builtin ${builtin.name} policy`);
  acl.dropPolicy(policy);
  return true;
}
