import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Role } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { addressOf, rootOf } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";

const PATH = "/v3/roles/:prior/implies";

/** Which role implies which (Identity API v3, "role inferences"). */
export const roleInferenceRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["GET", "/v3/role_inferences", listRules],
    ["GET", PATH, listImplied],
    ["PUT", `${PATH}/:implied`, imply],
    ["GET", `${PATH}/:implied`, showRule],
    ["HEAD", `${PATH}/:implied`, checkRule],
    ["DELETE", `${PATH}/:implied`, removeRule],
  ]);

/** A role that no other may imply. */
const NEVER_IMPLIED = "admin";

const reference = (context: RequestContext, { id, name }: Role): object => ({
  id,
  links: { self: `${rootOf(context)}/roles/${id}` },
  name,
});

const ruleView = (context: RequestContext, prior: Role, implies: object): object => ({
  prior_role: reference(context, prior),
  implies,
});

const ruleReply = (context: RequestContext, status: number, prior: Role, implies: object): HttpReply =>
  json(status, { role_inference: ruleView(context, prior, implies), links: { self: addressOf(context) } });

function requireRole({ roles }: KeystoneState, id = ""): Role {
  const role = roles.get(id);
  if (role === undefined) throw notFound("role", id);
  return role;
}

const impliedBy = (state: KeystoneState, prior: Role): readonly Role[] =>
  (state.implied.get(prior.id) ?? []).flatMap((id) => state.roles.get(id) ?? []);

function setImplied(state: KeystoneState, prior: Role, implied: Iterable<Role>): void {
  state.implied.set(
    prior.id,
    [...implied].map(({ id }) => id),
  );
  state.generation++;
}

/** The two roles of the path, which exist before policy is asked. @throws Refusal 404 */
const requireRoles = (state: KeystoneState, { params }: RequestContext): readonly [prior: Role, implied: Role] => [
  requireRole(state, params.prior),
  requireRole(state, params.implied),
];

/** The same. @throws Refusal 403, 404 when the one does not imply the other */
function requireRule(
  state: KeystoneState,
  context: RequestContext,
  action: string,
): readonly [prior: Role, implied: Role] {
  const [prior, implied] = requireRoles(state, context);
  requireAdmin(context, action);
  if (!impliedBy(state, prior).includes(implied))
    throw new Refusal(404, "", `${prior.id} does not imply ${implied.id}.`);
  return [prior, implied];
}

function listRules({ state }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "list_role_inference_rules");
  const priors = [...state.implied.keys()].flatMap((id) => state.roles.get(id) ?? []);
  const rules = priors.map((prior) => ({ prior, implied: impliedBy(state, prior) }));
  return json(200, {
    role_inferences: rules
      .filter(({ implied }) => implied.length > 0)
      .map(({ prior, implied }) =>
        ruleView(
          context,
          prior,
          implied.map((role) => reference(context, role)),
        ),
      ),
  });
}

function listImplied({ state }: Keystone, context: RequestContext): HttpReply {
  const prior = requireRole(state, context.params.prior);
  requireAdmin(context, "list_implied_roles");
  const implied = impliedBy(state, prior).map((role) => reference(context, role));
  return ruleReply(context, 200, prior, implied);
}

function imply({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  const [prior, implied] = requireRoles(state, context);
  requireAdmin(context, "create_implied_role");
  if (implied.name === NEVER_IMPLIED || (prior.domainId === null && implied.domainId !== null))
    throw new Refusal(403, "", `${implied.id} cannot be an implied roles.`);
  setImplied(state, prior, new Set([...impliedBy(state, prior), implied]));
  cloud.kernel.record("keystone", "role.imply", prior.id, { implied: implied.id });
  return ruleReply(context, 201, prior, reference(context, implied));
}

function showRule({ state }: Keystone, context: RequestContext): HttpReply {
  const [prior, implied] = requireRule(state, context, "get_implied_role");
  return ruleReply(context, 200, prior, reference(context, implied));
}

function checkRule({ state }: Keystone, context: RequestContext): HttpReply {
  requireRule(state, context, "check_implied_role");
  return empty(204);
}

function removeRule({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  const [prior, implied] = requireRule(state, context, "delete_implied_role");
  setImplied(
    state,
    prior,
    impliedBy(state, prior).filter((role) => role !== implied),
  );
  cloud.kernel.record("keystone", "role.imply.delete", prior.id, { implied: implied.id });
  return empty(204);
}
