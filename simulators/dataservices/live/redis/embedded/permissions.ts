import type { Flag } from "./command.ts";
import type { Identity } from "./session.ts";

/** The commands allowed before a login. */
const BEFORE_LOGIN = new Set(["auth", "hello", "quit", "reset"]);
/** The dangerous commands that concern only the tenant's own data (`../acl.ts`). */
const TENANTS_OWN = new Set(["info", "keys", "flushdb"]);
/** Subcommands about the server or other clients; everybody may use the others. */
const OF_OPERATORS: Readonly<Record<string, ReadonlySet<string>>> = {
  client: new Set(["kill", "list", "no-evict", "pause", "unblock", "unpause"]),
  config: new Set(["get", "set", "resetstat", "rewrite", "help"]),
  acl: new Set(["list", "users", "getuser", "setuser", "deluser", "load", "save", "log", "dryrun"]),
};

/** The reason why a session may not run a command, as the reply's text; undefined if it may. */
export function mayRun(
  identity: Identity | undefined,
  name: string,
  flags: readonly Flag[],
  words: readonly string[],
): string | undefined {
  if (BEFORE_LOGIN.has(name)) return undefined;
  if (identity === undefined) return "NOAUTH Authentication required.";
  if (identity.isOperator) return undefined;
  const subcommand = (words[1] ?? "").toLowerCase();
  if (OF_OPERATORS[name]?.has(subcommand))
    return `NOPERM this user has no permissions to run the '${name}|${subcommand}' command`;
  const isPrivileged = flags.includes("admin") || flags.includes("dangerous");
  if (isPrivileged && !TENANTS_OWN.has(name)) return `NOPERM this user has no permissions to run the '${name}' command`;
  return undefined;
}
