import type { Actor, ImageView } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import type { Schema } from "../schema/index.ts";
import {
  asBoolean,
  badRequest,
  BOOLEAN,
  type Call,
  type CinderRoute,
  dated,
  emptied,
  exact,
  links,
  member,
  METADATA,
  missing,
  NAME,
  notFound,
  ok,
  seesAll,
  STRICT_METADATA,
  textsOf,
  UUID_OR_NULL,
} from "./call.ts";
import { CINDER_POINTS } from "./faults.ts";
import { listed, type Listing, metadataFilter, timeFilter } from "./lists.ts";
import { checkCount, checkGigabytes } from "./quotas.ts";
import {
  addVolume,
  BACKEND,
  type Cinder,
  findType,
  HOST,
  setStatus,
  snapshotsOf,
  type TypeRow,
  TYPES,
  type VolumeRow,
} from "./state.ts";

/** ms of simulated work. */
const CREATE_MS = 3000;
const DELETE_MS = 1500;
const GIB = 1024 ** 3;

export interface NewVolume {
  readonly sizeGb: number;
  readonly name: string | null;
  readonly description: string | null;
  readonly zone: string;
  readonly type: TypeRow;
  readonly image?: ImageView | undefined;
  readonly snapshotId?: string | null;
  readonly sourceId?: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly requestId: string;
}

/** What a volume remembers of the image or volume that it was made from. */
const imageMetadataOf = (image: ImageView): Record<string, string> => ({
  image_id: image.id,
  image_name: image.name ?? "",
  checksum: image.checksum ?? "",
  container_format: image.containerFormat ?? "",
  disk_format: image.diskFormat ?? "",
  min_disk: String(image.minDiskGb),
  min_ram: String(image.minRamMb),
  size: String(image.sizeBytes),
  ...image.properties,
});

/** Accepts a volume; it becomes available, or error, later. @throws Refusal 413 */
export function makeVolume(cinder: Cinder, actor: Actor, wanted: NewVolume): VolumeRow {
  checkGigabytes(cinder, actor.projectId, wanted.sizeGb);
  checkCount(cinder, actor.projectId, "volumes");
  const { kernel } = cinder.cloud;
  const state = cinder.slot.value;
  const source = state.volumes.get(wanted.sourceId ?? state.snapshots.get(wanted.snapshotId ?? "")?.volumeId ?? "");
  const row: VolumeRow = {
    id: cinder.cloud.uuid("cinder"),
    seq: ++state.made,
    projectId: actor.projectId,
    userId: actor.userId,
    name: wanted.name,
    description: wanted.description,
    sizeGb: wanted.sizeGb,
    status: "creating",
    statusBefore: "available",
    zone: wanted.zone,
    typeId: wanted.type.id,
    imageId: wanted.image?.id,
    snapshotId: wanted.snapshotId ?? null,
    sourceId: wanted.sourceId ?? null,
    bootable: false,
    createdMs: kernel.nowMs,
    updatedMs: null,
    metadata: wanted.metadata,
    imageMetadata: wanted.image === undefined ? (source?.imageMetadata ?? {}) : imageMetadataOf(wanted.image),
    attachments: [],
  };
  addVolume(cinder, row);
  kernel.record("cinder", "volume.create", row.id, { project: row.projectId, name: row.name, size: row.sizeGb });
  const bootable = wanted.image !== undefined || source?.bootable === true;
  startCreation(cinder, row, wanted.type, bootable, wanted.requestId);
  return row;
}

function startCreation(cinder: Cinder, row: VolumeRow, type: TypeRow, bootable: boolean, requestId: string): void {
  const { kernel } = cinder.cloud;
  const effect = kernel.faults.at(CINDER_POINTS.create, { id: row.id, name: row.name ?? "" });
  if (effect?.kind === "stuck") return;
  const backend = type.extraSpecs.volume_backend_name;
  const isHomeless = backend !== undefined && backend !== BACKEND;
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  const end: Creation = {
    id: row.id,
    status: effect?.kind === "error" || isHomeless ? "error" : "available",
    bootable,
    homelessRequest: isHomeless ? requestId : "",
  };
  kernel.timer((isHomeless ? kernel.work(CREATE_MS / 10) : kernel.work(CREATE_MS)) + delayMs, "cinder/created", end);
}

