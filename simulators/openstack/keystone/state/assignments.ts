import { INHERITED } from "./grants.ts";
import { ancestorsOf } from "./roles.ts";
import type { KeystoneState } from "./state.ts";

/** A role that someone holds on something. */
export interface Assignment {
  readonly holder: "user" | "group";
  readonly holderId: string;
  readonly scope: "project" | "domain" | "system";
  /** Id of the project or domain; `all` for the system. */
  readonly scopeId: string;
  readonly roleId: string;
  /** The scope on which it was granted, to be inherited. */
  readonly from?: { readonly scope: "project" | "domain" | "system"; readonly scopeId: string };
  /** The role that implies this one. */
  readonly prior?: string;
  /** The group through which the user has it. */
  readonly group?: string;
}

/** Grants as they were made. */
export function* storedAssignments(state: KeystoneState): Generator<Assignment> {
  for (const [key, byScope] of state.grants) {
    const [holder, holderId] = splitKey(key);
    for (const [place, roles] of byScope) {
      const isInherited = place.startsWith(INHERITED);
      const [kind, scopeId] = splitKey(isInherited ? place.slice(INHERITED.length) : place);
      const scope: Assignment["scope"] = kind === "project" || kind === "domain" ? kind : "system";
      const from = isInherited && { from: { scope, scopeId } };
      for (const roleId of roles)
        yield { holder: holder === "group" ? "group" : "user", holderId, scope, scopeId, roleId, ...from };
    }
  }
}

/**
 * The effective assignments of users: groups resolved to their members, inheritance to projects, roles to
 * those they imply.
 */
export function* effectiveAssignments(state: KeystoneState): Generator<Assignment> {
  for (const stored of storedAssignments(state))
    for (const held of byMember(state, stored))
      for (const placed of byInheritor(state, held))
        for (const assignment of withImplied(state, placed))
          if (state.roles.get(assignment.roleId)?.domainId === null) yield assignment;
}

const splitKey = (key: string): readonly [string, string] => {
  const at = key.indexOf(":");
  return [key.slice(0, at), key.slice(at + 1)];
};

function* byMember(state: KeystoneState, assignment: Assignment): Generator<Assignment> {
  if (assignment.holder === "user") return yield assignment;
  for (const holderId of state.groups.get(assignment.holderId)?.members ?? [])
    yield { ...assignment, holder: "user", holderId, group: assignment.holderId };
}

/** An inherited grant applies to every project below. */
function* byInheritor(state: KeystoneState, assignment: Assignment): Generator<Assignment> {
  const { from } = assignment;
  if (from === undefined) return yield assignment;
  for (const project of state.projects.values()) {
    const isBelow =
      from.scope === "domain" ? project.domainId === from.scopeId : ancestorsOf(state, project).includes(from.scopeId);
    if (isBelow) yield { ...assignment, scope: "project", scopeId: project.id };
  }
}

/** The role and those that it implies, each path to a role once: roles may imply each other in a circle. */
function* withImplied(state: KeystoneState, assignment: Assignment): Generator<Assignment> {
  const wayTo = ({ roleId, prior = "" }: Assignment): string => `${prior} ${roleId}`;
  const found = new Map([[wayTo(assignment), assignment]]);
  // Iterating a map includes what is added meanwhile.
  for (const each of found.values()) {
    yield each;
    for (const roleId of state.implied.get(each.roleId) ?? []) {
      const next = { ...each, roleId, prior: each.roleId };
      if (!found.has(wayTo(next))) found.set(wayTo(next), next);
    }
  }
}
