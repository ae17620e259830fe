import { type Caller, holdsAny, may, type Permission, scopesFor, teamsOf } from "../auth/scopes.ts";
import type { Director } from "../state/director.ts";
import type { Context } from "./context.ts";
import { DirectorError } from "./errors.ts";

/** @throws DirectorError 600000 */
export function requirePermission({ director, caller }: Context, permission: Permission): void {
  if (!may(caller, permission, director.uuid)) requireScopes(caller, scopesFor(permission, director.uuid));
}

/** @throws DirectorError 600000 */
export function requireScopes(caller: Caller, wanted: readonly string[]): void {
  if (!holdsAny(caller, wanted)) throw new DirectorError(600000, `Require one of the scopes: ${wanted.join(", ")}`);
}

/** May the caller see what belongs to these teams? Lists are filtered, not refused. */
export function sees(director: Director, caller: Caller, teams: readonly string[]): boolean {
  const own = teamsOf(caller);
  return holdsAny(caller, scopesFor("read", director.uuid)) || teams.some((team) => own.includes(team));
}
