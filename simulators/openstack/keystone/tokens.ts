import type { Actor, Cloud } from "../cloud.ts";
import { isoMicrosZ } from "../time.ts";
import { notFound, unauthorized } from "./errors.ts";
import {
  INHERITED,
  type KeystoneSlot,
  type KeystoneState,
  type Project,
  type Role,
  type Scope,
  type Token,
} from "./state.ts";
import { catalogOf } from "./catalog.ts";
import { Refusal } from "../refusal.ts";
import type { Context } from "../service.ts";

/** A token lives four hours (docs/discoveries/openstack.md, "The recorded services"). True time: not scaled by the pace. */
export const TOKEN_LIFE_MS = 4 * 3600 * 1000;

/** Key of what roles are granted on. */
export const targetOf = (scope: Scope): string =>
  scope.kind === "system" ? "system:all" : scope.kind === "none" ? "" : `${scope.kind}:${scope.id}`;

/** Where grants may lie that hold on something: on itself, and those that it inherits. */
function placesOf(state: KeystoneState, what: string): readonly string[] {
  const places = [what];
  const [kind, id = ""] = what.split(":");
  const project = kind === "project" ? state.projects.get(id) : undefined;
  if (project === undefined) return places;
  for (const ancestor of ancestorsOf(state, project)) places.push(`${INHERITED}project:${ancestor}`);
  places.push(`${INHERITED}domain:${project.domainId}`);
  return places;
}

/** Ids of the projects above a project, the nearest first. */
export function ancestorsOf(state: KeystoneState, project: Project): readonly string[] {
  const parent = state.projects.get(project.parentId);
  return parent === undefined ? [] : [parent.id, ...ancestorsOf(state, parent)];
}

/** Roles that a user holds on something: own grants, those of groups, inherited and implied ones. Roles of a domain only imply. */
export function effectiveRoles(state: KeystoneState, userId: string, what: string): Role[] {
  const ids = new Set<string>();
  for (const place of placesOf(state, what)) {
    for (const id of state.grants.get(`user:${userId}`)?.get(place) ?? []) ids.add(id);
    for (const who of state.grantees.get(place) ?? []) {
      if (!who.startsWith("group:") || !state.groups.get(who.slice(6))?.members.has(userId)) continue;
      for (const id of state.grants.get(who)?.get(place) ?? []) ids.add(id);
    }
  }
  for (const id of ids) for (const implied of state.implied.get(id) ?? []) ids.add(implied);
  return [...ids].flatMap((id) => state.roles.get(id) ?? []).filter(({ domainId }) => domainId === null);
}

export class Tokens {
  readonly #cloud: Cloud;
  readonly #slot: KeystoneSlot;
  /** Who bears a token, for as long as nothing about grants, users, projects or tokens changes. */
  #actors = new Map<string, Actor>();
  #generation = -1;

  constructor(cloud: Cloud, slot: KeystoneSlot) {
    this.#cloud = cloud;
    this.#slot = slot;
    cloud.kernel.restored.add(() => this.#actors.clear());
  }

  get nowMs(): number {
    return this.#cloud.kernel.nowMs;
  }

  issue(grant: Omit<Token, "id" | "auditIds" | "issuedMs" | "expiresMs" | "seq" | "isRevoked">, from?: Token): Token {
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
    this.#forgetExpired(state, nowMs);
    state.tokens.set(token.id, token);
    this.#cloud.kernel.record("keystone", "token.issue", grant.userId, { scope: targetOf(grant.scope) });
    return token;
  }

  /** Tokens lie in order of issue, so the oldest come first; one made from another may stay a little longer. */
  #forgetExpired(state: KeystoneState, nowMs: number): void {
    for (const [id, token] of state.tokens) {
      if (token.expiresMs > nowMs) return;
      state.tokens.delete(id);
    }
  }

