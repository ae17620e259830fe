import type { User } from "../../state.ts";
import { sha256Of } from "../../wire/verifier.ts";

/*
 * The users of a server. The default user is off, so nobody has any rights without a password. A tenant may do everything except what concerns the server itself: INFO, KEYS and FLUSHDB count among the dangerous commands, but concern only the tenant's own data.
 */
/** The simulator's own user. */
export const OPERATOR = "drydock";
/** The rights of a tenant, as ACL rules. */
const TENANT_RULES = ["~*", "&*", "+@all", "-@admin", "-@dangerous", "+info", "+keys", "+flushdb"] as const;

/** The rules that turn a user into a tenant, whatever it was before. */
export const tenantRules = ({ verifier }: User): readonly string[] => [
  "reset",
  "on",
  `#${sha256Of(verifier) ?? "0".repeat(64)}`,
  ...TENANT_RULES,
];

/** The text of a server's ACL file. `operatorHash` is the SHA-256 of the operator's password. */
export function aclFileOf(operatorHash: string, users: Iterable<User>): string {
  const tenants = [...users].map((user) => `user ${user.username} ${tenantRules(user).join(" ")}`);
  return ["user default off", `user ${OPERATOR} reset on #${operatorHash} ~* &* +@all`, ...tenants, ""].join("\n");
}
