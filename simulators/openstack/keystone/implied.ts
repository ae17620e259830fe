import { empty, json } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { rootOf } from "./entities.ts";
import { notFound } from "./errors.ts";
import { adminOnly } from "./kinds.ts";
import type { KeystoneSlot, Role } from "./state.ts";

/** A role that may not be given by way of another. */
const NEVER_IMPLIED = "admin";

const refView = (context: Context, { id, name }: Role): object => ({
  id,
  links: { self: `${rootOf(context)}/roles/${id}` },
  name,
});

const inference = (context: Context, prior: Role, implied: readonly Role[] | Role): object => ({
  prior_role: refView(context, prior),
  implies: Array.isArray(implied)
    ? (implied as readonly Role[]).map((role) => refView(context, role))
    : refView(context, implied as Role),
});

/** Which role implies which (Identity API v3, "role inference"). */
export function impliedRoutes(slot: KeystoneSlot): readonly OpenStackRoute[] {
  const path = "/v3/roles/:prior/implies";
  const roleOf = (id = ""): Role => {
    const role = slot.value.roles.get(id);
    if (role === undefined) throw notFound("role", id);
    return role;
  };
  const impliedBy = (prior: Role): readonly Role[] =>
    (slot.value.implied.get(prior.id) ?? []).flatMap((id) => slot.value.roles.get(id) ?? []);
  const set = (prior: Role, ids: readonly string[]): void => {
    slot.value.implied.set(prior.id, [...ids]);
    slot.value.generation++;
  };
  const pair = ({ params }: Context): readonly [Role, Role] => [roleOf(params.prior), roleOf(params.implied)];
  const known = (context: Context): readonly [Role, Role] => {
    const [prior, implied] = pair(context);
    if (!impliedBy(prior).includes(implied)) throw new Refusal(404, "", `${prior.id} does not imply ${implied.id}.`);
    return [prior, implied];
  };
  const shown = (context: Context, status: number, prior: Role, implied: readonly Role[] | Role) =>
    json(status, {
      role_inference: inference(context, prior, implied),
      links: { self: context.request.origin + context.request.url },
    });
  return [
    {
      method: "GET",
      path: "/v3/role_inferences",
      handler: (context) => {
        adminOnly(context, "list_role_inference_rules");
        const priors = [...slot.value.implied.keys()].flatMap((id) => slot.value.roles.get(id) ?? []);
        const rules = priors.filter((prior) => impliedBy(prior).length > 0);
        return json(200, {
          role_inferences: rules.map((prior) => inference(context, prior, impliedBy(prior))),
          links: { self: context.request.origin + context.request.url },
        });
      },
    },
    {
      method: "GET",
      path,
      handler: (context) => {
        adminOnly(context, "list_implied_roles");
        const prior = roleOf(context.params.prior);
        return shown(context, 200, prior, impliedBy(prior));
      },
    },
    {
      method: "PUT",
      path: `${path}/:implied`,
      handler: (context) => {
        adminOnly(context, "create_implied_role");
        const [prior, implied] = pair(context);
        if (implied.name === NEVER_IMPLIED || (prior.domainId === null && implied.domainId !== null))
          throw new Refusal(403, "", `${implied.id} cannot be an implied roles.`);
        set(prior, [...new Set([...impliedBy(prior).map(({ id }) => id), implied.id])]);
        context.cloud.kernel.record("keystone", "role.imply", prior.id, { implied: implied.id });
        return shown(context, 201, prior, implied);
      },
    },
    {
      method: "GET",
      path: `${path}/:implied`,
      handler: (context) => {
        adminOnly(context, "get_implied_role");
        return shown(context, 200, ...known(context));
      },
    },
    {
      method: "HEAD",
      path: `${path}/:implied`,
      handler: (context) => {
        adminOnly(context, "check_implied_role");
        known(context);
        return empty(204);
      },
    },
    {
      method: "DELETE",
      path: `${path}/:implied`,
      handler: (context) => {
        adminOnly(context, "delete_implied_role");
        const [prior, implied] = known(context);
        set(
          prior,
          impliedBy(prior)
            .map(({ id }) => id)
            .filter((id) => id !== implied.id),
        );
        return empty(204);
      },
    },
  ];
}
