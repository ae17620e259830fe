import type { HttpReply } from "../../../kernel/index.ts";
import { defaultsOf, quotasOf, resetQuotas, setQuotas, usedOf } from "../state/quotas.ts";
import { requireMember } from "../wire/body.ts";
import { badRequest, forbiddenByPolicy, MALFORMED } from "../wire/errors.ts";
import { acceptedReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { parseBoolean } from "../wire/schemas.ts";

function show(call: CinderCall): HttpReply {
  const { cinder, actor, params, query } = call;
  const target = params.target ?? "";
  if (!actor.isAdmin && actor.projectId !== target) throw forbiddenByPolicy("volume_extension:quotas:show");
  const limits = quotasOf(cinder, target);
  const withUsage = parseBoolean(query.get("usage") ?? "false");
  if (withUsage === undefined) throw badRequest(`Value '${query.get("usage")}' for 'usage' is not a boolean.`);
  const shown = withUsage
    ? Object.fromEntries(
        Object.entries(limits).map(([name, limit]) => [
          name,
          { limit, in_use: name === "per_volume_gigabytes" ? 0 : usedOf(cinder, target, name), reserved: 0 },
        ]),
      )
    : limits;
  return ok({ quota_set: { ...shown, id: target } });
}

const INTEGER_MAX = 2_147_483_647;

/** @throws Refusal 400 for a limit below what the project has */
function checkUse({ cinder }: CinderCall, target: string, limits: readonly (readonly [string, number])[]): void {
  for (const [name, limit] of limits) {
    const used = name === "per_volume_gigabytes" ? 0 : usedOf(cinder, target, name);
    if (limit >= 0 && used > limit)
      throw badRequest(
        `Quota ${name} limit must be equal or greater than existing resources. Current usage is ${used} and the requested limit is ${limit}.`,
      );
  }
}

function update(call: CinderCall): HttpReply {
  const { cinder, params } = call;
  const target = params.target ?? "";
  const wanted = requireMember(call, "quota_set", { type: "object", minProperties: 1 });
  const known = quotasOf(cinder, target);
  const names = Object.keys(wanted).filter((name) => !["tenant_id", "id"].includes(name));
  const unknown = names.filter((name) => !(name in known));
  if (unknown.length > 0) throw badRequest(`Invalid input received: Bad key(s) in quota set: ${unknown.join(",")}`);
  const values = names.map((name): [string, number] => {
    const value = Number(wanted[name] ?? NaN);
    if (!Number.isInteger(value)) throw badRequest(`${name} must be an integer`);
    if (value < -1) throw badRequest(`${name} must be >= -1`);
    if (value > INTEGER_MAX) throw badRequest(`${name} must be <= ${INTEGER_MAX}`);
    return [name, value];
  });
  // It compares the values as they were sent.
  if (names.some((name) => typeof wanted[name] === "string")) throw badRequest(MALFORMED);
  if (parseBoolean(call.query.get("skip_validation") ?? "true") !== true) checkUse(call, target, values);
  setQuotas(cinder, target, Object.fromEntries(values));
  return ok({ quota_set: quotasOf(cinder, target) });
}

/** Routes of the API reference, "Quota sets extension". */
export const QUOTA_SET_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/os-quota-sets/:target", clients: ["openstack"], handler: show },
  {
    method: "GET",
    path: "/os-quota-sets/:target/defaults",
    clients: ["openstack"],
    handler: ({ cinder, params, actor }) => {
      if (!actor.isAdmin && actor.projectId !== params.target) throw forbiddenByPolicy("volume_extension:quotas:show");
      return ok({ quota_set: { ...defaultsOf(cinder), id: params.target } });
    },
  },
  {
    method: "PUT",
    path: "/os-quota-sets/:target",
    admin: "volume_extension:quotas:update",
    clients: ["openstack"],
    handler: update,
  },
  {
    method: "DELETE",
    path: "/os-quota-sets/:target",
    admin: "volume_extension:quotas:delete",
    clients: ["openstack"],
    handler: ({ cinder, params }) => {
      resetQuotas(cinder, params.target ?? "");
      return { ...acceptedReply(), status: 200 };
    },
  },
];
