import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { recordChange } from "../state/cinder.ts";
import type { TypeRow } from "../state/rows.ts";
import { addType, findType, defaultTypeOf, RELEASE_TYPE, requireType } from "../state/types.ts";
import { requireMember } from "../wire/body.ts";
import { badRequest } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { BOOLEAN, METADATA, parseBoolean } from "../wire/schemas.ts";
import { isTypeUsed, requireTypeOf } from "./types/require-type.ts";

const base = ({ actor }: CinderCall, row: TypeRow): Record<string, unknown> => ({
  id: row.id,
  name: row.name,
  is_public: row.isPublic,
  description: row.description,
  extra_specs: actor.isAdmin ? row.extraSpecs : {},
});
const withAccess = (row: TypeRow): object => ({ "os-volume-type-access:is_public": row.isPublic });
const view = (call: CinderCall, row: TypeRow): object => ({
  ...base(call, row),
  ...(call.actor.isAdmin && { qos_specs_id: row.qosSpecsId ?? null }),
  ...withAccess(row),
});

function create(call: CinderCall): HttpReply {
  const { cinder } = call;
  const fields = requireMember(call, "volume_type", {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1, maxLength: 255 },
      description: { type: ["string", "null"], maxLength: 255 },
      extra_specs: METADATA,
      "os-volume-type-access:is_public": BOOLEAN,
    },
    required: ["name"],
    additionalProperties: false,
  });
  const name = fields.name.trim();
  if (findType(cinder, name)?.name === name)
    throw new Refusal(409, "conflictingRequest", `Volume Type ${name} already exists.`);
  const row = addType(cinder, {
    name,
    description: fields.description ?? null,
    isPublic: parseBoolean(fields["os-volume-type-access:is_public"]) ?? true,
    extraSpecs: fields.extra_specs ?? {},
  });
  return ok({ volume_type: { ...base(call, row), ...withAccess(row) } });
}

function remove(call: CinderCall): HttpReply {
  const row = requireTypeOf(call);
  if (row.name === defaultTypeOf(call.cinder))
    throw badRequest(`Invalid volume type: Default volume type ${row.id} can't be deleted.`);
  if (isTypeUsed(call, row)) throw badRequest("Target volume type is still in use.");
  call.cinder.slot.value.types.delete(row.id);
  recordChange(call.cinder, "type.delete", row.id);
  return emptyReply();
}

function update(call: CinderCall): HttpReply {
  const row = requireTypeOf(call);
  const fields = requireMember(call, "volume_type", {
    type: "object",
    properties: {
      name: { type: ["string", "null"], maxLength: 255 },
      description: { type: ["string", "null"], maxLength: 255 },
      is_public: BOOLEAN,
    },
    additionalProperties: false,
  });
  const { name, description, is_public: isPublic } = fields;
  if (name == null && description === undefined && isPublic === undefined)
    throw badRequest("Specify volume type name, description, is_public or a combination thereof.");
  if (typeof name === "string") row.name = name;
  if (description !== undefined) row.description = description;
  row.isPublic = parseBoolean(isPublic) ?? row.isPublic;
  recordChange(call.cinder, "type.update", row.id, { name: row.name, isPublic: row.isPublic });
  return ok({ volume_type: base(call, row) });
}

function list(call: CinderCall): HttpReply {
  const { cinder, actor, query } = call;
  const wanted = actor.isAdmin ? parseBoolean(query.get("is_public") ?? "true") : true;
  const rows = [...cinder.slot.value.types.values()]
    .filter((row) => wanted === undefined || row.isPublic === wanted || row.projects.includes(actor.projectId))
    .filter((row) => !query.has("name") || row.name === query.get("name"))
    .reverse();
  const first = rows.find(({ name }) => name === defaultTypeOf(cinder));
  const rest = rows.filter((row) => row !== first);
  const ordered =
    first === undefined
      ? rest
      : [
          ...rest.filter(({ name }) => name !== RELEASE_TYPE),
          first,
          ...rest.filter(({ name }) => name === RELEASE_TYPE),
        ];
  return ok({ volume_types: ordered.map((row) => view(call, row)) });
}

/** Routes of the API reference, "Volume types". */
export const TYPE_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/types", clients: ["openstack"], handler: list },
  {
    method: "GET",
    path: "/types/default",
    clients: ["openstack"],
    handler: (call) => ok({ volume_type: base(call, requireType(call, null)) }),
  },
  {
    method: "GET",
    path: "/types/:id",
    clients: ["openstack"],
    handler: (call) => ok({ volume_type: view(call, requireTypeOf(call)) }),
  },
  { method: "POST", path: "/types", admin: "volume_extension:type_create", clients: ["openstack"], handler: create },
  { method: "PUT", path: "/types/:id", admin: "volume_extension:type_update", clients: ["openstack"], handler: update },
  {
    method: "DELETE",
    path: "/types/:id",
    admin: "volume_extension:type_delete",
    clients: ["openstack"],
    handler: remove,
  },
];
