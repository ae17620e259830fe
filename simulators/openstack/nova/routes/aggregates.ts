import { type HttpReply, own, isoMicroseconds } from "../../../kernel/index.ts";
import { findHost } from "../state/host.ts";
import { type Aggregate, recordChange } from "../state/nova.ts";
import { checkValue, requireBody } from "../wire/body.ts";
import { badRequest, conflict, notFound, requireAdmin } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, NAME, objectSchema } from "./schemas/parts.ts";
import { storedTime } from "../../time.ts";

const view = (call: NovaCall, row: Aggregate, isFresh = false): object => ({
  id: row.id,
  name: row.name,
  created_at: isFresh && row.updatedMs === null ? isoMicroseconds(row.createdMs) : storedTime(row.createdMs),
  updated_at: row.updatedMs === null ? null : isFresh ? isoMicroseconds(row.updatedMs) : storedTime(row.updatedMs),
  deleted_at: null,
  deleted: false,
  availability_zone: row.zone,
  ...(call.version >= 41 && { uuid: row.uuid }),
});
const fullView = (call: NovaCall, row: Aggregate, isFresh = false): object => ({
  ...view(call, row, isFresh),
  hosts: row.hosts,
  metadata: row.metadata,
});

const ZONE = { type: ["string", "null"], minLength: 1, maxLength: 255 } as const;

/** @throws Refusal 404 */
function requireAggregate(call: NovaCall): Aggregate {
  if (!/^-?\d+$/.test(call.params.id ?? "")) throw badRequest("Invalid input received: id must be an integer");
  const row = call.nova.slot.value.aggregates.get(Number(call.params.id));
  if (row === undefined) throw notFound(`Aggregate ${call.params.id} could not be found.`);
  return row;
}

function touchAggregate({ nova }: NovaCall, row: Aggregate, change: string): void {
  row.updatedMs = nova.cloud.kernel.nowMs;
  recordChange(nova, "aggregate.update", String(row.id), { change });
}

/** @throws Refusal 409 */
function checkName(call: NovaCall, name: string): void {
  if ([...call.nova.slot.value.aggregates.values()].some((row) => row.name === name))
    throw conflict(`Aggregate ${name} already exists.`);
}

function create(call: NovaCall): HttpReply {
  const body = requireBody(
    call,
    envelope("aggregate", objectSchema({ name: NAME, availability_zone: ZONE }, ["name"])),
  );
  requireAdmin(call, "os-aggregates:create");
  const wanted = body.aggregate;
  checkName(call, wanted.name);
  const state = call.nova.slot.value;
  const row: Aggregate = {
    id: ++state.aggregatesMade,
    uuid: call.nova.cloud.uuid("nova"),
    name: wanted.name,
    zone: wanted.availability_zone ?? null,
    hosts: [],
    metadata: wanted.availability_zone == null ? {} : { availability_zone: wanted.availability_zone },
    createdMs: call.nova.cloud.kernel.nowMs,
    updatedMs: null,
  };
  state.aggregates.set(row.id, row);
  recordChange(call.nova, "aggregate.create", String(row.id), { name: row.name });
  return ok({ aggregate: view(call, row, true) });
}

function update(call: NovaCall): HttpReply {
  const body = requireBody(call, envelope("aggregate", objectSchema({ name: NAME, availability_zone: ZONE })));
  requireAdmin(call, "os-aggregates:update");
  const wanted = body.aggregate;
  const row = requireAggregate(call);
  if (wanted.name !== undefined && wanted.name !== row.name) checkName(call, wanted.name);
  row.name = wanted.name ?? row.name;
  if (wanted.availability_zone !== undefined) row.zone = wanted.availability_zone;
  touchAggregate(call, row, "update");
  return ok({ aggregate: fullView(call, row, true) });
}

/** A host is in one zone at most. @throws Refusal 409 */
function checkZoneOf(call: NovaCall, row: Aggregate, host: string): void {
  const others = [...call.nova.slot.value.aggregates.values()].filter(
    (each) => each !== row && each.hosts.includes(host),
  );
  const other = others.find(({ zone }) => zone !== null && zone !== row.zone);
  if (row.zone === null || other === undefined) return;
  throw conflict(
    `Cannot add host to aggregate ${row.id}. Reason: One or more hosts already in availability zone(s) ['${other.zone}'].`,
  );
}

