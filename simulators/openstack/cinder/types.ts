import { Refusal } from "../refusal.ts";
import {
  asBoolean,
  badRequest,
  BOOLEAN,
  type Call,
  type CinderRoute,
  emptied,
  fitting,
  member,
  METADATA,
  missing,
  ok,
  readBody,
  notFound,
} from "./call.ts";
import { type Cinder, findType, type TypeRow, TYPES } from "./state.ts";
import { typeFor } from "./volumes.ts";

/** Makes a type. */
export function makeType(
  cinder: Cinder,
  wanted: Pick<TypeRow, "name" | "description" | "isPublic" | "extraSpecs">,
): TypeRow {
  const row: TypeRow = {
    id: cinder.cloud.uuid("cinder"),
    ...wanted,
    createdMs: cinder.cloud.kernel.nowMs,
    projects: [],
  };
  cinder.slot.value.types.set(row.id, row);
  return row;
}

/** By id only, as this part of the API wants it; the types are looked for by name elsewhere. @throws Refusal 404 */
function typeOf({ cinder, actor, params }: Call): TypeRow {
  const row = cinder.slot.value.types.get(params.id ?? "");
  if (row === undefined || !(actor.isAdmin || row.isPublic || row.projects.includes(actor.projectId)))
    throw missing("Volume type", params.id ?? "");
  return row;
}

const base = ({ actor }: Call, row: TypeRow): Record<string, unknown> => ({
  id: row.id,
  name: row.name,
  is_public: row.isPublic,
  description: row.description,
  extra_specs: actor.isAdmin ? row.extraSpecs : {},
});
const withAccess = (row: TypeRow): object => ({ "os-volume-type-access:is_public": row.isPublic });
const view = (call: Call, row: TypeRow): object => ({
  ...base(call, row),
  ...(call.actor.isAdmin && { qos_specs_id: null }),
  ...withAccess(row),
});

const SPECS = { ...METADATA, type: "object" };

