import type { HttpReply } from "../../../kernel/index.ts";
import { defaultsOf, quotasOf, resetQuotas, setQuotas, usedOf } from "../state/quotas.ts";
import { requireMember } from "../wire/body.ts";
import { badRequest, forbiddenByPolicy } from "../wire/errors.ts";
import { acceptedReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

function show(call: CinderCall): HttpReply {
  const { cinder, actor, params, query } = call;
  const target = params.target ?? "";
  if (!actor.isAdmin && actor.projectId !== target) throw forbiddenByPolicy("volume_extension:quotas:show");
  const limits = quotasOf(cinder, target);
  const withUsage = (query.get("usage") ?? "").toLowerCase() === "true";
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

function update(call: CinderCall): HttpReply {
  const { cinder, params } = call;
  const target = params.target ?? "";
  const wanted = requireMember(call, "quota_set", { type: "object", minProperties: 1 });
  const known = quotasOf(cinder, target);
  const names = Object.keys(wanted).filter((name) => !["tenant_id", "force", "skip_validation"].includes(name));
  const unknown = names.filter((name) => !(name in known));
  if (unknown.length > 0) throw badRequest(`Invalid input received: Bad key(s) in quota set: ${unknown.join(",")}`);
  const values = names.map((name): [string, number] => {
    const value = Number(wanted[name]);
    if (!Number.isInteger(value)) throw badRequest(`${name} must be an integer`);
    if (value < -1) throw badRequest(`${name} must be >= -1`);
    return [name, value];
  });
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
