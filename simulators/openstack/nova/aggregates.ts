import { isoMicros } from "../time.ts";
import { admin, badRequest, type Call, checkedBody, conflict, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import { envelope, NAME, objectSchema } from "./schemas.ts";
import { type Aggregate, HOST } from "./state.ts";

const exact = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000`;

const view = (call: Call, row: Aggregate, isFresh = false): object => ({
  id: row.id,
  name: row.name,
  created_at: isFresh && row.updatedMs === null ? exact(row.createdMs) : isoMicros(row.createdMs),
  updated_at: row.updatedMs === null ? null : isFresh ? exact(row.updatedMs) : isoMicros(row.updatedMs),
  deleted_at: null,
  deleted: false,
  availability_zone: row.zone,
  ...(call.version >= 41 && { uuid: row.uuid }),
});
const fullView = (call: Call, row: Aggregate, isFresh = false): object => ({
  ...view(call, row, isFresh),
  hosts: row.hosts,
  metadata: row.metadata,
});

const ZONE = { type: ["string", "null"], minLength: 1, maxLength: 255 } as const;

/** @throws Refusal 404 */
function aggregateOf(call: Call): Aggregate {
  const row = call.nova.slot.value.aggregates.get(Number(call.params.id));
  if (row === undefined) throw notFound(`Aggregate ${call.params.id} could not be found.`);
  return row;
}

function touch(call: Call, row: Aggregate): void {
  row.updatedMs = call.nova.cloud.kernel.nowMs;
}

/** @throws Refusal 409 */
function checkName(call: Call, name: string): void {
  if ([...call.nova.slot.value.aggregates.values()].some((row) => row.name === name))
    throw conflict(`Aggregate ${name} already exists.`);
}

function create(call: Call): ReturnType<NovaRoute["handler"]> {
  const body = checkedBody(
    call,
    envelope("aggregate", objectSchema({ name: NAME, availability_zone: ZONE }, ["name"])),
  );
  admin(call, "os-aggregates:create");
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

function update(call: Call): ReturnType<NovaRoute["handler"]> {
  const body = checkedBody(call, envelope("aggregate", objectSchema({ name: NAME, availability_zone: ZONE })));
  admin(call, "os-aggregates:update");
  const wanted = body.aggregate as { name?: string; availability_zone?: string | null };
  const row = aggregateOf(call);
  if (wanted.name !== undefined && wanted.name !== row.name) checkName(call, wanted.name);
  row.name = wanted.name ?? row.name;
  if (wanted.availability_zone !== undefined) row.zone = wanted.availability_zone;
  touch(call, row);
  return ok({ aggregate: fullView(call, row, true) });
}

function addHost(call: Call, row: Aggregate, host: unknown): void {
  if (host !== HOST) throw notFound(`Compute host ${String(host)} could not be found.`);
  if (row.hosts.includes(HOST)) throw conflict(`Aggregate ${row.id} already has host ${HOST}.`);
  row.hosts = [...row.hosts, HOST];
  touch(call, row);
}

function removeHost(call: Call, row: Aggregate, host: unknown): void {
  if (!row.hosts.includes(String(host))) throw notFound(`Aggregate ${row.id} has no host ${String(host)}.`);
  row.hosts = row.hosts.filter((each) => each !== host);
  touch(call, row);
}

/** A null takes the key away. */
function setMetadata(call: Call, row: Aggregate, change: Readonly<Record<string, string | null>>): void {
  const next = Object.entries({ ...row.metadata, ...change }).filter(([, value]) => value !== null);
  row.metadata = Object.fromEntries(next) as Record<string, string>;
  row.zone = row.metadata.availability_zone ?? null;
  touch(call, row);
}

function act(call: Call): ReturnType<NovaRoute["handler"]> {
  const body = checkedBody(call, { type: "object" }) as Record<string, { host?: string; metadata?: object }>;
  const [name = ""] = Object.keys(body);
  if (!["add_host", "remove_host", "set_metadata"].includes(name)) throw badRequest(`There is no such action: ${name}`);
  admin(call, `os-aggregates:${name}`);
  const row = aggregateOf(call);
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
      admin(call, "os-aggregates:index");
      return ok({ aggregates: [...call.nova.slot.value.aggregates.values()].map((row) => fullView(call, row)) });
    },
  },
  { method: "POST", path: "/os-aggregates", clients: ["openstack"], handler: create },
  {
    method: "GET",
    path: item,
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-aggregates:show");
      return ok({ aggregate: fullView(call, aggregateOf(call)) });
    },
  },
  { method: "PUT", path: item, clients: ["openstack"], handler: update },
  {
    method: "DELETE",
    path: item,
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-aggregates:delete");
      const row = aggregateOf(call);
      if (row.hosts.length > 0) throw badRequest(`Cannot remove aggregate ${row.id}: it has hosts.`);
      call.nova.slot.value.aggregates.delete(row.id);
      return nothing(200);
    },
  },
  { method: "POST", path: `${item}/action`, clients: ["openstack"], handler: act },
];
