import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { recordChange } from "../state/cinder.ts";
import type { QosSpecRow, TypeRow } from "../state/rows.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, notFound, notFoundById } from "../wire/errors.ts";
import { type ListDescription, listPage } from "../wire/lists.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { parseBoolean } from "../wire/schemas.ts";

const CONSUMERS = ["back-end", "front-end", "both"];

const POLICY = "volume_extension:qos_specs_manage";

/** Specs that a body sets, beside name and consumer. @throws Refusal 400 */
function readSpecs(fields: Readonly<Record<string, unknown>>): {
  readonly consumer: string | undefined;
  readonly specs: Readonly<Record<string, string>>;
} {
  const { name: _name, consumer, ...specs } = fields;
  if (consumer !== undefined && !CONSUMERS.includes(String(consumer)))
    throw badRequest(
      "Invalid qos specs: Valid consumer of QoS specs are: QoSConsumerValues(default=<class 'oslo_versionedobjects.fields.UnspecifiedDefault'>,nullable=False,valid_values=('back-end', 'front-end', 'both'))",
    );
  for (const [key, value] of Object.entries(specs))
    if (typeof value !== "string")
      throw badRequest(`Invalid input received: Value for key "${key}" is not a string or unicode`);
  return {
    consumer: consumer === undefined ? undefined : String(consumer),
    specs: Object.fromEntries(Object.entries(specs).map(([key, value]) => [key, String(value)])),
  };
}

const fieldsView = ({ id, name, consumer, specs }: QosSpecRow): object => ({ id, name, consumer, specs });

function view({ cinder, context, actor }: CinderCall, row: QosSpecRow): object {
  const root = cinder.cloud.root("volumev3", context.request);
  const path = `${actor.projectId}/qos-specs/${row.id}`;
  return {
    qos_specs: fieldsView(row),
    links: [
      { rel: "self", href: `${root}/v3/${path}` },
      { rel: "bookmark", href: `${root}/${path}` },
    ],
  };
}

/** @throws Refusal 404 */
function requireSpec({ cinder, params }: CinderCall): QosSpecRow {
  const row = cinder.slot.value.qosSpecs.get(params.id ?? "");
  if (row === undefined) throw notFound(`No such qos spec ${params.id ?? ""}.`);
  return row;
}

/** The member of the body, which the tables have checked. */
const BODY = { type: "object", properties: { qos_specs: { type: "object" } }, required: ["qos_specs"] } as const;

function create(call: CinderCall): HttpReply {
  const { qosSpecs } = call.cinder.slot.value;
  const fields = requireBody(call, BODY).qos_specs;
  const name = String(fields.name).trim();
  const { consumer = "back-end", specs } = readSpecs(fields);
  if ([...qosSpecs.values()].some((each) => each.name === name))
    throw new Refusal(409, "conflictingRequest", `QoS Specs ${name} already exists.`);
  const row: QosSpecRow = { id: call.cinder.cloud.uuid("cinder"), name, consumer, specs };
  qosSpecs.set(row.id, row);
  recordChange(call.cinder, "qos.create", row.id, { name });
  return ok(view(call, row));
}

function update(call: CinderCall): HttpReply {
  const row = requireSpec(call);
  const body = requireBody(call, BODY);
  const { consumer, specs } = readSpecs(body.qos_specs);
  row.consumer = consumer ?? row.consumer;
  row.specs = { ...row.specs, ...specs };
  recordChange(call.cinder, "qos.update", row.id);
  return ok(body);
}

const typesOf = ({ cinder }: CinderCall, row: QosSpecRow): readonly TypeRow[] =>
  [...cinder.slot.value.types.values()].filter(({ qosSpecsId }) => qosSpecsId === row.id);

function setTypes(call: CinderCall, types: readonly TypeRow[], id: string | undefined): HttpReply {
  for (const type of types) {
    if (id === undefined) delete type.qosSpecsId;
    else type.qosSpecsId = id;
    recordChange(call.cinder, "type.qos", type.id);
  }
  return emptyReply();
}