export interface Creation {
  readonly id: string;
  readonly status: string;
  readonly bootable: boolean;
  /** The request that asked for a type without a back end; empty: it has one. */
  readonly homelessRequest: string;
}

/** @throws Refusal 404 */
export function volumeOf(cinder: Cinder, actor: Actor, id: string): VolumeRow {
  const row = cinder.slot.value.volumes.get(id);
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId)) throw missing("Volume", id);
  return row;
}

export const ownVolume = ({ cinder, actor, params }: Call): VolumeRow => volumeOf(cinder, actor, params.id ?? "");

/** What every answer shows; `isCreated`: the answer of the creation. */
function base(call: Call, row: VolumeRow, isCreated: boolean): Record<string, unknown> {
  const { version, actor, cinder } = call;
  return {
    id: row.id,
    status: row.status,
    size: row.sizeGb,
    availability_zone: row.zone,
    created_at: isCreated ? exact(row.createdMs) : dated(row.createdMs),
    updated_at: isCreated ? null : dated(row.updatedMs),
    name: row.name,
    description: row.description,
    volume_type: cinder.slot.value.types.get(row.typeId)?.name ?? null,
    snapshot_id: row.snapshotId,
    source_volid: row.sourceId,
    metadata: row.metadata,
    links: links(call, "volumes", row.id),
    user_id: row.userId,
    bootable: String(row.bootable),
    encrypted: false,
    replication_status: null,
    consistencygroup_id: null,
    multiattach: false,
    attachments: row.attachments.filter(({ device }) => device !== null).map((each) => attachmentOf(call, row, each)),
    ...(actor.isAdmin && { migration_status: null }),
    ...(version >= 13 && { group_id: null }),
    ...(version >= 21 && actor.isAdmin && { provider_id: null }),
    ...(version >= 48 && { shared_targets: false, service_uuid: SERVICE_UUID }),
    ...(version >= 61 && actor.isAdmin && { cluster_name: null }),
    ...(version >= 63 && { volume_type_id: row.typeId }),
    ...(version >= 65 && { consumes_quota: true }),
  };
}

/** The volume service's own id; the same in every cloud. */
const SERVICE_UUID = "4b3a5c1e-7f0d-4e7b-9c59-3f2f6f5f0c11";

const attachmentOf = ({ actor }: Call, row: VolumeRow, each: VolumeRow["attachments"][number]): object => ({
  id: row.id,
  attachment_id: each.id,
  volume_id: row.id,
  server_id: each.serverId,
  host_name: actor.isAdmin ? each.host : null,
  device: each.device,
  attached_at: dated(each.attachedMs),
});

function view(call: Call, row: VolumeRow): Record<string, unknown> {
  return {
    ...base(call, row, false),
    "os-vol-tenant-attr:tenant_id": row.projectId,
    ...(Object.keys(row.imageMetadata).length > 0 && { volume_image_metadata: row.imageMetadata }),
    ...(call.actor.isAdmin && {
      "os-vol-host-attr:host": HOST,
      "os-vol-mig-status-attr:migstat": null,
      "os-vol-mig-status-attr:name_id": null,
    }),
  };
}

const CREATE: Schema = {
  type: "object",
  properties: {
    name: NAME,
    description: NAME,
    display_name: NAME,
    display_description: NAME,
    volume_type: { type: ["string", "null"] },
    metadata: METADATA,
    snapshot_id: UUID_OR_NULL,
    source_volid: UUID_OR_NULL,
    consistencygroup_id: UUID_OR_NULL,
    size: { type: ["integer", "string", "null"], pattern: "^[0-9]+$", minimum: 1, minLength: 1, maximum: 2147483647 },
    availability_zone: { type: ["string", "null"], minLength: 1, maxLength: 255 },
    multiattach: BOOLEAN,
    image_id: { type: ["string", "null"] },
    imageRef: { type: ["string", "null"] },
  },
};
const STRICT_FROM = 53;
const STRICT_CREATE: Schema = {
  ...CREATE,
  properties: { ...CREATE.properties, backup_id: UUID_OR_NULL, group_id: UUID_OR_NULL },
  additionalProperties: false,
};

