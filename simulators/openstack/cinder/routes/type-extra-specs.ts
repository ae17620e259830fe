import { isDeepStrictEqual } from "node:util";
import type { HttpReply } from "../../../kernel/index.ts";
import type { Refusal } from "../../refusal.ts";
import { recordChange } from "../state/cinder.ts";
import type { TypeRow } from "../state/rows.ts";
import { requireBody, requireMember } from "../wire/body.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { STRICT_METADATA } from "../wire/schemas.ts";
import { isTypeUsed, requireTypeOf } from "./types/require-type.ts";

/** Does nothing if the specs stay the same. */
function changeSpecs({ cinder }: CinderCall, row: TypeRow, next: Readonly<Record<string, string>>): void {
  if (isDeepStrictEqual(row.extraSpecs, next)) return;
  row.extraSpecs = next;
  recordChange(cinder, "type.extra-specs", row.id, { keys: Object.keys(next) });
}

function setSpecs(call: CinderCall): HttpReply {
  const row = requireTypeOf(call);
  const specs = requireMember(call, "extra_specs", STRICT_METADATA);
  if (isTypeUsed(call, row)) throw badRequest("Volume Type is currently in use.");
  changeSpecs(call, row, { ...row.extraSpecs, ...specs });
  return ok({ extra_specs: specs });
}

const missingSpec = (row: TypeRow, key: string): Refusal =>
  notFound(`Volume Type ${row.id} has no extra specs with key ${key}.`);

function showSpec(call: CinderCall): HttpReply {
  const row = requireTypeOf(call);
  const key = call.params.key ?? "";
  const value = row.extraSpecs[key];
  if (value === undefined) throw missingSpec(row, key);
  return ok({ [key]: value });
}

function updateSpec(call: CinderCall): HttpReply {
  const row = requireTypeOf(call);
  const key = call.params.key ?? "";
  const specs = requireBody(call, STRICT_METADATA);
  if (isTypeUsed(call, row)) throw badRequest("Volume Type is currently in use.");
  if (!Object.hasOwn(specs, key)) throw badRequest("Request body and URI mismatch.");
  if (Object.keys(specs).length > 1) throw badRequest("Request body contains too many items.");
  changeSpecs(call, row, { ...row.extraSpecs, ...specs });
  return ok(specs);
}

function removeSpec(call: CinderCall): HttpReply {
  const row = requireTypeOf(call);
  const key = call.params.key ?? "";
  if (isTypeUsed(call, row)) throw badRequest("Volume Type is currently in use.");
  if (!Object.hasOwn(row.extraSpecs, key)) throw missingSpec(row, key);
  changeSpecs(call, row, Object.fromEntries(Object.entries(row.extraSpecs).filter(([name]) => name !== key)));
  return emptyReply();
}

/** Routes of the API reference, "Volume types". Their extra specs. */
export const TYPE_EXTRA_SPEC_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/types/:id/extra_specs",
    handler: (call) => {
      const row = requireTypeOf(call);
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