  /**
   * The token, if it holds.
   *
   * @throws Refusal 401, or 404 where Keystone says what is gone (docs/discoveries/openstack.md, "Unauthenticated requests")
   */
  check(tokenId: string): Token {
    const state = this.#slot.value;
    const token = state.tokens.get(tokenId);
    if (token === undefined || token.isRevoked || token.expiresMs <= this.#cloud.kernel.nowMs) throw unauthorized();
    const user = state.users.get(token.userId);
    if (user === undefined) throw notFound("user", token.userId);
    if (!user.enabled || !state.domains.get(user.domainId)?.enabled) throw unauthorized();
    if (token.appCredentialId !== undefined && !state.appCredentials.has(token.appCredentialId))
      throw notFound("Application Credential", token.appCredentialId);
    if (token.trustId !== undefined && !state.trusts.has(token.trustId)) throw unauthorized();
    this.#checkScope(state, token);
    const revoked = Math.max(
      state.revokedUpTo.get(token.userId) ?? 0,
      state.revokedUpTo.get(`${token.userId}/${targetOf(token.scope)}`) ?? 0,
    );
    if (token.seq <= revoked) throw unauthorized();
    if (token.scope.kind !== "none" && this.rolesOf(token).length === 0) throw unauthorized();
    return token;
  }

  #checkScope(state: KeystoneState, { scope }: Token): void {
    if (scope.kind === "domain" && !state.domains.get(scope.id)?.enabled) throw unauthorized();
    if (scope.kind !== "project") return;
    const project = state.projects.get(scope.id);
    if (project === undefined) throw notFound("project", scope.id);
    if (!project.enabled)
      throw new Refusal(404, "", `Unable to validate token because project ${scope.id} is disabled`);
  }

  rolesOf(token: Token): Role[] {
    const state = this.#slot.value;
    const trust = state.trusts.get(token.trustId ?? "");
    const roles = effectiveRoles(state, trust?.trustorId ?? token.userId, targetOf(token.scope));
    const allowed = trust?.roleIds ?? state.appCredentials.get(token.appCredentialId ?? "")?.roleIds;
    return allowed === undefined ? roles : roles.filter((role) => allowed.includes(role.id));
  }

  /** The bearer, or `undefined` when the token does not hold. */
  actor(tokenId: string): Actor | undefined {
    const state = this.#slot.value;
    if (this.#generation !== state.generation) {
      this.#actors.clear();
      this.#generation = state.generation;
    }
    const known = this.#actors.get(tokenId);
    if (known !== undefined) {
      const token = state.tokens.get(tokenId);
      return token !== undefined && token.expiresMs > this.#cloud.kernel.nowMs ? known : undefined;
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
    };
  }

  /** Ends every token that the user holds now (on one scope, or all). */
  revokeUser(userId: string, what?: string): void {
    const state = this.#slot.value;
    state.revokedUpTo.set(what === undefined ? userId : `${userId}/${what}`, state.tokensIssued);
    state.generation++;
  }

  revoke(token: Token): void {
    token.isRevoked = true;
    this.#slot.value.generation++;
    this.#cloud.kernel.record("keystone", "token.revoke", token.userId);
  }

  /** The body `{"token": …}`. */
  view(token: Token, context: Context, withCatalog: boolean): unknown {
    const state = this.#slot.value;
    const user = state.users.get(token.userId);
    const credential = state.appCredentials.get(token.appCredentialId ?? "");
    const trust = state.trusts.get(token.trustId ?? "");
    return {
      token: {
        methods: token.methods,
        user: {
          domain: domainRef(state, user?.domainId ?? ""),
          id: token.userId,
          name: user?.name ?? "",
          password_expires_at: null,
        },
        audit_ids: token.auditIds,
        expires_at: isoMicrosZ(token.expiresMs),
        issued_at: isoMicrosZ(token.issuedMs),
        ...this.#scopeView(state, token),
        ...(token.scope.kind !== "none" &&
          withCatalog && { catalog: catalogOf(state, this.#cloud, token.scope, context) }),
        ...(trust && {
          "OS-TRUST:trust": {
            id: trust.id,
            trustor_user: { id: trust.trustorId },
            trustee_user: { id: trust.trusteeId },
            impersonation: trust.impersonation,
          },
        }),
        ...(credential && {
          application_credential: {
            id: credential.id,
            name: credential.name,
            restricted: !credential.isUnrestricted,
          },
        }),
      },
    };
  }

  #scopeView(state: KeystoneState, token: Token): object {
    const { scope } = token;
    if (scope.kind === "none") return {};
    const roles = this.rolesOf(token).map(({ id, name }) => ({ id, name }));
    if (scope.kind === "system") return { system: { all: true }, roles };
    if (scope.kind === "domain") return { domain: domainRef(state, scope.id), roles };
    const project = state.projects.get(scope.id);
    const domain = domainRef(state, project?.domainId ?? "");
    return { project: { domain, id: scope.id, name: project?.name ?? "" }, is_domain: false, roles };
  }
}

export const domainRef = (state: KeystoneState, id: string): object => ({
  id,
  name: state.domains.get(id)?.name ?? "",
});
