import type { HttpReply } from "../../../kernel/index.ts";
import { startDeleteVolume } from "../behaviour/delete-volume.ts";
import { recordChange } from "../state/cinder.ts";
import type { VolumeRow } from "../state/rows.ts";
import { setSnapshotStatus, snapshotsOf } from "../state/snapshots.ts";
import { readTexts, requireMember } from "../wire/body.ts";
import { badRequest } from "../wire/errors.ts";
import { metadataFilter, timeFilter } from "../wire/filters.ts";
import { links } from "../wire/links.ts";
import { COMMON_SORT_KEYS, type ListDescription, listPage } from "../wire/lists.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import { type CinderCall, isForAllProjects } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import { METADATA, NAME, parseBoolean } from "../wire/schemas.ts";
import { createVolumeRoute } from "./volumes/create.ts";
import { requireVolumeOf } from "./volumes/require-volume.ts";
import { volumeDetailView, volumeView } from "./volumes/view.ts";
import type { Schema } from "../../schema/schema.ts";

const UPDATE = {
  type: ["object", "null"],
  properties: {
    name: NAME,
    description: NAME,
    display_name: NAME,
    display_description: NAME,
    metadata: METADATA,
  },
  additionalProperties: false,
} as const satisfies Schema;

function update(call: CinderCall): HttpReply {
  const row = requireVolumeOf(call);
  const fields = requireMember(call, "volume", UPDATE) ?? {};
  const { name, description } = readTexts(fields);
  if (name !== undefined) row.name = name;
  if (description !== undefined) row.description = description;
  if (fields.metadata) row.metadata = fields.metadata;
  row.updatedMs = call.cinder.cloud.kernel.nowMs;
  recordChange(call.cinder, "volume.update", row.id, { name: row.name });
  return ok({ volume: volumeView(call, row, false) });
}

const DELETABLE = new Set(["available", "error", "error_restoring", "error_extending", "error_managing"]);

/** @throws Refusal 400 */
function flagIn({ query }: CinderCall, name: string): boolean {
  const flag = parseBoolean(query.get(name) ?? "false");
  if (flag === undefined) throw badRequest(`Value '${query.get(name)}' for '${name}' is not a boolean.`);
  return flag;
}

function remove(call: CinderCall): HttpReply {
  const { cinder, actor } = call;
  flagIn(call, "cascade");
  const row = requireVolumeOf(call);
  if (actor.isAdmin && call.version >= 23 && flagIn(call, "force")) {
    startDeleteVolume(cinder, row);
    return emptyReply();
  }
  const isCascade = flagIn(call, "cascade");
  const snapshots = snapshotsOf(cinder, row.id);
  if (
    !DELETABLE.has(row.status) ||
    row.attachments.length > 0 ||
    row.groupId !== null ||
    (snapshots.length > 0 && !isCascade)
  )
    throw badRequest(
      "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.",
    );
  for (const snapshot of snapshots) setSnapshotStatus(cinder, snapshot, "deleting");
  startDeleteVolume(cinder, row);
  return emptyReply();
}

const LISTING: ListDescription<VolumeRow> = {
  collection: "volumes",
  kind: "Volume",
  idOf: ({ id }) => id,
  seqOf: ({ seq }) => seq,
  sortKeys: {
    ...COMMON_SORT_KEYS,
    updated_at: ({ updatedMs }) => updatedMs,
    bootable: ({ bootable }) => bootable,
    availability_zone: ({ zone }) => zone,
    host: () => "",
  },
  filters: {
    name: (row, value) => row.name === value,
    display_name: (row, value) => row.name === value,
    status: (row, value) => row.status === value,
    size: (row, value) => String(row.sizeGb) === value,
    availability_zone: (row, value) => row.zone === value,
    bootable: (row, value) => row.bootable === parseBoolean(value),
    metadata: (row, value) => metadataFilter(row.metadata, value),
    glance_metadata: (row, value) => metadataFilter(row.imageMetadata, value),
    created_at: (row, value) => timeFilter(row.createdMs, value),
    updated_at: (row, value) => timeFilter(row.updatedMs, value),
    id: (row, value) => row.id === value,
    group_id: (row, value) => row.groupId === value,
    migration_status: () => false,
  },
};

/** Filters that need more than the row. */
function listingOf({ cinder, actor }: CinderCall): ListDescription<VolumeRow> {
  const typeName = (row: VolumeRow): string | undefined => cinder.slot.value.types.get(row.typeId)?.name;
  return {
    ...LISTING,
    filters: {
      ...LISTING.filters,
      volume_type: (row, value) => typeName(row) === value || row.typeId === value,
      project_id: (row, value) => !actor.isAdmin || row.projectId === value,
    },
  };
}

function list(call: CinderCall, path: string, shown: (row: VolumeRow) => object): HttpReply {
  const { volumes, byProject } = call.cinder.slot.value;
  const own = isForAllProjects(call) ? volumes.values() : (byProject.get(call.actor.projectId)?.values() ?? []);
  const { page, extras } = listPage(call, listingOf(call), [...own], path);
  return ok({ volumes: page.map(shown), ...extras });
}

function summary(call: CinderCall): HttpReply {
  const { volumes, byProject } = call.cinder.slot.value;
  const own = [...(isForAllProjects(call) ? volumes.values() : (byProject.get(call.actor.projectId)?.values() ?? []))];
  const metadata: Record<string, string[]> = {};
  for (const [key, value] of own.flatMap((row) => Object.entries(row.metadata))) {
    const values = (metadata[key] ??= []);
    if (!values.includes(value)) values.push(value);
  }
  const counted = { total_count: own.length, total_size: own.reduce((sum, row) => sum + row.sizeGb, 0) };
  return ok({ "volume-summary": { ...counted, ...(call.version >= 36 && { metadata }) } });
}

/** Routes of the API reference, "Volumes". */
export const VOLUME_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/volumes", clients: ["bosh", "openstack"], handler: createVolumeRoute },
  {
    method: "GET",
    path: "/volumes",
    clients: ["openstack"],
    handler: (call) => list(call, "/volumes", ({ id, name }) => ({ id, name, links: links(call, "volumes", id) })),
  },
  {
    method: "GET",
    path: "/volumes/detail",
    clients: ["openstack"],
    handler: (call) => list(call, "/volumes/detail", (row) => volumeDetailView(call, row)),
  },
  { method: "GET", path: "/volumes/summary", from: 12, clients: ["openstack"], handler: summary },
  {
    method: "GET",
    path: "/volumes/:id",
    clients: ["bosh", "openstack"],
    handler: (call) => ok({ volume: volumeDetailView(call, requireVolumeOf(call)) }),
  },
  { method: "PUT", path: "/volumes/:id", clients: ["openstack"], handler: update },
  { method: "DELETE", path: "/volumes/:id", clients: ["bosh", "openstack"], handler: remove },
];
