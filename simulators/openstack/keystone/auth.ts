import { hash, timingSafeEqual } from "node:crypto";
import { type HttpReply, json } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import type { Context } from "../service.ts";
import { badRequest, bodyOf, checkSchema, expecting, notFound, unauthorized } from "./errors.ts";
import { AUTH } from "./schemas.ts";
import {
  type AppCredential,
  type KeystoneSlot,
  type KeystoneState,
  nameKey,
  type Scope,
  type Token,
  type Trust,
  type User,
} from "./state.ts";
import { effectiveRoles, targetOf, type Tokens } from "./tokens.ts";
import { isUsable } from "./trusts.ts";

/** What is kept of a password or an application credential's secret. */
export const hashOf = (id: string, secret: string): string => hash("sha256", `${id}/${secret}`, "hex");

const METHODS = ["external", "password", "token", "oauth1", "mapped", "application_credential"] as const;
/** Supported by Keystone, not by this simulator. */
const NOT_SIMULATED: readonly string[] = ["external", "oauth1", "mapped"];

interface Ref {
  readonly id?: string;
  readonly name?: string;
  readonly domain?: Ref;
}

interface AuthBody {
  readonly identity: {
    readonly methods: readonly string[];
    readonly password?: { readonly user?: Ref & { readonly password?: string } };
    readonly token?: { readonly id: string };
    readonly application_credential?: Ref & { readonly user?: Ref; readonly secret?: string };
  };
  readonly scope?: Readonly<Record<string, unknown>> | string;
}

/** Who proved to be who. */
interface Proof {
  readonly user: User;
  readonly methods: readonly string[];
  readonly from?: Token;
  readonly credential?: AppCredential;
}

/** POST /v3/auth/tokens (docs/discoveries/openstack.md, "Authentication"). */
export function authenticate(slot: KeystoneSlot, tokens: Tokens, context: Context): HttpReply {
  const body = bodyOf(context);
  if (body.auth === undefined || body.auth === null) throw expecting("auth", "request body");
  checkSchema(AUTH, body.auth);
  const auth = body.auth as AuthBody;
  checkMethods(auth);
  const asked = askedScope(auth);
  const proof = prove(slot.value, tokens, auth);
  const scope = scopeFor(slot.value, proof, asked);
  const { user, methods, from, credential } = proof;
  const trust = asked.kind === "trust" ? spentTrust(slot.value, tokens, user, asked.id) : undefined;
  const grant = {
    userId: trust?.impersonation === true ? trust.trustorId : user.id,
    scope,
    methods,
    ...(credential && { appCredentialId: credential.id }),
    ...(trust && { trustId: trust.id }),
  };
  const token = tokens.issue(grant, from);
  return json(201, tokens.view(token, context, !context.query.has("nocatalog")), { "X-Subject-Token": token.id });
}

function checkMethods({ identity }: AuthBody): void {
  const methods = new Set(identity.methods);
  for (const method of methods) {
    if (!Object.hasOwn(identity, method)) throw expecting(method, "identity");
  }
  for (const method of methods) {
    if (NOT_SIMULATED.includes(method)) throw new Refusal(501, "", `Method ${method} is not simulated.`);
    if (!METHODS.some((known) => known === method)) {
      const members = { identity: { methods: METHODS } };
      throw new Refusal(401, "", "Attempted to authenticate with an unsupported method.", { members });
    }
  }
}

type AskedScope =
  | { readonly kind: "omitted" | "none" | "system" }
  | { readonly kind: "project" | "domain"; readonly ref: Ref }
  | { readonly kind: "trust"; readonly id: string };

