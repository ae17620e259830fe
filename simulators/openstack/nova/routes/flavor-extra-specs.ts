import type { HttpReply } from "../../../kernel/index.ts";
import type { Schema } from "../../common/schema.ts";
import type { Flavor } from "../state/flavor.ts";
import { replace } from "../state/flavors.ts";
import { checkedBody } from "../wire/body.ts";
import { badRequest, notFound, requireAdmin } from "../wire/errors.ts";
import { nothing, ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { FLAVOR_PATH, flavorOf } from "./flavors.ts";
import { envelope } from "./schemas/parts.ts";

function setSpecs(call: Call): HttpReply {
  const value: Schema = { type: ["string", "number"], maxLength: 255 };
  const specs: Schema = {
    type: "object",
    patternProperties: { "^[a-zA-Z0-9-_:. ]{1,255}$": value },
    additionalProperties: false,
  };
  const { extra_specs: wanted } = checkedBody(call, envelope("extra_specs", specs)) as {
    extra_specs: Record<string, string | number>;
  };
  requireAdmin(call, "os-flavor-extra-specs:create");
  const flavor = flavorOf(call);
  const texts = Object.fromEntries(Object.entries(wanted).map(([name, each]) => [name, String(each)]));
  replace(call, flavor, { extraSpecs: { ...flavor.extraSpecs, ...texts } });
  return ok({ extra_specs: wanted });
}

/** @throws Refusal 404 */
function specOf(call: Call): { readonly flavor: Flavor; readonly key: string; readonly value: string } {
  const flavor = flavorOf(call);
  const key = call.params.key ?? "";
  const value = flavor.extraSpecs[key];
  if (value === undefined) throw notFound(`Flavor ${flavor.id} has no extra specs with key ${key}.`);
  return { flavor, key, value };
}

function setSpec(call: Call): HttpReply {
  const body = checkedBody(call, { type: "object", minProperties: 1, maxProperties: 1 });
  requireAdmin(call, "os-flavor-extra-specs:update");
  const flavor = flavorOf(call);
  const key = call.params.key ?? "";
  if (!Object.hasOwn(body, key)) throw badRequest("Request body and URI mismatch");
  replace(call, flavor, { extraSpecs: { ...flavor.extraSpecs, [key]: String(body[key]) } });
  return ok({ [key]: body[key] });
}

function removeSpec(call: Call): HttpReply {
  requireAdmin(call, "os-flavor-extra-specs:delete");
  const { flavor, key } = specOf(call);
  const extraSpecs = Object.fromEntries(Object.entries(flavor.extraSpecs).filter(([name]) => name !== key));
  replace(call, flavor, { extraSpecs });
  return nothing(200);
}

export const FLAVOR_EXTRA_SPEC_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: `${FLAVOR_PATH}/os-extra_specs`,
    clients: ["openstack"],
    handler: (call) => ok({ extra_specs: flavorOf(call).extraSpecs }),
  },
  { method: "POST", path: `${FLAVOR_PATH}/os-extra_specs`, clients: ["openstack"], handler: setSpecs },
  {
    method: "GET",
    path: `${FLAVOR_PATH}/os-extra_specs/:key`,
    handler: (call) => {
      const { key, value } = specOf(call);
      return ok({ [key]: value });
    },
  },
  { method: "PUT", path: `${FLAVOR_PATH}/os-extra_specs/:key`, handler: setSpec },
  { method: "DELETE", path: `${FLAVOR_PATH}/os-extra_specs/:key`, clients: ["openstack"], handler: removeSpec },
];
