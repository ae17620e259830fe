import type { Project, Role, Scope } from "./entities.ts";
import { INHERITED } from "./grants.ts";
import type { KeystoneState } from "./state.ts";

/** Key of the scope that roles are granted on; empty for an unscoped token. */
export const scopeKey = (scope: Scope): string =>
  scope.kind === "system" ? "system:all" : scope.kind === "none" ? "" : `${scope.kind}:${scope.id}`;

/** Ids of the projects above a project, the nearest first. */
export function ancestorsOf(state: KeystoneState, project: Project): readonly string[] {
  const parent = state.projects.get(project.parentId);
  return parent === undefined ? [] : [parent.id, ...ancestorsOf(state, parent)];
}

/** The scopes whose grants hold on a scope: itself, and those from which it inherits. */
function grantingScopes(state: KeystoneState, scope: string): readonly string[] {
  const [kind, id = ""] = scope.split(":");
  const project = kind === "project" ? state.projects.get(id) : undefined;
  if (project === undefined) return [scope];
  const above = ancestorsOf(state, project).map((ancestor) => `${INHERITED}project:${ancestor}`);
  return [scope, ...above, `${INHERITED}domain:${project.domainId}`];
}

/**
 * The roles that a user holds on a scope: granted to the user or to its groups, inherited from above, and those that these imply.
 * A role of a domain gives only what it implies.
 */
export function effectiveRoles(state: KeystoneState, userId: string, scope: string): Role[] {
  const ids = new Set<string>();
  for (const granting of grantingScopes(state, scope)) {
    for (const id of state.grants.get(`user:${userId}`)?.get(granting) ?? []) ids.add(id);
    for (const holder of state.grantees.get(granting) ?? []) {
      if (!holder.startsWith("group:") || !state.groups.get(holder.slice("group:".length))?.members.has(userId))
        continue;
      for (const id of state.grants.get(holder)?.get(granting) ?? []) ids.add(id);
    }
  }
  // Iterating a set includes what is added meanwhile, and it holds each role once, so circles end.
  for (const id of ids) for (const implied of state.implied.get(id) ?? []) ids.add(implied);
  return [...ids].flatMap((id) => state.roles.get(id) ?? []).filter(({ domainId }) => domainId === null);
}
