import type { AppCredential, Scope, User } from "../state/entities.ts";
import { idByName } from "../state/names.ts";
import { effectiveRoles, scopeKey } from "../state/roles.ts";
import type { KeystoneState } from "../state/state.ts";
import { badRequest, missingAttribute, authenticationRequired } from "../wire/errors.ts";
import { requireTrust } from "./trusts.ts";

/** How a request names a project, a user, a domain: by id, or by name within a domain. */
export interface Reference {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly domain?: Reference | undefined;
}

/** The scope that a request asks for. */
type RequestedScope =
  | { readonly kind: "omitted" | "none" | "system" }
  | { readonly kind: "project" | "domain"; readonly reference: Reference }
  | { readonly kind: "trust"; readonly id: string };

/** The member `scope` of a request that has passed its schema. */
type ScopeBody =
  | string
  | {
      readonly project?: Reference;
      readonly domain?: Reference;
      readonly system?: unknown;
      readonly "OS-TRUST:trust"?: { readonly id?: string };
      readonly unscoped?: unknown;
    };

const SCOPES = ["project", "domain", "system", "OS-TRUST:trust", "unscoped"] as const;

/** Reads the scope that a request asks for. @throws Refusal 400 */
export function parseScope(scope: ScopeBody | undefined): RequestedScope {
  if (scope === undefined) return { kind: "omitted" };
  if (scope === "unscoped") return { kind: "none" };
  const [kind, ...more] = typeof scope === "string" ? [] : SCOPES.filter((name) => Object.hasOwn(scope, name));
  if (kind === undefined || more.length > 0 || typeof scope === "string")
    throw missingAttribute("system, project, domain, OS-TRUST:trust or unscoped", "scope");
  if (kind === "unscoped") return { kind: "none" };
  if (kind === "OS-TRUST:trust") return { kind: "trust", id: scope[kind]?.id ?? "" };
  if (kind === "system") return { kind: "system" };
  const reference = scope[kind] ?? {};
  if (reference.id === undefined && reference.name === undefined)
    throw badRequest(`Invalid input for field scope/${kind}: id or name must be present.`);
  if (kind === "project" && reference.id === undefined) {
    if (reference.domain === undefined) throw missingAttribute("domain", "project");
    if (reference.domain.id === undefined && reference.domain.name === undefined)
      throw badRequest("Invalid input for field scope/project/domain: id or name must be present.");
  }
  return { kind, reference };
}

/** The id of a domain that a request refers to. */
export const domainIdOf = (state: KeystoneState, { id, name = "" }: Reference): string | undefined =>
  id ?? idByName(state, "domain", "", name);

function projectIdOf(state: KeystoneState, { id, name = "", domain = {} }: Reference): string | undefined {
  return id ?? idByName(state, "project", domainIdOf(state, domain) ?? "", name);
}

/** The scope of a new token. An application credential has its own. @throws Refusal 401, 404 */
export function grantScope(
  state: KeystoneState,
  user: User,
  requested: RequestedScope,
  credential?: AppCredential,
): Scope {
  if (credential !== undefined) return requireUsable(state, user, { kind: "project", id: credential.projectId });
  switch (requested.kind) {
    case "none":
      return { kind: "none" };
    case "omitted":
      return defaultScope(state, user);
    case "trust":
      return trustScope(state, requested.id);
    case "system":
      return requireUsable(state, user, { kind: "system" });
    case "project":
      return requireUsable(state, user, { kind: "project", id: projectIdOf(state, requested.reference) ?? "" });
    case "domain":
      return requireUsable(state, user, { kind: "domain", id: domainIdOf(state, requested.reference) ?? "" });
  }
}

/** A trust without a project gives no scope. */
function trustScope(state: KeystoneState, id: string): Scope {
  const { projectId, trustorId, roleIds } = requireTrust(state, id);
  if (projectId === null) return { kind: "none" };
  const held = effectiveRoles(state, trustorId, `project:${projectId}`).map((role) => role.id);
  if (!state.projects.get(projectId)?.enabled || !roleIds.every((role) => held.includes(role)))
    throw authenticationRequired();
  return { kind: "project", id: projectId };
}

/** Whether the scope exists and is enabled, and the user holds a role on it. */
function isUsable(state: KeystoneState, user: User, scope: Scope): boolean {
  if (scope.kind === "project" && !state.projects.get(scope.id)?.enabled) return false;
  if (scope.kind === "domain" && !state.domains.get(scope.id)?.enabled) return false;
  return effectiveRoles(state, user.id, scopeKey(scope)).length > 0;
}

function requireUsable(state: KeystoneState, user: User, scope: Scope): Scope {
  if (!isUsable(state, user, scope)) throw authenticationRequired();
  return scope;
}

/** The scope if the request names none: the user's default project if usable, else none. */
function defaultScope(state: KeystoneState, user: User): Scope {
  const id = user.defaultProjectId;
  if (id === undefined) return { kind: "none" };
  const scope: Scope = { kind: "project", id };
  return isUsable(state, user, scope) ? scope : { kind: "none" };
}