function askedScope({ scope }: AuthBody): AskedScope {
  if (scope === undefined) return { kind: "omitted" };
  if (scope === "unscoped") return { kind: "none" };
  const names = typeof scope === "string" ? [] : Object.keys(scope);
  const known = names.filter((name) => ["project", "domain", "system", "OS-TRUST:trust", "unscoped"].includes(name));
  const [kind] = known;
  if (known.length !== 1 || typeof scope === "string" || kind === undefined)
    throw expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope");
  if (kind === "unscoped") return { kind: "none" };
  if (kind === "OS-TRUST:trust") return { kind: "trust", id: (scope[kind] as Ref).id ?? "" };
  if (kind === "system") return { kind: "system" };
  const ref = scope[kind] as Ref;
  if (ref.id === undefined && ref.name === undefined)
    throw badRequest(`Invalid input for field scope/${kind}: id or name must be present.`);
  if (kind === "project" && ref.id === undefined && ref.domain === undefined) throw expecting("domain", "project");
  return { kind: kind === "project" ? "project" : "domain", ref };
}

function prove(state: KeystoneState, tokens: Tokens, { identity, scope }: AuthBody): Proof {
  const { methods } = identity;
  if (methods.includes("application_credential")) {
    const credential = provenCredential(state, tokens, identity.application_credential ?? {});
    if (scope !== undefined) throw credentialWithScope();
    const user = state.users.get(credential.userId);
    if (user === undefined) throw unauthorized();
    return { user, methods, credential };
  }
  if (methods.includes("token")) {
    const from = liveToken(state, tokens, identity.token?.id ?? "");
    const user = state.users.get(from.userId);
    if (user === undefined) throw notFound("user", from.userId);
    if (from.appCredentialId !== undefined) throw unauthorized();
    if (from.trustId !== undefined)
      throw new Refusal(
        403,
        "",
        "Using trust-scoped token to create another token. Create a new trust-scoped token instead",
      );
    return { user, methods: [...new Set([...from.methods, ...methods])], from };
  }
  if (methods.includes("password")) return { user: provenUser(state, identity.password?.user), methods };
  throw unauthorized();
}

const credentialWithScope = (): Refusal =>
  new Refusal(
    401,
    "",
    "Error authenticating with application credential: Application credentials cannot request a scope.",
    { members: { identity: {} } },
  );

/** A subject token. @throws Refusal 404 */
export function liveToken(state: KeystoneState, tokens: Tokens, id: string): Token {
  const token = state.tokens.get(id);
  if (token === undefined) throw new Refusal(404, "", "Could not recognize Fernet token");
  try {
    return tokens.check(id);
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) throw new Refusal(404, "", "Failed to validate token");
    throw error;
  }
}

function provenUser(state: KeystoneState, ref: (Ref & { readonly password?: string }) | undefined): User {
  if (ref === undefined) throw expecting("user", "password");
  const user = findUser(state, ref);
  if (user === undefined || !user.enabled || !state.domains.get(user.domainId)?.enabled) throw unauthorized();
  if (!equal(user.passwordHash, hashOf(user.id, ref.password ?? ""))) throw unauthorized();
  return user;
}

function findUser(state: KeystoneState, ref: Ref): User | undefined {
  if (ref.id !== undefined) return state.users.get(ref.id);
  if (ref.name === undefined)
    throw badRequest("Invalid input for field identity/password/user: id or name must be present.");
  if (ref.domain === undefined) throw expecting("domain", "user");
  const domainId = domainIdOf(state, ref.domain);
  return state.users.get(state.names.get(nameKey("user", domainId ?? "", ref.name)) ?? "");
}

const domainIdOf = (state: KeystoneState, ref: Ref): string | undefined =>
  ref.id ?? state.names.get(nameKey("domain", "", ref.name ?? ""));

function provenCredential(
  state: KeystoneState,
  tokens: Tokens,
  ref: Ref & { readonly user?: Ref; readonly secret?: string },
): AppCredential {
  const credential = findCredential(state, ref);
  if (credential === undefined) throw notFound("Application Credential", ref.id ?? ref.name ?? "");
  if (!equal(credential.secretHash, hashOf(credential.id, ref.secret ?? ""))) throw unauthorized();
  if (credential.expiresMs !== null && credential.expiresMs <= tokens.nowMs) throw unauthorized();
  if (!state.users.get(credential.userId)?.enabled) throw unauthorized();
  return credential;
}

