import { str } from "../python/index.ts";
import {
  accepted,
  asBoolean,
  badRequest,
  BOOLEAN,
  type Call,
  type CinderRoute,
  dated,
  denied,
  emptied,
  exact,
  member,
  METADATA,
  missing,
  NAME,
  ok,
  readBody,
  seesAll,
  textsOf,
} from "./call.ts";
import { CINDER_POINTS } from "./faults.ts";
import { listed, type Listing, metadataFilter } from "./lists.ts";
import { checkCount, checkGigabytes } from "./quotas.ts";
import { type SnapshotRow, use, type VolumeRow } from "./state.ts";
import { metadataRoutes, volumeOf } from "./volumes.ts";

/** ms of simulated work. */
const CREATE_MS = 500;
const DELETE_MS = 500;

/** @throws Refusal 404 */
function snapshotOf({ cinder, actor, params }: Call): SnapshotRow {
  const row = cinder.slot.value.snapshots.get(params.id ?? "");
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId))
    throw missing("Snapshot", params.id ?? "");
  return row;
}

const base = ({ version }: Call, row: SnapshotRow, isCreated = false): Record<string, unknown> => ({
  id: row.id,
  created_at: isCreated ? exact(row.createdMs) : dated(row.createdMs),
  updated_at: isCreated ? null : dated(row.updatedMs),
  name: row.name,
  description: row.description,
  volume_id: row.volumeId,
  status: row.status,
  size: row.sizeGb,
  metadata: row.metadata,
  ...(version >= 14 && { group_snapshot_id: null }),
  ...(version >= 41 && { user_id: row.userId }),
  ...(version >= 65 && { consumes_quota: true }),
});

const view = (call: Call, row: SnapshotRow): object => ({
  ...base(call, row),
  "os-extended-snapshot-attributes:project_id": row.projectId,
  "os-extended-snapshot-attributes:progress": row.status === "creating" ? "0%" : "100%",
});

/** From 3.66 on a volume in use needs no force, and `force` may only be true. @throws Refusal 400 */
function checkStatus({ version }: Call, volume: VolumeRow, force: unknown): void {
  if (version >= 66 && force !== undefined && asBoolean(force) !== true)
    throw badRequest(
      "Invalid input received: Since microversion 3.66 the 'force' flag is invalid for this request. For backward compatability, however, when the 'force' flag is passed with a value evaluating to True, it is silently ignored.",
    );
  const mayBeUsed = version >= 66 || asBoolean(force) === true;
  const { status } = volume;
  if (status === "available" || (status === "in-use" && mayBeUsed)) return;
  if (status === "maintenance")
    throw badRequest("Invalid volume: The snapshot cannot be created when the volume is in maintenance mode.");
  if (status === "error")
    throw badRequest("Invalid volume: The snapshot cannot be created when the volume is in error status.");
  throw badRequest(
    `Invalid volume: Volume ${volume.id} status must be available${mayBeUsed ? " or in-use" : ""}, but current status is: ${status}.`,
  );
}

