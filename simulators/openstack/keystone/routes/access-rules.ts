import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type OpenStackRoute, type RequestContext } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { AccessRule } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { collectionReply, withSelf } from "../wire/links.ts";
import { requireOwner } from "../wire/policy.ts";

const PATH = "/v3/users/:user/access_rules";

/** Access rules of a user (Identity API v3): the requests to which its application credentials may be limited. */
export const accessRuleRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    ["GET", PATH, listRules],
    ["GET", `${PATH}/:id`, showRule],
    ["DELETE", `${PATH}/:id`, removeRule],
  ]);

/** A rule as the API shows it, without links. */
export const ruleView = ({ id, service, path, method }: AccessRule): Readonly<Record<string, unknown>> => ({
  id,
  service,
  path,
  method,
});

function requireRule({ accessRules }: KeystoneState, { params }: RequestContext): AccessRule {
  const rule = accessRules.get(params.id ?? "");
  if (rule === undefined || rule.userId !== params.user) throw notFound("Access Rule", params.id ?? "");
  return rule;
}

function listRules({ state }: Keystone, context: RequestContext): HttpReply {
  requireOwner(context, "list_access_rules");
  const { query } = context;
  const fits = (rule: AccessRule): boolean =>
    (["service", "path", "method"] as const).every((name) => !query.has(name) || query.get(name) === rule[name]);
  const own = [...state.accessRules.values()].filter((rule) => rule.userId === context.params.user && fits(rule));
  return collectionReply(context, "access_rules", own.map(ruleView));
}

function showRule({ state }: Keystone, context: RequestContext): HttpReply {
  requireOwner(context, "get_access_rule");
  return json(200, { access_rule: withSelf(context, "access_rules", ruleView(requireRule(state, context))) });
}

function removeRule({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  requireOwner(context, "delete_access_rule");
  const { id } = requireRule(state, context);
  if (state.appCredentials.values().some(({ accessRuleIds }) => accessRuleIds?.includes(id)))
    throw new Refusal(403, "", "May not delete access rule in use");
  state.accessRules.delete(id);
  cloud.kernel.record("keystone", "access_rule.delete", id);
  return empty(204);
}
