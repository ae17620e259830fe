import type { HttpReply } from "../../../kernel/index.ts";
import { isoMicros } from "../../common/time.ts";
import { HOST } from "../state/host.ts";
import type { Aggregate } from "../state/nova.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, conflict, notFound, requireAdmin } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, NAME, objectSchema } from "./schemas/parts.ts";

const isoMillis = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000`;

const view = (call: NovaCall, row: Aggregate, isFresh = false): object => ({
  id: row.id,
  name: row.name,
  created_at: isFresh && row.updatedMs === null ? isoMillis(row.createdMs) : isoMicros(row.createdMs),
  updated_at: row.updatedMs === null ? null : isFresh ? isoMillis(row.updatedMs) : isoMicros(row.updatedMs),
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
  const row = call.nova.slot.value.aggregates.get(Number(call.params.id));
  if (row === undefined) throw notFound(`Aggregate ${call.params.id} could not be found.`);
  return row;
}

function touchAggregate(call: NovaCall, row: Aggregate): void {
  row.updatedMs = call.nova.cloud.kernel.nowMs;
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
  const wanted = body.aggregate as { name: string; availability_zone?: string | null };
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
  return ok({ aggregate: view(call, row, true) });
}

function update(call: NovaCall): HttpReply {
  const body = requireBody(call, envelope("aggregate", objectSchema({ name: NAME, availability_zone: ZONE })));
  requireAdmin(call, "os-aggregates:update");
  const wanted = body.aggregate as { name?: string; availability_zone?: string | null };
  const row = requireAggregate(call);
  if (wanted.name !== undefined && wanted.name !== row.name) checkName(call, wanted.name);
  row.name = wanted.name ?? row.name;
  if (wanted.availability_zone !== undefined) row.zone = wanted.availability_zone;
  touchAggregate(call, row);
  return ok({ aggregate: fullView(call, row, true) });
}

function addHost(call: NovaCall, row: Aggregate, host: unknown): void {
  if (host !== HOST) throw notFound(`Compute host ${String(host)} could not be found.`);
  if (row.hosts.includes(HOST)) throw conflict(`Aggregate ${row.id} already has host ${HOST}.`);
  row.hosts = [...row.hosts, HOST];
  touchAggregate(call, row);
}

function removeHost(call: NovaCall, row: Aggregate, host: unknown): void {
  if (!row.hosts.includes(String(host))) throw notFound(`Aggregate ${row.id} has no host ${String(host)}.`);
  row.hosts = row.hosts.filter((each) => each !== host);
  touchAggregate(call, row);
}

/** A null takes the key away. */
function setMetadata(call: NovaCall, row: Aggregate, change: Readonly<Record<string, string | null>>): void {
  const next = Object.entries({ ...row.metadata, ...change }).filter(([, value]) => value !== null);
  row.metadata = Object.fromEntries(next) as Record<string, string>;
  row.zone = row.metadata.availability_zone ?? null;
  touchAggregate(call, row);
}

function runAction(call: NovaCall): HttpReply {
  const body = requireBody(call, { type: "object" }) as Record<string, { host?: string; metadata?: object }>;
  const [name = ""] = Object.keys(body);
  if (!["add_host", "remove_host", "set_metadata"].includes(name)) throw badRequest(`There is no such action: ${name}`);
  requireAdmin(call, `os-aggregates:${name}`);
  const row = requireAggregate(call);
  if (name === "add_host") addHost(call, row, body[name]?.host);
  else if (name === "remove_host") removeHost(call, row, body[name]?.host);
  else setMetadata(call, row, (body[name]?.metadata ?? {}) as Record<string, string | null>);
  return ok({ aggregate: fullView(call, row, true) });
}

const item = "/os-aggregates/:id";

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
    handler: (call) => {
      requireAdmin(call, "os-aggregates:delete");
      const row = requireAggregate(call);
      if (row.hosts.length > 0) throw badRequest(`Cannot remove aggregate ${row.id}: it has hosts.`);
      call.nova.slot.value.aggregates.delete(row.id);
      return emptyReply(200);
    },
  },
  { method: "POST", path: `${item}/action`, clients: ["openstack"], handler: runAction },
];
