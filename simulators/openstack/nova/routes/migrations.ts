import type { HttpReply } from "../../../kernel/index.ts";
import { setMigration, type Migration } from "../state/migrations.ts";
import { recordChange } from "../state/nova.ts";
import { touchServer } from "../state/servers.ts";
import { badRequest, notFound, requireAdmin } from "../wire/errors.ts";
import { links } from "../wire/links.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { requireServer } from "./servers/require-server.ts";
import { storedTime } from "../../time.ts";

/** Statuses in which a live migration is still under way. */
const RUNNING: readonly string[] = ["queued", "preparing", "running", "post-migrating"];

const isListedOn = (server: Migration, call: NovaCall): boolean =>
  server.kind === "live-migration" && server.serverId === call.params.id && RUNNING.includes(server.status);

function view(call: NovaCall, row: Migration): object {
  const { version } = call;
  const isLive = row.kind === "live-migration";
  return {
    id: row.id,
    source_compute: row.source,
    source_node: row.source,
    dest_compute: row.target,
    dest_host: call.nova.cloud.hosts.find(({ name }) => name === row.target)?.address ?? null,
    dest_node: row.target,
    status: row.status,
    instance_uuid: row.serverId,
    old_instance_type_id: flavorNumber(call, row.oldFlavorId),
    new_instance_type_id: flavorNumber(call, row.newFlavorId),
    created_at: storedTime(row.createdMs),
    updated_at: row.updatedMs === row.createdMs ? null : storedTime(row.updatedMs),
    ...(version >= 23 && {
      migration_type: row.kind,
      ...(isLive &&
        RUNNING.includes(row.status) && { links: links(call, `servers/${row.serverId}/migrations`, String(row.id)) }),
    }),
    ...(version >= 59 && { uuid: row.uuid }),
    ...(version >= 80 && { user_id: row.userId, project_id: row.projectId }),
  };
}

/** The database's number of a flavor, which follows the order of creation. */
const flavorNumber = (call: NovaCall, id: string): number => [...call.nova.slot.value.flavors.keys()].indexOf(id) + 1;

/** Filters of the list by the member of a row that they compare. */
const FILTERS: Readonly<Record<string, (row: Migration, value: string) => boolean>> = {
  host: (row, value) => row.source === value || row.target === value,
  source_compute: (row, value) => row.source === value,
  instance_uuid: (row, value) => row.serverId === value,
  migration_type: (row, value) => row.kind === value,
  status: (row, value) => row.status === value,
  // Moves are hidden by nobody here.
  hidden: (_row, value) => !["1", "true", "True"].includes(value),
};

const OWNERS: typeof FILTERS = {
  user_id: (row, value) => row.userId === value,
  project_id: (row, value) => row.projectId === value,
};

function listMigrations(call: NovaCall): HttpReply {
  requireAdmin(call, "os-migrations:index");
  const { query, version } = call;
  const filters = Object.entries({ ...FILTERS, ...(version >= 80 && OWNERS) }).flatMap(([name, fits]) => {
    const value = query.get(name);
    return value === null ? [] : [(row: Migration) => fits(row, value)];
  });
  const since = Date.parse(query.get("changes-since") ?? "");
  const before = Date.parse(query.get("changes-before") ?? "");
  const found = call.nova.slot.value.migrations.filter(
    (row) =>
      filters.every((fits) => fits(row)) &&
      !(version >= 59 && row.updatedMs < since) &&
      !(version >= 66 && row.updatedMs > before),
  );
  return ok(version >= 59 ? pageOf(call, found.reverse()) : { migrations: found.map((row) => view(call, row)) });
}

const PAGE_MAX = 1000;

/** From 2.59 on the newest come first, in pages. @throws Refusal 400 */
function pageOf(call: NovaCall, rows: readonly Migration[]): object {
  const marker = call.query.get("marker");
  const at = marker === null ? -1 : rows.findIndex(({ uuid }) => uuid === marker);
  if (marker !== null && at < 0) throw badRequest(`Marker ${marker} could not be found.`);
  const limit = Math.min(PAGE_MAX, Number(call.query.get("limit") ?? PAGE_MAX));
  const page = rows.slice(at + 1, at + 1 + limit);
  const last = page.at(-1);
  const isMore = last !== undefined && at + 1 + limit < rows.length;
  const next = `${call.base}/os-migrations?limit=${limit}&marker=${last?.uuid ?? ""}`;
  return {
    migrations: page.map((row) => view(call, row)),
    ...(isMore && { migrations_links: [{ rel: "next", href: next }] }),
  };
}

/** A live migration of a server that is under way. @throws Refusal 404 */
function requireRunning(call: NovaCall): Migration {
  const found = call.nova.slot.value.migrations.find(
    (row) => String(row.id) === call.params.migration && isListedOn(row, call),
  );
  if (found !== undefined) return found;
  throw notFound(
    `In-progress live migration with ID ${call.params.migration} could not be found for instance ${call.params.id}.`,
  );
}

/** The progress that a live migration shows: everything is copied at its end. */
const runningView = (call: NovaCall, row: Migration): object => ({
  id: row.id,
  server_uuid: row.serverId,
  source_compute: row.source,
  source_node: row.source,
  dest_compute: row.target,
  dest_node: row.target,
  dest_host: call.nova.cloud.hosts.find(({ name }) => name === row.target)?.address ?? null,
  status: row.status,
  created_at: storedTime(row.createdMs),
  updated_at: row.updatedMs === row.createdMs ? null : storedTime(row.updatedMs),
  memory_total_bytes: null,
  memory_processed_bytes: null,
  memory_remaining_bytes: null,
  disk_total_bytes: null,
  disk_processed_bytes: null,
  disk_remaining_bytes: null,
  ...(call.version >= 59 && { uuid: row.uuid }),
  ...(call.version >= 80 && { user_id: row.userId, project_id: row.projectId }),
});

/** Aborts a live migration: the server stays where it is. */
function abort(call: NovaCall): HttpReply {
  requireAdmin(call, "servers:migrations:delete");
  const server = requireServer(call);
  requireRunning(call);
  server.task = null;
  touchServer(call.nova, server);
  setMigration(call.nova, server.id, "cancelled");
  recordChange(call.nova, "migration.abort", server.id);
  return emptyReply(202);
}

/** Routes of the API reference, "Migrations (os-migrations)" and "Server migrations". */
export const MIGRATION_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/os-migrations", clients: ["openstack"], handler: listMigrations },
  {
    method: "GET",
    path: "/servers/:id/migrations",
    from: 23,
    handler: (call) => {
      requireAdmin(call, "servers:migrations:index");
      requireServer(call);
      const rows = call.nova.slot.value.migrations.filter((row) => isListedOn(row, call));
      return ok({ migrations: rows.map((row) => runningView(call, row)) });
    },
  },
  {
    method: "GET",
    path: "/servers/:id/migrations/:migration",
    from: 23,
    handler: (call) => {
      requireAdmin(call, "servers:migrations:show");
      requireServer(call);
      return ok({ migration: runningView(call, requireRunning(call)) });
    },
  },
  {
    method: "POST",
    path: "/servers/:id/migrations/:migration/action",
    from: 22,
    handler: (call) => {
      requireAdmin(call, "servers:migrations:force_complete");
      requireServer(call);
      requireRunning(call);
      return emptyReply(202);
    },
  },
  { method: "DELETE", path: "/servers/:id/migrations/:migration", from: 24, handler: abort },
];