function addHost(call: NovaCall, row: Aggregate, host: unknown): void {
  const found = typeof host === "string" ? findHost(call.nova, host) : undefined;
  if (found === undefined) throw notFound(`Compute host ${String(host)} could not be found.`);
  if (row.hosts.includes(found.name)) throw conflict(`Aggregate ${row.id} already has host ${found.name}.`);
  checkZoneOf(call, row, found.name);
  row.hosts = [...row.hosts, found.name];
  touchAggregate(call, row, "add_host");
}

function removeHost(call: NovaCall, row: Aggregate, host: unknown): void {
  if (!row.hosts.includes(String(host))) throw notFound(`Cannot remove host ${String(host)} in aggregate ${row.id}`);
  row.hosts = row.hosts.filter((each) => each !== host);
  touchAggregate(call, row, "remove_host");
}

/** A null removes the key. */
function setMetadata(call: NovaCall, row: Aggregate, change: Readonly<Record<string, unknown>>): void {
  const texts = (pairs: object): [string, string][] =>
    Object.entries(pairs).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  if (change.availability_zone === "")
    throw badRequest(
      `Cannot update metadata of aggregate ${row.id} Reason: Aggregate ${row.name} does not support empty named availability zone.`,
    );
  const kept = Object.entries(row.metadata).filter(([key]) => change[key] !== null);
  row.metadata = Object.fromEntries([...kept, ...texts(change)]);
  row.zone = row.metadata.availability_zone ?? null;
  touchAggregate(call, row, "set_metadata");
}

const NAMED_HOST = { type: "object", properties: { host: {} } } as const;
const NAMED_METADATA = { type: "object", properties: { metadata: { type: "object" } } } as const;

const AGGREGATE_ACTIONS: Readonly<Record<string, (call: NovaCall, row: Aggregate, fields: unknown) => void>> = {
  add_host: (call, row, fields) => {
    checkValue(call, NAMED_HOST, fields);
    addHost(call, row, fields.host);
  },
  remove_host: (call, row, fields) => {
    checkValue(call, NAMED_HOST, fields);
    removeHost(call, row, fields.host);
  },
  set_metadata: (call, row, fields) => {
    checkValue(call, NAMED_METADATA, fields);
    setMetadata(call, row, fields.metadata ?? {});
  },
};

function runAction(call: NovaCall): HttpReply {
  const [[name, fields] = ["", undefined]] = Object.entries(requireBody(call, { type: "object" }));
  const action = own(AGGREGATE_ACTIONS, name);
  if (action === undefined) throw badRequest(`There is no such action: ${name}`);
  requireAdmin(call, `os-aggregates:${name}`);
  const row = requireAggregate(call);
  action(call, row, fields);
  return ok({ aggregate: fullView(call, row, true) });
}

function remove(call: NovaCall): HttpReply {
  requireAdmin(call, "os-aggregates:delete");
  const row = requireAggregate(call);
  if (row.hosts.length > 0) throw badRequest(`Cannot remove aggregate ${row.id}: it has hosts.`);
  call.nova.slot.value.aggregates.delete(row.id);
  recordChange(call.nova, "aggregate.delete", String(row.id));
  return emptyReply(200);
}

const item = "/os-aggregates/:id";

/** Routes of the API reference, "Host aggregates (os-aggregates)". */
export const AGGREGATE_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-aggregates",
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-aggregates:index");
      return ok({ aggregates: [...call.nova.slot.value.aggregates.values()].map((row) => fullView(call, row)) });
    },
  },
  { method: "POST", path: "/os-aggregates", clients: ["openstack"], handler: create },
  {
    method: "GET",
    path: item,
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-aggregates:show");
      return ok({ aggregate: fullView(call, requireAggregate(call)) });
    },
  },
  { method: "PUT", path: item, clients: ["openstack"], handler: update },
  {
    method: "DELETE",
    path: item,
    clients: ["openstack"],
    handler: remove,
  },
  { method: "POST", path: `${item}/action`, clients: ["openstack"], handler: runAction },
];
