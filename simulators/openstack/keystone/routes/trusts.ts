import { empty, type HttpReply, json, isObject } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { type ValueOf } from "../../schema/index.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { storedTimeZ } from "../../time.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import { isUsable } from "../behaviour/trusts.ts";
import type { Role, Trust } from "../state/entities.ts";
import { effectiveRoles } from "../state/roles.ts";
import type { KeystoneState } from "../state/state.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { badRequest, forbiddenAction, MALFORMED, notFound } from "../wire/errors.ts";
import { addressOf, listLinks, rootOf, withSelf } from "../wire/links.ts";
import { BOOLEAN, DELEGATED_ROLES, EXTERNAL_ID, NULL_OR_TEXT, NULLABLE_ID } from "../wire/schema-parts.ts";
import { newId } from "./attributes.ts";
import { roleView } from "./roles.ts";

const TRUST = {
  type: "object",
  properties: {
    trustor_user_id: EXTERNAL_ID,
    trustee_user_id: EXTERNAL_ID,
    impersonation: BOOLEAN,
    project_id: NULLABLE_ID,
    remaining_uses: { type: ["integer", "null"], minimum: 1 },
    expires_at: NULL_OR_TEXT,
    allow_redelegation: { type: ["boolean", "null"] },
    redelegation_count: { type: ["integer", "null"], minimum: 0 },
    roles: DELEGATED_ROLES,
  },
  required: ["trustor_user_id", "trustee_user_id", "impersonation"],
  additionalProperties: true,
} as const;
type TrustBody = ValueOf<typeof TRUST>;

const PATH = "/v3/OS-TRUST/trusts";

/** Trusts (Identity API v3, OS-TRUST): a trustor lets a trustee act with some of its roles. Trusts of trusts are not simulated. */
export const trustRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["GET", PATH, listTrusts],
    ["POST", PATH, createTrust],
    ["GET", `${PATH}/:trust`, showTrust],
    ["DELETE", `${PATH}/:trust`, removeTrust],
    ["GET", `${PATH}/:trust/roles`, listTrustRoles],
    ["GET", `${PATH}/:trust/roles/:role`, showTrustRole],
  ]);

const rolesOf = (state: KeystoneState, trust: Trust): readonly Role[] =>
  trust.roleIds.flatMap((id) => state.roles.get(id) ?? []);

const selfOf = (context: RequestContext, { id }: Trust): string => `${rootOf(context)}/OS-TRUST/trusts/${id}`;

/** The original's address lacks a part. */
const rolesAddress = (context: RequestContext, { id }: Trust): string => `${rootOf(context)}/${id}/roles`;

const view = (context: RequestContext, trust: Trust): object => ({
  id: trust.id,
  trustor_user_id: trust.trustorId,
  trustee_user_id: trust.trusteeId,
  project_id: trust.projectId,
  impersonation: trust.impersonation,
  expires_at: trust.expiresMs === null ? null : storedTimeZ(trust.expiresMs),
  deleted_at: null,
  remaining_uses: trust.remainingUses,
  redelegated_trust_id: null,
  redelegation_count: 0,
  links: { self: selfOf(context, trust) },
});

const fullView = (state: KeystoneState, context: RequestContext, trust: Trust): object => ({
  ...view(context, trust),
  roles: rolesOf(state, trust).map((role) => withSelf(context, "roles", roleView(role))),
  roles_links: listLinks(rolesAddress(context, trust)),
});

/** The trust of the path, where the caller is a party to it. A trustee may not delete it. @throws Refusal 403, 404 */
function requireTrust({ state, tokens }: Keystone, { params, actor }: RequestContext, action: string): Trust {
  const { trust: id = "" } = params;
  const trust = state.trusts.get(id);
  if (trust === undefined || !isUsable(trust, tokens.nowMs)) throw notFound("trust", id);
  const isParty = trust.trustorId === actor.userId || (trust.trusteeId === actor.userId && action !== "delete_trust");
  if (!isParty && !actor.isAdmin) throw forbiddenAction(`identity:${action}`);
  return trust;
}

function listTrusts({ state, tokens }: Keystone, context: RequestContext): HttpReply {
  const { actor, query } = context;
  const [trustor, trustee] = [query.get("trustor_user_id"), query.get("trustee_user_id")];
  const isOwn = trustor === actor.userId || trustee === actor.userId;
  const action = trustor !== null ? "_for_trustor" : trustee !== null ? "_for_trustee" : "";
  if (!actor.isAdmin && !isOwn) throw forbiddenAction(`identity:list_trusts${action}`);
  const trusts = [...state.trusts.values()]
    .filter((trust) => isUsable(trust, tokens.nowMs))
    .filter(({ trustorId }) => trustor === null || trustorId === trustor)
    .filter(({ trusteeId }) => trustee === null || trusteeId === trustee)
    .map((trust) => view(context, trust));
  return json(200, { trusts, links: listLinks(addressOf(context)) });
}