function create(call: Call): ReturnType<CinderRoute["handler"]> {
  const { cinder } = call;
  const fields = member(call, "volume_type", {
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
  const name = String(fields.name).trim();
  if (findType(cinder, name)?.name === name)
    throw new Refusal(409, "conflictingRequest", `Volume Type ${name} already exists.`);
  const row = makeType(cinder, {
    name,
    description: (fields.description as string | null | undefined) ?? null,
    isPublic: asBoolean(fields["os-volume-type-access:is_public"]) ?? true,
    extraSpecs: (fields.extra_specs as Record<string, string> | null | undefined) ?? {},
  });
  cinder.cloud.kernel.record("cinder", "type.create", row.id, { name });
  return ok({ volume_type: { ...base(call, row), ...withAccess(row) } });
}

const usedBy = ({ cinder }: Call, row: TypeRow): boolean =>
  [...cinder.slot.value.volumes.values()].some(({ typeId }) => typeId === row.id);

function remove(call: Call): ReturnType<CinderRoute["handler"]> {
  const row = typeOf(call);
  if (row.name === TYPES[0]) throw badRequest(`Invalid volume type: Default volume type ${row.id} can't be deleted.`);
  if (usedBy(call, row)) throw badRequest("Target volume type is still in use.");
  call.cinder.slot.value.types.delete(row.id);
  call.cinder.cloud.kernel.record("cinder", "type.delete", row.id);
  return emptied();
}

function update(call: Call): ReturnType<CinderRoute["handler"]> {
  const row = typeOf(call);
  const fields = member(call, "volume_type", {
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
  if (description !== undefined) row.description = description as string | null;
  row.isPublic = asBoolean(isPublic) ?? row.isPublic;
  return ok({ volume_type: base(call, row) });
}

function setSpecs(call: Call): ReturnType<CinderRoute["handler"]> {
  const row = typeOf(call);
  const specs = member(call, "extra_specs", SPECS) as Record<string, string>;
  if (usedBy(call, row)) throw badRequest("Volume Type is currently in use.");
  row.extraSpecs = { ...row.extraSpecs, ...specs };
  return ok({ extra_specs: specs });
}

const noSpec = (row: TypeRow, key: string): Refusal =>
  notFound(`Volume Type ${row.id} has no extra specs with key ${key}.`);

function showSpec(call: Call): ReturnType<CinderRoute["handler"]> {
  const row = typeOf(call);
  const key = call.params.key ?? "";
  const value = row.extraSpecs[key];
  if (value === undefined) throw noSpec(row, key);
  return ok({ [key]: value });
}

function updateSpec(call: Call): ReturnType<CinderRoute["handler"]> {
  const row = typeOf(call);
  const key = call.params.key ?? "";
  const specs = fitting(call, SPECS) as Record<string, string>;
  if (usedBy(call, row)) throw badRequest("Volume Type is currently in use.");
  if (!Object.hasOwn(specs, key)) throw badRequest("Request body and URI mismatch.");
  if (Object.keys(specs).length > 1) throw badRequest("Request body contains too many items.");
  row.extraSpecs = { ...row.extraSpecs, ...specs };
  return ok(specs);
}

function removeSpec(call: Call): ReturnType<CinderRoute["handler"]> {
  const row = typeOf(call);
  const key = call.params.key ?? "";
  if (usedBy(call, row)) throw badRequest("Volume Type is currently in use.");
  if (!Object.hasOwn(row.extraSpecs, key)) throw noSpec(row, key);
  row.extraSpecs = Object.fromEntries(Object.entries(row.extraSpecs).filter(([name]) => name !== key));
  return emptied();
}

function setAccess(call: Call): ReturnType<CinderRoute["handler"]> {
  const body = Object(readBody(call)) as Record<string, { project?: string } | null | undefined>;
  const [name = ""] = Object.keys(body);
  if (name !== "addProjectAccess" && name !== "removeProjectAccess")
    throw badRequest(
      `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
    );
  const project = String(body[name]?.project ?? "");
  const row = typeOf(call);
  if (row.isPublic)
    throw badRequest("Invalid volume type: Type access modification is not applicable to public volume type.");
  const others = row.projects.filter((each) => each !== project);
  row.projects = name === "addProjectAccess" ? [...others, project] : others;
  return emptied();
}

function list(call: Call): ReturnType<CinderRoute["handler"]> {
  const { cinder, actor, query } = call;
  const wanted = actor.isAdmin ? asBoolean(query.get("is_public") ?? "true") : true;
  const rows = [...cinder.slot.value.types.values()]
    .filter((row) => wanted === undefined || row.isPublic === wanted || row.projects.includes(actor.projectId))
    .filter((row) => !query.has("name") || row.name === query.get("name"))
    .reverse();
  const first = rows.find(({ name }) => name === TYPES[0]);
  const rest = rows.filter((row) => row !== first);
  const ordered =
    first === undefined
      ? rest
      : [...rest.filter(({ name }) => name !== TYPES[1]), first, ...rest.filter(({ name }) => name === TYPES[1])];
  return ok({ volume_types: ordered.map((row) => view(call, row)) });
}

export const TYPE_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/types", clients: ["openstack"], handler: list },
  {
    method: "GET",
    path: "/types/default",
    clients: ["openstack"],
    handler: (call) => ok({ volume_type: base(call, typeFor(call, null)) }),
  },
  {
    method: "GET",
    path: "/types/:id",
    clients: ["openstack"],
    handler: (call) => ok({ volume_type: view(call, typeOf(call)) }),
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
  {
    method: "GET",
    path: "/types/:id/os-volume-type-access",
    admin: "volume_extension:volume_type_access:get_all_for_type",
    handler: (call) => {
      const row = typeOf(call);
      if (row.isPublic) throw notFound("Access list not available for public volume types.");
      const access = row.projects.map((project) => ({ volume_type_id: row.id, project_id: project }));
      return ok({ volume_type_access: access });
    },
  },
  {
    method: "POST",
    path: "/types/:id/action",
    admin: "volume_extension:volume_type_access:addProjectAccess",
    clients: ["openstack"],
    handler: setAccess,
  },
];
