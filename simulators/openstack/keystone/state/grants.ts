import type { KeystoneState } from "./state.ts";

/** Prefix of a scope: grants under it hold on what is below a project or domain, not on itself. */
export const INHERITED = "inherited/";

/** Grants a role on a scope to a holder; granting it again changes nothing. */
export function grant(state: KeystoneState, holder: string, scope: string, roleId: string): void {
  let byScope = state.grants.get(holder);
  if (byScope === undefined) state.grants.set(holder, (byScope = new Map()));
  const roles = byScope.get(scope);
  if (roles === undefined) byScope.set(scope, [roleId]);
  else if (!roles.includes(roleId)) roles.push(roleId);
  let grantees = state.grantees.get(scope);
  if (grantees === undefined) state.grantees.set(scope, (grantees = new Set()));
  grantees.add(holder);
  state.generation++;
}

/** Revokes a granted role; returns whether it existed. */
export function ungrant(state: KeystoneState, holder: string, scope: string, roleId: string): boolean {
  const byScope = state.grants.get(holder);
  const roles = byScope?.get(scope);
  if (byScope === undefined || roles === undefined || !roles.includes(roleId)) return false;
  const others = roles.filter((id) => id !== roleId);
  if (others.length > 0) byScope.set(scope, others);
  else {
    byScope.delete(scope);
    state.grantees.get(scope)?.delete(holder);
  }
  state.generation++;
  return true;
}

/** Removes every grant, inherited ones included, to a holder or on a scope that is gone. */
export function forgetGrants(state: KeystoneState, key: string): void {
  forgetKey(state, key);
  forgetKey(state, INHERITED + key);
}

function forgetKey(state: KeystoneState, key: string): void {
  for (const scope of state.grants.get(key)?.keys() ?? []) state.grantees.get(scope)?.delete(key);
  state.grants.delete(key);
  for (const holder of state.grantees.get(key) ?? []) state.grants.get(holder)?.delete(key);
  state.grantees.delete(key);
  state.generation++;
}
