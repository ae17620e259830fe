import type { Actor, Cloud } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { Role, Token } from "../state/entities.ts";
import { effectiveRoles, scopeKey } from "../state/roles.ts";
import type { KeystoneSlot, KeystoneState } from "../state/state.ts";
import { notFound, authenticationRequired } from "../wire/errors.ts";

/** A token lives four hours (docs/discoveries/openstack.md, "The recorded services"), not scaled by the pace. */
export const TOKEN_LIFE_MS = 4 * 3600 * 1000;

/** A token's statements about its bearer. */
type TokenGrant = Omit<Token, "id" | "auditIds" | "issuedMs" | "expiresMs" | "seq" | "isRevoked">;

/** The context of Keystone's routes. */
export interface Keystone {
  readonly cloud: Cloud;
  readonly state: KeystoneState;
  readonly tokens: Tokens;
}

/** Issues, checks and revokes the tokens of one cloud. */
export class Tokens {
  readonly #cloud: Cloud;
  readonly #slot: KeystoneSlot;
  /** Caches the bearer of each token until anything about grants, users, projects or tokens changes. */
  readonly #actors = new Map<string, Actor>();
  #generation = -1;

  constructor(cloud: Cloud, slot: KeystoneSlot) {
    this.#cloud = cloud;
    this.#slot = slot;
    cloud.kernel.restored.add(() => this.#actors.clear());
  }

  get nowMs(): number {
    return this.#cloud.kernel.nowMs;
  }

  /** Issues a token. One made from another token ends when that one does and carries its audit id. */
  issue(grant: TokenGrant, from?: Token): Token {
    const state = this.#slot.value;
    const { nowMs } = this.#cloud.kernel;
    const secrets = this.#cloud.secrets("keystone");
    const audit = Buffer.from(secrets.bytes(16)).toString("base64url");
    const token: Token = {
      ...grant,
      id: `gAAAAAB${Buffer.from(secrets.bytes(132)).toString("base64url")}`,
      auditIds: from === undefined ? [audit] : [audit, from.auditIds.at(-1) ?? audit],
      issuedMs: nowMs,
      expiresMs: from?.expiresMs ?? nowMs + TOKEN_LIFE_MS,
      seq: ++state.tokensIssued,
      isRevoked: false,
    };
    forgetExpired(state, nowMs);
    state.tokens.set(token.id, token);
    this.#cloud.kernel.record("keystone", "token.issue", grant.userId, { scope: scopeKey(grant.scope) });
    return token;
  }

  /**
   * The token, if it is valid.
   *
   * @throws Refusal 401, or 404 if Keystone says what is gone (docs/discoveries/openstack.md, "Unauthenticated requests")
   */
  check(tokenId: string): Token {
    const state = this.#slot.value;
    const token = state.tokens.get(tokenId);
    if (token === undefined || token.isRevoked || token.expiresMs <= this.nowMs) throw authenticationRequired();
    checkBearer(state, token);
    checkScope(state, token);
    if (token.seq <= revokedUpTo(state, token)) throw authenticationRequired();
    if (token.scope.kind !== "none" && this.rolesOf(token).length === 0) throw authenticationRequired();
    return token;
  }

  /** Anybody's token, as the subject of a request. @throws Refusal 404 */
  requireLive(id: string): Token {
    if (!this.#slot.value.tokens.has(id)) throw new Refusal(404, "", "Could not recognize Fernet token");
    try {
      return this.check(id);
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) throw new Refusal(404, "", "Failed to validate token");
      throw error;
    }
  }

  /** The roles that a token gives at this moment; with a trust or an application credential, no more than was delegated. */
  rolesOf(token: Token): Role[] {
    const state = this.#slot.value;
    const trust = state.trusts.get(token.trustId ?? "");
    const roles = effectiveRoles(state, trust?.trustorId ?? token.userId, scopeKey(token.scope));
    const delegated =
      impliedToo(state, trust?.roleIds) ?? state.appCredentials.get(token.appCredentialId ?? "")?.roleIds;
    return delegated === undefined ? roles : roles.filter((role) => delegated.includes(role.id));
  }

  /** The bearer, or `undefined` if the token is not valid. */
  actor(tokenId: string): Actor | undefined {
    const state = this.#slot.value;
    if (this.#generation !== state.generation) {
      this.#actors.clear();
      this.#generation = state.generation;
    }
    const known = this.#actors.get(tokenId);
    if (known !== undefined) {
      const token = state.tokens.get(tokenId);
      return token !== undefined && token.expiresMs > this.nowMs ? known : undefined;
    }
    try {
      const actor = this.#actorOf(this.check(tokenId));
      this.#actors.set(tokenId, actor);
      return actor;
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  #actorOf(token: Token): Actor {
    const state = this.#slot.value;
    const user = state.users.get(token.userId);
    const project = token.scope.kind === "project" ? state.projects.get(token.scope.id) : undefined;
    const roles = this.rolesOf(token).map(({ name }) => name);
    return {
      token: token.id,
      userId: token.userId,
      userName: user?.name ?? "",
      userDomainId: user?.domainId ?? "",
      projectId: project?.id ?? "",
      projectName: project?.name ?? "",
      projectDomainId: project?.domainId ?? "",
      domainId: token.scope.kind === "domain" ? token.scope.id : "",
      roles,
      isAdmin: roles.includes("admin"),
      ...accessRulesOf(state, token),
    };
  }

  /** Ends all current tokens of a user, on one scope or on all. */
  revokeUser(userId: string, scope?: string): void {
    const state = this.#slot.value;
    state.revokedUpTo.set(scope === undefined ? userId : `${userId}/${scope}`, state.tokensIssued);
    state.generation++;
  }

  /** Ends one token. */
  revoke(token: Token): void {
    token.isRevoked = true;
    this.#slot.value.generation++;
    this.#cloud.kernel.record("keystone", "token.revoke", token.userId);
  }
}

/** The requests to which a token is limited. */
function accessRulesOf(state: KeystoneState, { appCredentialId = "" }: Token): Pick<Actor, "accessRules"> {
  const ids = state.appCredentials.get(appCredentialId)?.accessRuleIds;
  return ids === undefined ? {} : { accessRules: ids.flatMap((id) => state.accessRules.get(id) ?? []) };
}

/** Roles, and those that they imply. */
function impliedToo(state: KeystoneState, ids: readonly string[] | undefined): readonly string[] | undefined {
  if (ids === undefined) return undefined;
  const all = new Set(ids);
  for (const id of all) for (const implied of state.implied.get(id) ?? []) all.add(implied);
  return [...all];
}

/** Drops expired tokens. They are in order of issue, so the oldest come first; one made from another may stay a little longer. */
function forgetExpired(state: KeystoneState, nowMs: number): void {
  for (const [id, token] of state.tokens) {
    if (token.expiresMs > nowMs) return;
    state.tokens.delete(id);
  }
}

/** @throws Refusal 401, 404 when the user, its domain, or what the token was made by is gone */
function checkBearer(state: KeystoneState, token: Token): void {
  const user = state.users.get(token.userId);
  if (user === undefined) throw notFound("user", token.userId);
  if (!user.enabled || !state.domains.get(user.domainId)?.enabled) throw authenticationRequired();
  if (token.appCredentialId !== undefined && !state.appCredentials.has(token.appCredentialId))
    throw notFound("Application Credential", token.appCredentialId);
  if (token.trustId !== undefined && !state.trusts.has(token.trustId)) throw authenticationRequired();
}

/** @throws Refusal 401, 404 when the scope is gone or disabled */
function checkScope(state: KeystoneState, { scope }: Token): void {
  if (scope.kind === "domain" && !state.domains.get(scope.id)?.enabled) throw authenticationRequired();
  if (scope.kind !== "project") return;
  const project = state.projects.get(scope.id);
  if (project === undefined) throw notFound("project", scope.id);
  if (!project.enabled) throw new Refusal(404, "", `Unable to validate token because project ${scope.id} is disabled`);
}

/** The `seq` up to which tokens of this user and scope are revoked. */
const revokedUpTo = (state: KeystoneState, { userId, scope }: Token): number =>
  Math.max(state.revokedUpTo.get(userId) ?? 0, state.revokedUpTo.get(`${userId}/${scopeKey(scope)}`) ?? 0);
