import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../common/refusal.ts";
import type { TypeRow } from "../state/rows.ts";
import { fitting, member } from "../wire/body.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { emptied, ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { METADATA } from "../wire/schemas.ts";
import { typeOf, usedBy } from "./types/require-type.ts";

const SPECS = { ...METADATA, type: "object" };

function setSpecs(call: Call): HttpReply {
  const row = typeOf(call);
  const specs = member(call, "extra_specs", SPECS) as Record<string, string>;
  if (usedBy(call, row)) throw badRequest("Volume Type is currently in use.");
  row.extraSpecs = { ...row.extraSpecs, ...specs };
  return ok({ extra_specs: specs });
}

const noSpec = (row: TypeRow, key: string): Refusal =>
  notFound(`Volume Type ${row.id} has no extra specs with key ${key}.`);

function showSpec(call: Call): HttpReply {
  const row = typeOf(call);
  const key = call.params.key ?? "";
  const value = row.extraSpecs[key];
  if (value === undefined) throw noSpec(row, key);
  return ok({ [key]: value });
}

function updateSpec(call: Call): HttpReply {
  const row = typeOf(call);
  const key = call.params.key ?? "";
  const specs = fitting(call, SPECS) as Record<string, string>;
  if (usedBy(call, row)) throw badRequest("Volume Type is currently in use.");
  if (!Object.hasOwn(specs, key)) throw badRequest("Request body and URI mismatch.");
  if (Object.keys(specs).length > 1) throw badRequest("Request body contains too many items.");
  row.extraSpecs = { ...row.extraSpecs, ...specs };
  return ok(specs);
}

function removeSpec(call: Call): HttpReply {
  const row = typeOf(call);
  const key = call.params.key ?? "";
  if (usedBy(call, row)) throw badRequest("Volume Type is currently in use.");
  if (!Object.hasOwn(row.extraSpecs, key)) throw noSpec(row, key);
  row.extraSpecs = Object.fromEntries(Object.entries(row.extraSpecs).filter(([name]) => name !== key));
  return emptied();
}

export const TYPE_EXTRA_SPEC_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/types/:id/extra_specs",
    handler: (call) => {
      const row = typeOf(call);
      return ok({ extra_specs: call.actor.isAdmin ? row.extraSpecs : {} });
    },
  },
  {
    method: "POST",
    path: "/types/:id/extra_specs",
    admin: "volume_extension:types_extra_specs:create",
    clients: ["openstack"],
    handler: setSpecs,
  },
  {
    method: "GET",
    path: "/types/:id/extra_specs/:key",
    admin: "volume_extension:types_extra_specs:show",
    handler: showSpec,
  },
  {
    method: "PUT",
    path: "/types/:id/extra_specs/:key",
    admin: "volume_extension:types_extra_specs:update",
    handler: updateSpec,
  },
  {
    method: "DELETE",
    path: "/types/:id/extra_specs/:key",
    admin: "volume_extension:types_extra_specs:delete",
    clients: ["openstack"],
    handler: removeSpec,
  },
];