function createTrust(keystone: Keystone, context: RequestContext): HttpReply {
  const { state, cloud } = keystone;
  const body = readBody(context);
  const given = Object.hasOwn(body, "trust") ? body.trust : {};
  // The policy compares the trustor before anything else is looked at.
  const isTrustor = isObject(given) && given.trustor_user_id === context.actor.userId;
  const isNamed = Object.hasOwn(body, "trust");
  const isDelegated = state.tokens.get(context.actor.token)?.trustId !== undefined;
  if (isDelegated || !isNamed || (isObject(given) && given.trustor_user_id !== undefined && !isTrustor))
    throw forbiddenAction("identity:create_trust");
  const trust = makeTrust(keystone, context, checkBody(TRUST, given));
  state.trusts.set(trust.id, trust);
  cloud.kernel.record("keystone", "trust.create", trust.id, { trustee: trust.trusteeId });
  return json(201, { trust: fullView(state, context, trust) });
}

/** @throws Refusal 400, 403, 404, 501 */
function makeTrust({ state, tokens, cloud }: Keystone, { actor }: RequestContext, body: TrustBody): Trust {
  const { trustor_user_id: trustorId, trustee_user_id: trusteeId, project_id: projectId = null } = body;
  if (trustorId !== actor.userId) throw forbiddenAction("identity:create_trust");
  if (body.allow_redelegation === true) throw new Refusal(501, "", "Trusts of trusts are not simulated.");
  if (!state.users.has(trusteeId)) throw notFound("user", trusteeId);
  if (projectId !== null && !state.projects.has(projectId)) throw notFound("project", projectId);
  return {
    id: newId(cloud),
    trustorId,
    trusteeId,
    projectId,
    impersonation: body.impersonation === true,
    expiresMs: parseExpiry(body.expires_at ?? null, tokens.nowMs),
    roleIds: requireHeldRoles(state, trustorId, projectId, body.roles ?? []),
    remainingUses: body.remaining_uses ?? null,
  };
}

/** @throws Refusal 400 */
function parseExpiry(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) throw badRequest(`Timestamp not in expected format. ${MALFORMED}`);
  if (ms <= nowMs) throw badRequest(`The 'expires_at' must not be before now. ${MALFORMED}`);
  return ms;
}

/** Ids of the roles named by id or by name, each of which the trustor must hold. @throws Refusal 403, 404 */
function requireHeldRoles(
  state: KeystoneState,
  trustorId: string,
  projectId: string | null,
  roles: NonNullable<TrustBody["roles"]>,
): readonly string[] {
  if (roles.length === 0) throw forbiddenAction("At least one role should be specified");
  const held = effectiveRoles(state, trustorId, `project:${projectId ?? ""}`);
  return roles.map(({ id, name }) => {
    const isAsked = (each: Role): boolean => (id === undefined ? each.name === name : each.id === id);
    const role = held.find(isAsked);
    if (role === undefined) throw notFound("role", [...state.roles.values()].find(isAsked)?.id ?? id ?? name ?? "");
    return role.id;
  });
}

function showTrust(keystone: Keystone, context: RequestContext): HttpReply {
  const trust = requireTrust(keystone, context, "get_trust");
  return json(200, { trust: fullView(keystone.state, context, trust) });
}

function removeTrust(keystone: Keystone, context: RequestContext): HttpReply {
  const { id } = requireTrust(keystone, context, "delete_trust");
  keystone.state.trusts.delete(id);
  keystone.state.generation++;
  keystone.cloud.kernel.record("keystone", "trust.delete", id);
  return empty(204);
}

function listTrustRoles(keystone: Keystone, context: RequestContext): HttpReply {
  const trust = requireTrust(keystone, context, "list_roles_for_trust");
  const roles = rolesOf(keystone.state, trust).map((role) => withSelf(context, "roles", roleView(role)));
  return json(200, { roles, links: listLinks(rolesAddress(context, trust)) });
}

function showTrustRole(keystone: Keystone, context: RequestContext): HttpReply {
  const { role: id = "" } = context.params;
  const roles = rolesOf(keystone.state, requireTrust(keystone, context, "get_role_for_trust"));
  const role = roles.find((each) => each.id === id);
  if (role === undefined) throw notFound("role", id);
  return json(200, { role: withSelf(context, "roles", roleView(role)) });
}
