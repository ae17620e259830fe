import { empty, json } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import type { Schema } from "../schema/index.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { isoMicrosZ } from "../time.ts";
import { linked, rootOf } from "./entities.ts";
import { badRequest, bodyOf, checkSchema, forbiddenAction, notFound } from "./errors.ts";
import { roleView } from "./kinds.ts";
import type { KeystoneSlot, KeystoneState, Role, Trust } from "./state.ts";
import { effectiveRoles, type Tokens } from "./tokens.ts";

/*
 * Trusts (Identity API v3, OS-TRUST): a trustor lets a trustee act with some of the trustor's roles. Trusts of trusts are not simulated.
 */

const id: Schema = { type: "string", minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9-]+$" };
const TRUST: Schema = {
  type: "object",
  properties: {
    trustor_user_id: id,
    trustee_user_id: id,
    impersonation: { type: "boolean" },
    project_id: { ...id, type: ["string", "null"] },
    remaining_uses: { type: ["integer", "null"], minimum: 1 },
    expires_at: { type: ["string", "null"] },
    allow_redelegation: { type: ["boolean", "null"] },
    redelegation_count: { type: ["integer", "null"], minimum: 0 },
    roles: { type: "array", items: { type: "object" } },
  },
  required: ["trustee_user_id", "trustor_user_id", "impersonation"],
  additionalProperties: true,
};

const rolesOf = (state: KeystoneState, trust: Trust): readonly Role[] =>
  trust.roleIds.flatMap((roleId) => state.roles.get(roleId) ?? []);

const listLinks = (self: string): object => ({ next: null, self, previous: null });

const view = (context: Context, trust: Trust): object => ({
  id: trust.id,
  trustor_user_id: trust.trustorId,
  trustee_user_id: trust.trusteeId,
  project_id: trust.projectId,
  impersonation: trust.impersonation,
  expires_at: trust.expiresMs === null ? null : isoMicrosZ(trust.expiresMs),
  deleted_at: null,
  remaining_uses: trust.remainingUses,
  redelegated_trust_id: null,
  redelegation_count: 0,
  links: { self: `${rootOf(context)}/OS-TRUST/trusts/${trust.id}` },
});

const fullView = (state: KeystoneState, context: Context, trust: Trust): object => ({
  ...view(context, trust),
  roles: rolesOf(state, trust).map((role) => linked(context, "roles", roleView(role))),
  roles_links: listLinks(`${rootOf(context)}/OS-TRUST/trusts/${trust.id}/roles`),
});

/** Has it neither expired nor been used up? */
export const isUsable = ({ expiresMs, remainingUses }: Trust, nowMs: number): boolean =>
  (expiresMs === null || expiresMs > nowMs) && (remainingUses === null || remainingUses > 0);

function expiryOf(value: unknown, nowMs: number): number | null {
  if (typeof value !== "string") return null;
  const ms = Date.parse(value);
  const blame =
    "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.";
  if (Number.isNaN(ms)) throw badRequest(`Timestamp not in expected format. ${blame}`);
  if (ms <= nowMs) throw badRequest(`The 'expires_at' must not be before now. ${blame}`);
  return ms;
}

/** Roles are named by id or by name; the trustor must hold each. @throws Refusal 403, 404 */
function delegated(
  state: KeystoneState,
  trustorId: string,
  projectId: string | null,
  asked: unknown,
): readonly string[] {
  const roles = Array.isArray(asked) ? (asked as readonly { readonly id?: string; readonly name?: string }[]) : [];
  if (roles.length === 0) throw new Refusal(403, "", "At least one role should be specified.");
  const held = effectiveRoles(state, trustorId, `project:${projectId ?? ""}`);
  return roles.map((role) => {
    const found = held.find((each) => (role.id === undefined ? each.name === role.name : each.id === role.id));
    if (found === undefined) throw notFound("role", role.id ?? role.name ?? "");
    return found.id;
  });
}