function remove(call: CinderCall): HttpReply {
  const isForced = parseBoolean(call.query.get("force") ?? "false");
  if (isForced === undefined) throw badRequest(`Value '${call.query.get("force")}' for 'force' is not a boolean.`);
  const row = requireSpec(call);
  const types = typesOf(call, row);
  if (types.length > 0 && !isForced) throw badRequest("Qos specs still in use.");
  setTypes(call, types, undefined);
  call.cinder.slot.value.qosSpecs.delete(row.id);
  recordChange(call.cinder, "qos.delete", row.id);
  return emptyReply();
}

function removeKeys(call: CinderCall): HttpReply {
  const row = requireSpec(call);
  const { keys } = requireBody(call, {
    type: "object",
    properties: { keys: { type: "array", items: { type: "string" } } },
    required: ["keys"],
  });
  for (const key of keys)
    if (!Object.hasOwn(row.specs, key)) throw notFound(`QoS spec ${row.id} has no spec with key ${key}.`);
  row.specs = Object.fromEntries(Object.entries(row.specs).filter(([key]) => !keys.includes(key)));
  recordChange(call.cinder, "qos.update", row.id);
  return emptyReply();
}

/** The type that the query names. @throws Refusal 400, 404 */
function typeIn({ cinder, query }: CinderCall): TypeRow {
  const id = query.get("vol_type_id") ?? "";
  if (id === "") throw badRequest("Volume Type id must not be None.");
  const row = cinder.slot.value.types.get(id);
  if (row === undefined) throw notFoundById("Volume type", id);
  return row;
}

function associate(call: CinderCall): HttpReply {
  const row = requireSpec(call);
  return setTypes(call, [typeIn(call)], row.id);
}

function disassociate(call: CinderCall): HttpReply {
  requireSpec(call);
  return setTypes(call, [typeIn(call)], undefined);
}

function associations(call: CinderCall): HttpReply {
  const types = typesOf(call, requireSpec(call));
  return ok({ qos_associations: types.map(({ id, name }) => ({ association_type: "volume_type", name, id })) });
}

function list(call: CinderCall): HttpReply {
  const rows = [...call.cinder.slot.value.qosSpecs.values()];
  const listing: ListDescription<QosSpecRow> = {
    collection: "qos_specs",
    kind: "QoS specs",
    idOf: ({ id }) => id,
    seqOf: (row) => rows.indexOf(row),
    sortKeys: { id: ({ id }) => id, name: ({ name }) => name, consumer: ({ consumer }) => consumer },
    filters: { id: (row, value) => row.id === value, name: (row, value) => row.name === value },
  };
  const { page, extras } = listPage(call, listing, rows, "/qos-specs");
  return ok({ qos_specs: page.map(fieldsView), ...extras });
}

const one = "/qos-specs/:id";

/** Routes of the API reference, "Quality of service specifications". They limit nothing here. */
export const QOS_SPEC_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/qos-specs",
    admin: `${POLICY}:get_all`,
    handler: list,
  },
  { method: "POST", path: "/qos-specs", admin: `${POLICY}:create`, handler: create },
  {
    method: "GET",
    path: one,
    admin: `${POLICY}:get`,
    handler: (call) => ok(view(call, requireSpec(call))),
  },
  { method: "PUT", path: one, admin: `${POLICY}:update`, handler: update },
  { method: "DELETE", path: one, admin: `${POLICY}:delete`, handler: remove },
  { method: "PUT", path: `${one}/delete_keys`, admin: `${POLICY}:delete`, handler: removeKeys },
  { method: "GET", path: `${one}/associations`, admin: `${POLICY}:get_all`, handler: associations },
  { method: "GET", path: `${one}/associate`, admin: `${POLICY}:update`, handler: associate },
  { method: "GET", path: `${one}/disassociate`, admin: `${POLICY}:update`, handler: disassociate },
  {
    method: "GET",
    path: `${one}/disassociate_all`,
    admin: `${POLICY}:update`,
    handler: (call) => setTypes(call, typesOf(call, requireSpec(call)), undefined),
  },
];
