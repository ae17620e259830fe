import { type Caller, hasAnyScope, isPermitted, type Permission, scopesFor, adminTeamsOf } from "../auth/scopes.ts";
import type { Director } from "../state/director.ts";
import type { RequestContext } from "./context.ts";
import { DirectorError } from "./errors.ts";

/** @throws DirectorError 600000 */
export function requirePermission({ director, caller }: RequestContext, permission: Permission): void {
  if (!isPermitted(caller, permission, director.uuid)) requireScopes(caller, scopesFor(permission, director.uuid));
}

/** @throws DirectorError 600000 */
export function requireScopes(caller: Caller, wanted: readonly string[]): void {
  if (!hasAnyScope(caller, wanted)) throw new DirectorError(600000, `Require one of the scopes: ${wanted.join(", ")}`);
}

/** Whether the caller may see what belongs to these teams. Lists are filtered, not refused. */
export function canSee(director: Director, caller: Caller, teams: readonly string[]): boolean {
  const own = adminTeamsOf(caller);
  return hasAnyScope(caller, scopesFor("read", director.uuid)) || teams.some((team) => own.includes(team));
}