function findCredential(state: KeystoneState, ref: Ref & { readonly user?: Ref }): AppCredential | undefined {
  if (ref.id !== undefined) return state.appCredentials.get(ref.id);
  if (ref.user === undefined) throw expecting("user", "application_credential");
  const user = findUser(state, ref.user);
  if (user === undefined) throw unauthorized();
  return state.appCredentials.get(state.names.get(nameKey("appcred", user.id, ref.name ?? "")) ?? "");
}

function equal(kept: string | undefined, given: string): boolean {
  return kept !== undefined && timingSafeEqual(Buffer.from(kept), Buffer.from(given));
}

function scopeFor(state: KeystoneState, { user, credential }: Proof, asked: AskedScope): Scope {
  if (credential !== undefined) return usable(state, user, { kind: "project", id: credential.projectId }) ?? refuse();
  switch (asked.kind) {
    case "none":
      return { kind: "none" };
    case "omitted":
      return defaultScope(state, user);
    case "trust":
      return trustScope(state, asked.id);
    case "system":
      return usable(state, user, { kind: "system" }) ?? refuse();
    case "project":
      return usable(state, user, { kind: "project", id: projectIdOf(state, asked.ref) ?? "" }) ?? refuse();
    case "domain":
      return usable(state, user, { kind: "domain", id: domainIdOf(state, asked.ref) ?? "" }) ?? refuse();
  }
}

function trustOf(state: KeystoneState, id: string): Trust {
  const trust = state.trusts.get(id);
  if (trust === undefined) throw notFound("trust", id);
  return trust;
}

/** A trust without a project gives no scope. */
function trustScope(state: KeystoneState, id: string): Scope {
  const { projectId, trustorId, roleIds } = trustOf(state, id);
  if (projectId === null) return { kind: "none" };
  const held = effectiveRoles(state, trustorId, `project:${projectId}`).map((role) => role.id);
  if (!state.projects.get(projectId)?.enabled || !roleIds.every((role) => held.includes(role))) return refuse();
  return { kind: "project", id: projectId };
}

/** The trust that the user acts under, one use less. @throws Refusal 401, 403, 404 */
function spentTrust(state: KeystoneState, tokens: Tokens, user: User, id: string): Trust {
  const trust = trustOf(state, id);
  if (!isUsable(trust, tokens.nowMs)) throw notFound("trust", id);
  if (trust.trusteeId !== user.id) throw new Refusal(403, "", "User is not a trustee.");
  if (!state.users.get(trust.trustorId)?.enabled) throw new Refusal(403, "", "Trustor is disabled.");
  if (trust.remainingUses !== null) trust.remainingUses--;
  return trust;
}

const refuse = (): never => {
  throw unauthorized();
};

function projectIdOf(state: KeystoneState, ref: Ref): string | undefined {
  if (ref.id !== undefined) return ref.id;
  const domainId = domainIdOf(state, ref.domain ?? {}) ?? "";
  return state.names.get(nameKey("project", domainId, ref.name ?? ""));
}

/** The scope, if it exists, is enabled and the user holds a role on it. */
function usable(state: KeystoneState, user: User, scope: Scope): Scope | undefined {
  if (scope.kind === "project" && !state.projects.get(scope.id)?.enabled) return undefined;
  if (scope.kind === "domain" && !state.domains.get(scope.id)?.enabled) return undefined;
  return effectiveRoles(state, user.id, targetOf(scope)).length > 0 ? scope : undefined;
}

function defaultScope(state: KeystoneState, user: User): Scope {
  const id = user.defaultProjectId;
  return (id === undefined ? undefined : usable(state, user, { kind: "project", id })) ?? { kind: "none" };
}
