import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { recordChange } from "../state/cinder.ts";
import { requireGroupType } from "../state/groups.ts";
import type { GroupTypeRow } from "../state/rows.ts";
import { requireBody, requireMember } from "../wire/body.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { listPage } from "../wire/lists.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { BOOLEAN, parseBoolean } from "../wire/schemas.ts";

const SPECS = {
  type: "object",
  patternProperties: { "^[a-zA-Z0-9-_:.]{1,255}$": { type: ["string", "null"] } },
  additionalProperties: false,
} as const;
const TEXT = { type: ["string", "null"] } as const;

const view = ({ actor }: CinderCall, row: GroupTypeRow): object => ({
  id: row.id,
  name: row.name,
  description: row.description,
  is_public: row.isPublic,
  ...(actor.isAdmin && { group_specs: row.specs }),
});

const rowOf = ({ cinder, params }: CinderCall): GroupTypeRow => requireGroupType(cinder, params.id ?? "");

/** @throws Refusal 409 */
function checkName({ cinder }: CinderCall, name: string, own?: GroupTypeRow): void {
  const found = [...cinder.slot.value.groupTypes.values()].find((row) => row.name === name);
  if (found !== undefined && found !== own)
    throw new Refusal(409, "conflictingRequest", `Group Type ${own?.id ?? name} already exists.`);
}

function create(call: CinderCall): HttpReply {
  const fields = requireMember(call, "group_type", {
    type: "object",
    properties: { name: { type: "string" }, description: TEXT, is_public: BOOLEAN, group_specs: SPECS },
    required: ["name"],
  });
  checkName(call, fields.name);
  const row: GroupTypeRow = {
    id: call.cinder.cloud.uuid("cinder"),
    name: fields.name,
    description: fields.description ?? null,
    isPublic: parseBoolean(fields.is_public ?? true) ?? true,
    specs: { ...fields.group_specs },
  };
  call.cinder.slot.value.groupTypes.set(row.id, row);
  recordChange(call.cinder, "group-type.create", row.id, { name: row.name });
  return ok({ group_type: view(call, row) }, 202);
}

function update(call: CinderCall): HttpReply {
  const {
    name,
    description,
    is_public: isPublic,
  } = requireMember(call, "group_type", {
    type: "object",
    properties: { name: TEXT, description: TEXT, is_public: BOOLEAN },
  });
  if (name && name.trim() === "") throw badRequest("Group type name can not be empty.");
  if (name == null && description == null && isPublic === undefined)
    throw badRequest("Specify group type name, description or a combination thereof.");
  const row = rowOf(call);
  if (name) checkName(call, name, row);
  row.name = name ?? row.name;
  row.description = description ?? row.description;
  row.isPublic = parseBoolean(isPublic) ?? row.isPublic;
  recordChange(call.cinder, "group-type.update", row.id, { name: row.name });
  return ok({ group_type: view(call, row) });
}

function remove(call: CinderCall): HttpReply {
  const row = rowOf(call);
  const { groups, groupTypes } = call.cinder.slot.value;
  if (groups.values().some(({ typeId }) => typeId === row.id)) throw badRequest("Target group type is still in use.");
  groupTypes.delete(row.id);
  recordChange(call.cinder, "group-type.delete", row.id);
  return emptyReply();
}

function list(call: CinderCall): HttpReply {
  const { actor, cinder, query } = call;
  const wanted = actor.isAdmin ? parseBoolean(query.get("is_public") ?? "true") : true;
  const rows = [...cinder.slot.value.groupTypes.values()];
  const { page, extras } = listPage(
    call,
    {
      collection: "group_types",
      kind: "Group type",
      idOf: ({ id }) => id,
      seqOf: (row) => rows.indexOf(row),
      sortKeys: { id: ({ id }) => id, name: ({ name }) => name, created_at: (row) => rows.indexOf(row) },
      filters: { is_public: () => true },
    },
    rows.filter(({ isPublic }) => wanted === undefined || isPublic === wanted),
    "/group_types",
  );
  return ok({ group_types: page.map((row) => view(call, row)), ...extras });
}

function setSpecs(call: CinderCall): HttpReply {
  const row = rowOf(call);
  const specs = requireMember(call, "group_specs", SPECS);
  row.specs = { ...row.specs, ...specs };
  recordChange(call.cinder, "group-type.specs", row.id, { keys: Object.keys(specs) });
  return ok({ group_specs: specs }, 202);
}

function setSpec(call: CinderCall): HttpReply {
  const row = rowOf(call);
  const specs = requireBody(call, SPECS);
  if (!Object.hasOwn(specs, call.params.key ?? "")) throw badRequest("Request body and URI mismatch");
  row.specs = { ...row.specs, ...specs };
  recordChange(call.cinder, "group-type.specs", row.id, { keys: Object.keys(specs) });
  return ok(specs);
}

function showSpec(call: CinderCall): HttpReply {
  const { id, specs } = rowOf(call);
  const { key = "" } = call.params;
  if (!Object.hasOwn(specs, key)) throw notFound(`Group Type ${id} has no extra spec with key ${key}.`);
  return ok({ [key]: specs[key] });
}

function removeSpec(call: CinderCall): HttpReply {
  const row = rowOf(call);
  const { key = "" } = call.params;
  if (!Object.hasOwn(row.specs, key)) throw notFound(`Group Type ${row.id} has no specs with key ${key}.`);
  row.specs = Object.fromEntries(Object.entries(row.specs).filter(([name]) => name !== key));
  recordChange(call.cinder, "group-type.specs", row.id, { removed: key });
  return emptyReply();
}

/** No type is the default, unless the configuration names one. */
function refuseDefault(): never {
  throw notFound("Default group type can not be found.");
}

const FROM = 11;
const ITEM = "/group_types/:id";
const SPECS_PATH = `${ITEM}/group_specs`;
const rule = (verb: string): string => `group:group_types:${verb}`;
const specRule = (verb: string): string => `group:group_types_specs:${verb}`;

/** Routes of the API reference, "Group types" and their specs. */
export const GROUP_TYPE_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/group_types", from: FROM, handler: list },
  { method: "GET", path: "/group_types/default", from: FROM, handler: refuseDefault },
  { method: "GET", path: ITEM, from: FROM, handler: (call) => ok({ group_type: view(call, rowOf(call)) }) },
  { method: "POST", path: "/group_types", from: FROM, admin: rule("create"), handler: create },
  { method: "PUT", path: ITEM, from: FROM, admin: rule("update"), handler: update },
  { method: "DELETE", path: ITEM, from: FROM, admin: rule("delete"), handler: remove },
  {
    method: "GET",
    path: SPECS_PATH,
    from: FROM,
    admin: specRule("get_all"),
    handler: (call) => ok({ group_specs: rowOf(call).specs }),
  },
  { method: "POST", path: SPECS_PATH, from: FROM, admin: specRule("create"), handler: setSpecs },
  { method: "GET", path: `${SPECS_PATH}/:key`, from: FROM, admin: specRule("get"), handler: showSpec },
  { method: "PUT", path: `${SPECS_PATH}/:key`, from: FROM, admin: specRule("update"), handler: setSpec },
  { method: "DELETE", path: `${SPECS_PATH}/:key`, from: FROM, admin: specRule("delete"), handler: removeSpec },
];