function create(call: Call): ReturnType<CinderRoute["handler"]> {
  const { cinder, actor, version, requestId } = call;
  const fields = member(call, "volume", version >= STRICT_FROM ? STRICT_CREATE : CREATE);
  const { name, description } = textsOf(fields);
  const type = typeFor(call, fields.volume_type as string | null | undefined);
  const { snapshotId, sourceId, sourceGb, message } = sourceFor(call, fields);
  const image = imageFor(call, fields.imageRef ?? fields.image_id);
  if (asBoolean(fields.multiattach) === true) throw badRequest(NO_MULTIATTACH);
  const size = fields.size === undefined || fields.size === null ? sourceGb : Number(fields.size);
  if (size === 0) throw badRequest("Invalid input received: Volume size '0' must be an integer and greater than 0");
  if (size === undefined)
    throw badRequest(
      "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    );
  if (sourceGb !== undefined && size < sourceGb) throw badRequest(message(size));
  checkImageFits(image, size);
  const zone = (fields.availability_zone as string | null | undefined) ?? cinder.cloud.zones[0] ?? "nova";
  if (!cinder.cloud.zones.includes(zone)) throw badRequest(`Availability zone '${zone}' is invalid.`);
  const row = makeVolume(cinder, actor, {
    sizeGb: size,
    name: name ?? null,
    description: description ?? null,
    zone,
    type,
    image,
    snapshotId,
    sourceId,
    metadata: (fields.metadata as Record<string, string> | null | undefined) ?? {},
    requestId,
  });
  return ok({ volume: base(call, row, true) }, 202);
}

const NO_MULTIATTACH =
  "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. Contact your administrator to create a multiattach enabled volume type and use it to create multiattach volumes.";

/** The type that is named, else the source's, else the default. @throws Refusal 404 */
export function typeFor({ cinder, actor }: Pick<Call, "cinder" | "actor">, wanted: string | null | undefined): TypeRow {
  const found = findType(cinder, wanted ?? TYPES[0]);
  const visible = found !== undefined && (actor.isAdmin || found.isPublic || found.projects.includes(actor.projectId));
  if (visible) return found;
  const isId = /^[0-9a-f-]{36}$/.test(wanted ?? "");
  throw missing(isId ? "Volume type" : "Volume type with name", wanted ?? TYPES[0]);
}

interface Source {
  readonly snapshotId: string | null;
  readonly sourceId: string | null;
  readonly sourceGb: number | undefined;
  readonly message: (sizeGb: number) => string;
}

/** @throws Refusal 400, 404 */
function sourceFor({ cinder, actor }: Call, fields: Readonly<Record<string, unknown>>): Source {
  const sees = (row: { readonly projectId: string } | undefined): boolean =>
    row !== undefined && (actor.isAdmin || row.projectId === actor.projectId);
  const snapshot = cinder.slot.value.snapshots.get(String(fields.snapshot_id));
  if (fields.snapshot_id && !sees(snapshot)) throw missing("Snapshot", String(fields.snapshot_id));
  if (snapshot !== undefined && snapshot.status !== "available")
    throw badRequest("Invalid snapshot: Originating snapshot status must be one of 'available' values");
  const volume = cinder.slot.value.volumes.get(String(fields.source_volid));
  if (fields.source_volid && !sees(volume)) throw missing("Volume", String(fields.source_volid));
  if (fields.consistencygroup_id) throw missing("Group", String(fields.consistencygroup_id));
  if (fields.group_id) throw missing("Group", String(fields.group_id));
  if (fields.backup_id) throw missing("Backup", String(fields.backup_id));
  return {
    snapshotId: snapshot?.id ?? null,
    sourceId: volume?.id ?? null,
    sourceGb: snapshot?.sizeGb ?? volume?.sizeGb,
    message: (sizeGb) =>
      snapshot === undefined
        ? `Invalid input received: Volume size '${sizeGb}'GB cannot be smaller than original volume size  ${volume?.sizeGb}GB. They must be >= original volume size.`
        : `Invalid input received: Volume size '${sizeGb}'GB cannot be smaller than the snapshot size ${snapshot.sizeGb}GB. They must be >= original snapshot size.`,
  };
}

/** @throws Refusal 400 */
function imageFor({ cinder, actor }: Call, wanted: unknown): ImageView | undefined {
  if (wanted === undefined || wanted === null) return undefined;
  const image = cinder.cloud.images.image(actor, String(wanted).split("/").at(-1) ?? "");
  if (image === undefined) throw badRequest("Invalid image identifier or unable to access requested image.");
  return image;
}

/** @throws Refusal 400 */
function checkImageFits(image: ImageView | undefined, sizeGb: number): void {
  if (image === undefined) return;
  if (image.status !== "active") throw badRequest(`Invalid input received: Image ${image.id} is not active.`);
  const imageGb = Math.ceil(image.sizeBytes / GIB);
  if (imageGb > sizeGb)
    throw badRequest(
      `Invalid input received: Size of specified image ${imageGb}GB is larger than volume size ${sizeGb}GB.`,
    );
  if (image.minDiskGb > sizeGb)
    throw badRequest(
      `Invalid input received: Volume size ${sizeGb}GB cannot be smaller than the image minDisk size ${image.minDiskGb}GB.`,
    );
}

function update(call: Call): ReturnType<CinderRoute["handler"]> {
  const properties = {
    name: NAME,
    description: NAME,
    display_name: NAME,
    display_description: NAME,
    metadata: METADATA,
  };
  const row = ownVolume(call);
  const fields = member(call, "volume", { type: ["object", "null"], properties, additionalProperties: false });
  const { name, description } = textsOf(fields);
  if (name !== undefined) row.name = name;
  if (description !== undefined) row.description = description;
  if (fields.metadata) row.metadata = fields.metadata as Record<string, string>;
  row.updatedMs = call.cinder.cloud.kernel.nowMs;
  return ok({ volume: base(call, row, false) });
}

const DELETABLE = new Set(["available", "error", "error_restoring", "error_extending", "error_managing"]);

function remove(call: Call): ReturnType<CinderRoute["handler"]> {
  const { cinder, query, actor } = call;
  const row = ownVolume(call);
  if (actor.isAdmin && asBoolean(query.get("force")) === true) return forceRemove(cinder, row);
  const isCascade = asBoolean(query.get("cascade")) === true;
  const snapshots = snapshotsOf(cinder, row.id);
  if (!DELETABLE.has(row.status) || row.attachments.length > 0 || (snapshots.length > 0 && !isCascade))
    throw badRequest(
      "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.",
    );
  for (const snapshot of snapshots) snapshot.status = "deleting";
  startRemoval(cinder, row);
  return emptied();
}

export function forceRemove(cinder: Cinder, row: VolumeRow): ReturnType<typeof emptied> {
  startRemoval(cinder, row);
  return emptied();
}

/** One that no back end ever had is gone at once. */
export function startRemoval(cinder: Cinder, row: VolumeRow): void {
  const { kernel } = cinder.cloud;
  setStatus(cinder, row, "deleting");
  kernel.timer(kernel.work(DELETE_MS), "cinder/deleted", { id: row.id });
}

const LISTING: Listing<VolumeRow> = {
  collection: "volumes",
  kind: "Volume",
  idOf: ({ id }) => id,
  seqOf: ({ seq }) => seq,
  sortKeys: {
    created_at: ({ seq }) => seq,
    updated_at: ({ updatedMs }) => updatedMs,
    id: ({ id }) => id,
    name: ({ name }) => name,
    display_name: ({ name }) => name,
    size: ({ sizeGb }) => sizeGb,
    status: ({ status }) => status,
    bootable: ({ bootable }) => bootable,
    availability_zone: ({ zone }) => zone,
    host: () => HOST,
  },
  filters: {
    name: (row, value) => row.name === value,
    display_name: (row, value) => row.name === value,
    status: (row, value) => row.status === value,
    size: (row, value) => String(row.sizeGb) === value,
    availability_zone: (row, value) => row.zone === value,
    bootable: (row, value) => row.bootable === asBoolean(value),
    metadata: (row, value) => metadataFilter(row.metadata, value),
    glance_metadata: (row, value) => metadataFilter(row.imageMetadata, value),
    created_at: (row, value) => timeFilter(row.createdMs, value),
    updated_at: (row, value) => timeFilter(row.updatedMs, value),
    id: (row, value) => row.id === value,
    group_id: () => false,
    migration_status: () => false,
  },
};

/** Filters that need to know more than the row. */
function listingOf({ cinder, actor }: Call): Listing<VolumeRow> {
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

function list(call: Call, path: string, shown: (row: VolumeRow) => object): ReturnType<CinderRoute["handler"]> {
  const { volumes, byProject } = call.cinder.slot.value;
  const own = seesAll(call) ? volumes.values() : (byProject.get(call.actor.projectId)?.values() ?? []);
  const { page, extras } = listed(call, listingOf(call), [...own], path);
  return ok({ volumes: page.map(shown), ...extras });
}

function summary(call: Call): ReturnType<CinderRoute["handler"]> {
  const { volumes, byProject } = call.cinder.slot.value;
  const own = [...(seesAll(call) ? volumes.values() : (byProject.get(call.actor.projectId)?.values() ?? []))];
  const metadata: Record<string, string[]> = {};
  for (const [key, value] of own.flatMap((row) => Object.entries(row.metadata))) {
    const values = (metadata[key] ??= []);
    if (!values.includes(value)) values.push(value);
  }
  const counted = { total_count: own.length, total_size: own.reduce((sum, row) => sum + row.sizeGb, 0) };
  return ok({ "volume-summary": { ...counted, ...(call.version >= 36 && { metadata }) } });
}

/** Metadata of volumes and snapshots: the same five routes. */
export function metadataRoutes<T extends { readonly id: string; metadata: Readonly<Record<string, string>> }>(
  collection: string,
  kind: string,
  find: (call: Call) => T,
): readonly CinderRoute[] {
  const item = (call: Call): { row: T; key: string; value: string } => {
    const row = find(call);
    const key = call.params.key ?? "";
    const value = row.metadata[key];
    if (value === undefined) throw notFound(`${kind} ${row.id} has no metadata with key ${key}.`);
    return { row, key, value };
  };
  const path = `/${collection}/:id/metadata`;
  const set = (call: Call, merge: boolean): ReturnType<CinderRoute["handler"]> => {
    const row = find(call);
    const metadata = member(call, "metadata", STRICT_METADATA) as Record<string, string>;
    row.metadata = merge ? { ...row.metadata, ...metadata } : metadata;
    return ok({ metadata: row.metadata });
  };
  return [
    { method: "GET", path, clients: ["openstack"], handler: (call) => ok({ metadata: find(call).metadata }) },
    { method: "POST", path, clients: ["bosh", "openstack"], handler: (call) => set(call, true) },
    { method: "PUT", path, handler: (call) => set(call, false) },
    {
      method: "GET",
      path: `${path}/:key`,
      handler: (call) => {
        const { key, value } = item(call);
        return ok({ meta: { [key]: value } });
      },
    },
    {
      method: "PUT",
      path: `${path}/:key`,
      handler: (call) => {
        const row = find(call);
        const meta = member(call, "meta", STRICT_METADATA) as Record<string, string>;
        const value = meta[call.params.key ?? ""];
        if (value === undefined) throw badRequest("Request body and URI mismatch");
        if (Object.keys(meta).length > 1) throw badRequest("Request body contains too many items");
        row.metadata = { ...row.metadata, ...meta };
        return ok({ meta });
      },
    },
    {
      method: "DELETE",
      path: `${path}/:key`,
      handler: (call) => {
        const { row, key } = item(call);
        row.metadata = Object.fromEntries(Object.entries(row.metadata).filter(([name]) => name !== key));
        return emptied(200);
      },
    },
  ];
}

/** Refuses what is not modelled, in Cinder's own error form. */
export const notSimulated = (what: string): Refusal => new Refusal(400, "badRequest", `not simulated: ${what}`);

export const VOLUME_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/volumes", clients: ["bosh", "openstack"], handler: create },
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
    handler: (call) => list(call, "/volumes/detail", (row) => view(call, row)),
  },
  { method: "GET", path: "/volumes/summary", from: 12, clients: ["openstack"], handler: summary },
  {
    method: "GET",
    path: "/volumes/:id",
    clients: ["bosh", "openstack"],
    handler: (call) => ok({ volume: view(call, ownVolume(call)) }),
  },
  { method: "PUT", path: "/volumes/:id", clients: ["openstack"], handler: update },
  { method: "DELETE", path: "/volumes/:id", clients: ["bosh", "openstack"], handler: remove },
  ...metadataRoutes("volumes", "Volume", ownVolume),
];
