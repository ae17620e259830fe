import type { HttpReply } from "../../../kernel/index.ts";
import type { Flavor } from "../state/flavor.ts";
import { replaceFlavor } from "../state/flavors.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, notFound, requireAdmin } from "../wire/errors.ts";
import { checkExtraSpec } from "../wire/extra-specs.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { FLAVOR_PATH, requireFlavor } from "./flavors.ts";
import { envelope } from "./schemas/parts.ts";
import type { Schema } from "../../schema/schema.ts";

const SPECS = {
  type: "object",
  patternProperties: { "^[a-zA-Z0-9-_:. ]{1,255}$": { type: ["string", "number"], maxLength: 255 } },
  additionalProperties: false,
} as const satisfies Schema;

/** The microversion from which values are checked. */
const CHECKED_FROM = 86;

function setSpecs(call: NovaCall): HttpReply {
  const { extra_specs: wanted } = requireBody(call, envelope("extra_specs", SPECS));
  requireAdmin(call, "os-flavor-extra-specs:create");
  if (call.version >= CHECKED_FROM)
    for (const [name, each] of Object.entries(wanted)) checkExtraSpec(name, String(each));
  const flavor = requireFlavor(call);
  const texts = Object.fromEntries(Object.entries(wanted).map(([name, each]) => [name, String(each)]));
  replaceFlavor(call.nova, flavor, { extraSpecs: { ...flavor.extraSpecs, ...texts } });
  return ok({ extra_specs: wanted });
}

/** @throws Refusal 404 */
function requireSpec(call: NovaCall): { readonly flavor: Flavor; readonly key: string; readonly value: string } {
  const flavor = requireFlavor(call);
  const key = call.params.key ?? "";
  const value = flavor.extraSpecs[key];
  if (value === undefined) throw notFound(`Flavor ${flavor.id} has no extra specs with key ${key}.`);
  return { flavor, key, value };
}

function setSpec(call: NovaCall): HttpReply {
  const body = requireBody(call, { type: "object", minProperties: 1, maxProperties: 1 });
  requireAdmin(call, "os-flavor-extra-specs:update");
  const flavor = requireFlavor(call);
  const key = call.params.key ?? "";
  if (!Object.hasOwn(body, key)) throw badRequest("Request body and URI mismatch");
  if (call.version >= CHECKED_FROM) checkExtraSpec(key, String(body[key]));
  replaceFlavor(call.nova, flavor, { extraSpecs: { ...flavor.extraSpecs, [key]: String(body[key]) } });
  return ok({ [key]: body[key] });
}

function removeSpec(call: NovaCall): HttpReply {
  requireAdmin(call, "os-flavor-extra-specs:delete");
  const { flavor, key } = requireSpec(call);
  const extraSpecs = Object.fromEntries(Object.entries(flavor.extraSpecs).filter(([name]) => name !== key));
  replaceFlavor(call.nova, flavor, { extraSpecs });
  return emptyReply(200);
}

/** Routes of the API reference, "Flavors extra-specs". */
export const FLAVOR_EXTRA_SPEC_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: `${FLAVOR_PATH}/os-extra_specs`,
    clients: ["openstack"],
    handler: (call) => ok({ extra_specs: requireFlavor(call).extraSpecs }),
  },
  { method: "POST", path: `${FLAVOR_PATH}/os-extra_specs`, clients: ["openstack"], handler: setSpecs },
  {
    method: "GET",
    path: `${FLAVOR_PATH}/os-extra_specs/:key`,
    handler: (call) => {
      const { key, value } = requireSpec(call);
      return ok({ [key]: value });
    },
  },
  { method: "PUT", path: `${FLAVOR_PATH}/os-extra_specs/:key`, handler: setSpec },
  { method: "DELETE", path: `${FLAVOR_PATH}/os-extra_specs/:key`, clients: ["openstack"], handler: removeSpec },
];