function create(slot: KeystoneSlot, tokens: Tokens, context: Context): Trust {
  const { actor, cloud } = context;
  const given = bodyOf(context).trust ?? {};
  checkSchema(TRUST, given);
  const fields = given as Readonly<Record<string, unknown>>;
  if (fields.trustor_user_id !== actor.userId) throw forbiddenAction("identity:create_trust");
  if (fields.allow_redelegation === true) throw new Refusal(501, "", "Trusts of trusts are not simulated.");
  const trusteeId = String(fields.trustee_user_id);
  if (!slot.value.users.has(trusteeId)) throw notFound("user", trusteeId);
  const projectId = typeof fields.project_id === "string" ? fields.project_id : null;
  if (projectId !== null && !slot.value.projects.has(projectId)) throw notFound("project", projectId);
  return {
    id: cloud.hex("keystone"),
    trustorId: actor.userId,
    trusteeId,
    projectId,
    impersonation: fields.impersonation === true,
    expiresMs: expiryOf(fields.expires_at, tokens.nowMs),
    roleIds: delegated(slot.value, actor.userId, projectId, fields.roles),
    remainingUses: typeof fields.remaining_uses === "number" ? fields.remaining_uses : null,
  };
}

function listed({ trusts }: KeystoneState, { actor, query }: Context, nowMs: number): readonly Trust[] {
  const [trustor, trustee] = [query.get("trustor_user_id"), query.get("trustee_user_id")];
  const isOwn = trustor === actor.userId || trustee === actor.userId;
  if (!actor.isAdmin && !isOwn) throw forbiddenAction("identity:list_trusts");
  return [...trusts.values()]
    .filter((trust) => isUsable(trust, nowMs))
    .filter(({ trustorId }) => trustor === null || trustorId === trustor)
    .filter(({ trusteeId }) => trustee === null || trusteeId === trustee);
}

export function trustRoutes(slot: KeystoneSlot, tokens: Tokens): readonly OpenStackRoute[] {
  const path = "/v3/OS-TRUST/trusts";
  const find = ({ params, actor }: Context, action: string): Trust => {
    const trust = slot.value.trusts.get(params.trust ?? "");
    if (trust === undefined || !isUsable(trust, tokens.nowMs)) throw notFound("trust", params.trust ?? "");
    const isParty = trust.trustorId === actor.userId || (trust.trusteeId === actor.userId && action !== "delete_trust");
    if (!isParty && !actor.isAdmin) throw forbiddenAction(`identity:${action}`);
    return trust;
  };
  return [
    {
      method: "GET",
      path,
      handler: (context) =>
        json(200, {
          trusts: listed(slot.value, context, tokens.nowMs).map((trust) => view(context, trust)),
          links: listLinks(context.request.origin + context.request.url),
        }),
    },
    {
      method: "POST",
      path,
      handler: (context) => {
        const trust = create(slot, tokens, context);
        slot.value.trusts.set(trust.id, trust);
        context.cloud.kernel.record("keystone", "trust.create", trust.id, { trustee: trust.trusteeId });
        return json(201, { trust: fullView(slot.value, context, trust) });
      },
    },
    {
      method: "GET",
      path: `${path}/:trust`,
      handler: (context) => json(200, { trust: fullView(slot.value, context, find(context, "get_trust")) }),
    },
    {
      method: "DELETE",
      path: `${path}/:trust`,
      handler: (context) => {
        const { id: trustId } = find(context, "delete_trust");
        slot.value.trusts.delete(trustId);
        slot.value.generation++;
        context.cloud.kernel.record("keystone", "trust.delete", trustId);
        return empty(204);
      },
    },
    {
      method: "GET",
      path: `${path}/:trust/roles`,
      handler: (context) => {
        const roles = rolesOf(slot.value, find(context, "list_roles_for_trust"));
        return json(200, {
          roles: roles.map((role) => linked(context, "roles", roleView(role))),
          links: listLinks(context.request.origin + context.request.url),
        });
      },
    },
    {
      method: "GET",
      path: `${path}/:trust/roles/:role`,
      handler: (context) => {
        const wanted = context.params.role ?? "";
        const role = rolesOf(slot.value, find(context, "get_role_for_trust")).find((each) => each.id === wanted);
        if (role === undefined) throw notFound("role", wanted);
        return json(200, { role: linked(context, "roles", roleView(role)) });
      },
    },
  ];
}
