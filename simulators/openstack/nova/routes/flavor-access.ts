import type { HttpReply } from "../../../kernel/index.ts";
import type { Flavor } from "../state/flavor.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, conflict, notFound, requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { FLAVOR_PATH, requireFlavor } from "./flavors.ts";

const accessView = ({ nova }: NovaCall, { id }: Flavor): object => ({
  flavor_access: [...(nova.slot.value.flavorAccess.get(id) ?? [])].map((tenant) => ({
    flavor_id: id,
    tenant_id: tenant,
  })),
});

function changeAccess(call: NovaCall): HttpReply {
  const body = requireBody(call, { type: "object" }) as Record<string, { tenant?: string }>;
  const [name = ""] = Object.keys(body);
  if (name !== "addTenantAccess" && name !== "removeTenantAccess") throw badRequest(`There is no such action: ${name}`);
  requireAdmin(call, `os-flavor-access:${name === "addTenantAccess" ? "add" : "remove"}_tenant_access`);
  const flavor = requireFlavor(call);
  const tenant = String(body[name]?.tenant ?? "");
  const { flavorAccess } = call.nova.slot.value;
  const allowed = flavorAccess.get(flavor.id) ?? new Set<string>();
  if (name === "addTenantAccess") {
    if (flavor.isPublic) throw conflict("Can not add access to a public flavor.");
    if (allowed.has(tenant))
      throw conflict(`Flavor access already exists for flavor ${flavor.id} and project ${tenant} combination.`);
    allowed.add(tenant);
  } else if (!allowed.delete(tenant))
    throw notFound(`Flavor access not found for ${flavor.id} / ${tenant} combination.`);
  flavorAccess.set(flavor.id, allowed);
  return ok(accessView(call, flavor));
}

export const FLAVOR_ACCESS_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: `${FLAVOR_PATH}/action`, clients: ["openstack"], handler: changeAccess },
  {
    method: "GET",
    path: `${FLAVOR_PATH}/os-flavor-access`,
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-flavor-access");
      const flavor = requireFlavor(call);
      if (flavor.isPublic) throw notFound("Access list not available for public flavors.");
      return ok(accessView(call, flavor));
    },
  },
];
