import type { HttpReply } from "../../../kernel/index.ts";
import type { Flavor } from "../state/flavor.ts";
import { recordChange } from "../state/nova.ts";
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

const FLAVOR_ACTIONS = ["addTenantAccess", "removeTenantAccess"] as const;
type FlavorAction = (typeof FLAVOR_ACTIONS)[number];

/** @throws Refusal 400 */
function readAction(call: NovaCall): { readonly name: FlavorAction; readonly tenant: string } {
  const [[asked, fields] = ["", {}]] = Object.entries(requireBody(call, { type: "object" }));
  const name = FLAVOR_ACTIONS.find((each) => each === asked);
  if (name === undefined) throw badRequest(`There is no such action: ${asked}`);
  const hasTenant = typeof fields === "object" && fields !== null && "tenant" in fields;
  return { name, tenant: hasTenant ? String(fields.tenant) : "" };
}

/** @throws Refusal 404, 409 */
function nextAccess(flavor: Flavor, allowed: ReadonlySet<string>, name: FlavorAction, tenant: string): Set<string> {
  const combination = `flavor ${flavor.id} and project ${tenant} combination`;
  if (name === "removeTenantAccess") {
    if (!allowed.has(tenant)) throw notFound(`Flavor access not found for ${flavor.id} / ${tenant} combination.`);
    return new Set([...allowed].filter((each) => each !== tenant));
  }
  if (flavor.isPublic) throw conflict("Can not add access to a public flavor.");
  if (allowed.has(tenant)) throw conflict(`Flavor access already exists for ${combination}.`);
  return new Set([...allowed, tenant]);
}

function changeAccess(call: NovaCall): HttpReply {
  const { name, tenant } = readAction(call);
  requireAdmin(call, `os-flavor-access:${name === "addTenantAccess" ? "add" : "remove"}_tenant_access`);
  const flavor = requireFlavor(call);
  const { flavorAccess } = call.nova.slot.value;
  flavorAccess.set(flavor.id, nextAccess(flavor, flavorAccess.get(flavor.id) ?? new Set(), name, tenant));
  recordChange(call.nova, "flavor.access", flavor.id, { action: name, project: tenant });
  return ok(accessView(call, flavor));
}

/** Routes of the API reference, "Flavors access". */
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