function create(call: Call): ReturnType<CinderRoute["handler"]> {
  const { cinder, actor } = call;
  const fields = member(call, "snapshot", {
    type: "object",
    properties: {
      name: NAME,
      display_name: NAME,
      description: NAME,
      volume_id: { type: ["string", "null"], minLength: 1 },
      metadata: METADATA,
      force: BOOLEAN,
    },
    required: ["volume_id"],
  });
  const { name, description } = textsOf(fields);
  const volume = volumeOf(cinder, actor, str(fields.volume_id));
  checkStatus(call, volume, fields.force);
  checkGigabytes(cinder, volume.projectId, volume.sizeGb, 0);
  checkCount(cinder, volume.projectId, "snapshots");
  const { kernel } = cinder.cloud;
  const row: SnapshotRow = {
    id: cinder.cloud.uuid("cinder"),
    seq: ++cinder.slot.value.made,
    volumeId: volume.id,
    projectId: volume.projectId,
    userId: actor.userId,
    name: name ?? null,
    description: description ?? null,
    status: "creating",
    sizeGb: volume.sizeGb,
    metadata: (fields.metadata as Record<string, string> | null | undefined) ?? {},
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  cinder.slot.value.snapshots.set(row.id, row);
  use(cinder, row.projectId, { snapshots: 1, gigabytes: row.sizeGb });
  kernel.record("cinder", "snapshot.create", row.id, { project: row.projectId, volume: volume.id });
  const effect = kernel.faults.at(CINDER_POINTS.snapshot, { id: row.id, volume: volume.id });
  const status = effect?.kind === "error" ? "error" : "available";
  if (effect?.kind !== "stuck") kernel.timer(kernel.work(CREATE_MS), "cinder/snapshot", { id: row.id, status });
  return ok({ snapshot: base(call, row, true) }, 202);
}

function remove(call: Call): ReturnType<CinderRoute["handler"]> {
  const row = snapshotOf(call);
  if (!["available", "error"].includes(row.status))
    throw badRequest("Invalid snapshot: Snapshot status must be available or error.");
  startRemoval(call, row);
  return emptied();
}

function startRemoval({ cinder }: Call, row: SnapshotRow): void {
  const { kernel } = cinder.cloud;
  row.status = "deleting";
  row.updatedMs = kernel.nowMs;
  kernel.timer(kernel.work(DELETE_MS), "cinder/snapshot-deleted", { id: row.id });
}

function update(call: Call): ReturnType<CinderRoute["handler"]> {
  const row = snapshotOf(call);
  const properties = { name: NAME, description: NAME, display_name: NAME, display_description: NAME };
  const fields = member(call, "snapshot", { type: "object", properties, additionalProperties: false });
  if (Object.keys(fields).length === 0) throw badRequest("Invalid input received: At least one property is required");
  const { name, description } = textsOf(fields);
  if (name !== undefined) row.name = name;
  if (description !== undefined) row.description = description;
  row.updatedMs = call.cinder.cloud.kernel.nowMs;
  return ok({ snapshot: base(call, row) });
}

function act(call: Call): ReturnType<CinderRoute["handler"]> {
  const body = readBody(call);
  const [name = ""] = typeof body === "object" && body !== null ? Object.keys(body) : [];
  const row = snapshotOf(call);
  if (name !== "os-reset_status" && name !== "os-force_delete")
    throw badRequest(
      `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
    );
  if (!call.actor.isAdmin) throw denied(`volume_extension:snapshot_admin_actions:${name.replace("os-", "")}`);
  if (name === "os-force_delete") startRemoval(call, row);
  else {
    const status = { type: "string", enum: ["available", "creating", "deleting", "error", "error_deleting"] };
    const fields = member(call, name, { type: "object", properties: { status }, required: ["status"] });
    row.status = String(fields.status);
  }
  return accepted();
}

const LISTING: Listing<SnapshotRow> = {
  collection: "snapshots",
  kind: "Snapshot",
  idOf: ({ id }) => id,
  seqOf: ({ seq }) => seq,
  sortKeys: {
    created_at: ({ seq }) => seq,
    id: ({ id }) => id,
    name: ({ name }) => name,
    display_name: ({ name }) => name,
    size: ({ sizeGb }) => sizeGb,
    volume_size: ({ sizeGb }) => sizeGb,
    status: ({ status }) => status,
  },
  filters: {
    name: (row, value) => row.name === value,
    status: (row, value) => row.status === value,
    volume_id: (row, value) => row.volumeId === value,
    metadata: (row, value) => metadataFilter(row.metadata, value),
  },
};

function list(call: Call, path: string, shown: (row: SnapshotRow) => object): ReturnType<CinderRoute["handler"]> {
  const own = [...call.cinder.slot.value.snapshots.values()].filter(
    ({ projectId }) => seesAll(call) || projectId === call.actor.projectId,
  );
  const { page, extras } = listed(call, LISTING, own, path);
  return ok({ snapshots: page.map(shown), ...extras });
}

export const SNAPSHOT_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/snapshots", clients: ["openstack"], handler: create },
  { method: "GET", path: "/snapshots", handler: (call) => list(call, "/snapshots", (row) => base(call, row)) },
  {
    method: "GET",
    path: "/snapshots/detail",
    clients: ["openstack"],
    handler: (call) => list(call, "/snapshots/detail", (row) => view(call, row)),
  },
  {
    method: "GET",
    path: "/snapshots/:id",
    clients: ["openstack"],
    handler: (call) => ok({ snapshot: view(call, snapshotOf(call)) }),
  },
  { method: "PUT", path: "/snapshots/:id", clients: ["openstack"], handler: update },
  { method: "DELETE", path: "/snapshots/:id", clients: ["openstack"], handler: remove },
  { method: "POST", path: "/snapshots/:id/action", clients: ["openstack"], handler: act },
  ...metadataRoutes("snapshots", "Snapshot", snapshotOf),
];
