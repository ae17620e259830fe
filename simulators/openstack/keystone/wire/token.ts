import type { RequestContext } from "../../service.ts";
import { storedTimeZ } from "../../time.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Role, Token } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import { catalogOf } from "./catalog.ts";

/** A domain as others refer to it. */
export const domainReference = (state: KeystoneState, id: string): object => ({
  id,
  name: state.domains.get(id)?.name ?? "",
});

/** The body `{"token": …}`. A query with `nocatalog` leaves the catalog out. */
export function tokenView({ state, tokens }: Keystone, token: Token, context: RequestContext): object {
  const { scope } = token;
  const hasCatalog = scope.kind !== "none" && !context.query.has("nocatalog");
  return {
    token: {
      methods: token.methods,
      user: userReference(state, token.userId),
      audit_ids: token.auditIds,
      expires_at: storedTimeZ(token.expiresMs),
      issued_at: storedTimeZ(token.issuedMs),
      ...scopeView(state, token, tokens.rolesOf(token), token.trustId !== undefined),
      ...(hasCatalog && { catalog: catalogOf(state, context, scope) }),
      ...trustView(state, token),
      ...credentialView(state, token),
    },
  };
}

function userReference(state: KeystoneState, id: string): object {
  const user = state.users.get(id);
  const domain = domainReference(state, user?.domainId ?? "");
  return { domain, id, name: user?.name ?? "", password_expires_at: null };
}

const storedRole = ({ id, name, domainId, description, isImmutable }: Role): object => ({
  id,
  name,
  domain_id: domainId,
  description,
  options: isImmutable ? { immutable: true } : {},
});

function scopeView(state: KeystoneState, { scope }: Token, held: readonly Role[], isTrusted: boolean): object {
  if (scope.kind === "none") return {};
  // Those of a trust are shown as they are stored.
  const roles = isTrusted ? held.map(storedRole) : held.map(({ id, name }) => ({ id, name }));
  if (scope.kind === "system") return { system: { all: true }, roles };
  if (scope.kind === "domain") return { domain: domainReference(state, scope.id), roles };
  const project = state.projects.get(scope.id);
  const domain = domainReference(state, project?.domainId ?? "");
  const shown = { domain, id: scope.id, name: project?.name ?? "" };
  return { project: shown, ...(!isTrusted && { is_domain: false }), roles };
}

function trustView(state: KeystoneState, { trustId = "" }: Token): object {
  const trust = state.trusts.get(trustId);
  if (trust === undefined) return {};
  return {
    "OS-TRUST:trust": {
      id: trust.id,
      trustor_user: { id: trust.trustorId },
      trustee_user: { id: trust.trusteeId },
      impersonation: trust.impersonation,
    },
  };
}

function credentialView(state: KeystoneState, { appCredentialId = "" }: Token): object {
  const credential = state.appCredentials.get(appCredentialId);
  if (credential === undefined) return {};
  const { id, name, isUnrestricted, accessRuleIds } = credential;
  const rules = accessRuleIds?.flatMap((rule) => state.accessRules.get(rule) ?? []);
  const limits = rules?.map(({ userId: _user, ...rule }) => rule);
  return {
    application_credential: {
      id,
      name,
      restricted: !isUnrestricted,
      ...(limits !== undefined && { access_rules: limits }),
    },
  };
}
