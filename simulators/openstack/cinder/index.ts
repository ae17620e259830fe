import { bodyJson, json, type HttpReply, type Service, type Slot } from "../../kernel/index.ts";
import type { Actor, Cloud, VolumeOps, VolumeView } from "../cloud.ts";
import { type MicroversionRange, microversionOf } from "../common/microversion.ts";
import { Refusal } from "../common/refusal.ts";
import {
  type Context,
  keystoneUnauthorized,
  type OpenStackRoute,
  openStackService,
  type Style,
} from "../common/service.ts";
import { isoMicros } from "../common/time.ts";

/** ms of simulated work. */
const CREATE_MS = 3000;
const DELETE_MS = 1500;

interface Attachment {
  readonly id: string;
  readonly serverId: string;
  device: string | null;
  host: string | null;
  attachedMs: number;
}

interface VolumeRow {
  readonly id: string;
  readonly projectId: string;
  readonly userId: string;
  name: string | null;
  description: string | null;
  sizeGb: number;
  status: string;
  readonly zone: string;
  readonly volumeType: string;
  readonly imageId: string | undefined;
  readonly createdMs: number;
  updatedMs: number | null;
  metadata: Readonly<Record<string, string>>;
  attachments: readonly Attachment[];
}

export interface CinderState {
  readonly volumes: Map<string, VolumeRow>;
  readonly quotas: Map<string, Record<string, number>>;
}

interface Cinder {
  readonly cloud: Cloud;
  readonly slot: Slot<CinderState>;
}

export interface CinderService {
  readonly service: Service;
  readonly ops: VolumeOps;
  /** For the world's laws; read only. */
  state(): CinderState;
}

const MICROVERSIONS: MicroversionRange = { service: "volume", major: 3, minorMin: 0, minorMax: 70 };

const FAULTS: Readonly<Record<number, string>> = {
  400: "badRequest",
  403: "forbidden",
  404: "itemNotFound",
  409: "conflictingRequest",
  413: "overLimit",
};
const NO_ROUTE = {
  message: "The resource could not be found.<br /><br />\n\n\n",
  code: "404 Not Found",
  title: "Not Found",
};

const STYLE: Style = {
  refuse: ({ status, message, extras }) =>
    json(
      status,
      { [FAULTS[status] ?? "computeFault"]: { code: status, message, ...extras.members } },
      extras.headers ?? {},
    ),
  unauthenticated: keystoneUnauthorized,
  unmatched: () => json(404, NO_ROUTE),
  headers: ({ requestId, request }) => ({
    "OpenStack-API-Version": `volume 3.${versionOf(request.headers)}`,
    Vary: "OpenStack-API-Version",
    "X-Compute-Request-Id": requestId,
    "X-Openstack-Request-Id": requestId,
  }),
  admit: ({ params, actor }) => {
    if (
      params.project !== undefined &&
      params.project !== actor.projectId &&
      !(actor.isAdmin && params.target !== undefined)
    )
      throw badRequest("Malformed request url");
  },
  isOpen: (request) => request.path === "/",
};

function versionOf(headers: Readonly<Record<string, string>>): number {
  try {
    return microversionOf(MICROVERSIONS, headers);
  } catch (error) {
    if (error instanceof Refusal) return MICROVERSIONS.minorMin;
    throw error;
  }
}

const badRequest = (message: string): Refusal => new Refusal(400, "badRequest", message);

function member(context: Context, name: string): Record<string, unknown> {
  const body = bodyJson(context.request);
  if (!body.ok) throw badRequest("Malformed request body");
  const value = (body.value as Record<string, unknown> | null)?.[name];
  if (typeof value !== "object" || value === null)
    throw badRequest(
      `Invalid input for field/attribute ${name}. Value: ${String(value)}. '${name}' is a required property`,
    );
  return value as Record<string, unknown>;
}

const DEFAULT_QUOTAS: Readonly<Record<string, number>> = {
  volumes: 10,
  gigabytes: 1000,
  snapshots: 10,
  per_volume_gigabytes: -1,
  backups: 10,
  backup_gigabytes: 1000,
  groups: 10,
};

const quotasOf = ({ cloud, slot }: Cinder, projectId: string): Record<string, number> => ({
  ...Object.fromEntries(Object.entries(DEFAULT_QUOTAS).map(([name, limit]) => [name, cloud.quota(name, limit)])),
  ...slot.value.quotas.get(projectId),
});

/** @throws Refusal 413 */
function checkQuota(cinder: Cinder, projectId: string, sizeGb: number): void {
  const { volumes, gigabytes } = quotasOf(cinder, projectId);
  if ((volumes ?? -1) < 0 && (gigabytes ?? -1) < 0) return;
  const own = [...cinder.slot.value.volumes.values()].filter((each) => each.projectId === projectId);
  const over = (message: string): Refusal =>
    new Refusal(413, "overLimit", message, { headers: { "Retry-After": "0" }, members: { retryAfter: "0" } });
  if (volumes !== undefined && volumes >= 0 && own.length >= volumes) {
    throw over(`VolumeLimitExceeded: Maximum number of volumes allowed (${volumes}) exceeded for quota 'volumes'.`);
  }
  const used = own.reduce((sum, each) => sum + each.sizeGb, 0);
  if (gigabytes !== undefined && gigabytes >= 0 && used + sizeGb > gigabytes) {
    throw over(
      `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested ${sizeGb}G, quota is ${gigabytes}G and ${used}G has been consumed.`,
    );
  }
}

interface NewVolume {
  readonly sizeGb: number;
  readonly name: string | null;
  readonly description: string | null;
  readonly zone: string;
  readonly imageId: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

function make(cinder: Cinder, actor: Actor, wanted: NewVolume): VolumeRow {
  checkQuota(cinder, actor.projectId, wanted.sizeGb);
  const { kernel } = cinder.cloud;
  const row: VolumeRow = {
    id: cinder.cloud.uuid("cinder"),
    projectId: actor.projectId,
    userId: actor.userId,
    ...wanted,
    status: "creating",
    volumeType: "fake",
    createdMs: kernel.nowMs,
    updatedMs: null,
    attachments: [],
  };
  cinder.slot.value.volumes.set(row.id, row);
  kernel.record("cinder", "volume.create", row.id, { project: row.projectId, name: row.name, size: row.sizeGb });
  const effect = kernel.faults.at("cinder:volume.create", { id: row.id, name: row.name ?? "" });
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  if (effect?.kind !== "stuck")
    kernel.timer(kernel.work(CREATE_MS) + delayMs, "cinder/created", {
      id: row.id,
      status: effect?.kind === "error" ? "error" : "available",
    });
  return row;
}

function setStatus(cinder: Cinder, row: VolumeRow, status: string): void {
  row.status = status;
  row.updatedMs = cinder.cloud.kernel.nowMs;
  cinder.cloud.kernel.record("cinder", "volume.status", row.id, { status });
}

/** @throws Refusal 404 */
function volumeOf(cinder: Cinder, actor: Actor, id: string): VolumeRow {
  const row = cinder.slot.value.volumes.get(id);
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId))
    throw new Refusal(404, "itemNotFound", `Volume ${id} could not be found.`);
  return row;
}

function links({ request, actor, cloud }: Context, id: string): object[] {
  const root = cloud.root("volumev3", request);
  return [
    { rel: "self", href: `${root}/v3/${actor.projectId}/volumes/${id}` },
    { rel: "bookmark", href: `${root}/${actor.projectId}/volumes/${id}` },
  ];
}

function view(context: Context, row: VolumeRow): object {
  return {
    id: row.id,
    status: row.status,
    size: row.sizeGb,
    availability_zone: row.zone,
    created_at: isoMicros(row.createdMs),
    updated_at: row.updatedMs === null ? null : isoMicros(row.updatedMs),
    name: row.name,
    description: row.description,
    volume_type: row.volumeType,
    snapshot_id: null,
    source_volid: null,
    metadata: row.metadata,
    links: links(context, row.id),
    user_id: row.userId,
    bootable: row.imageId === undefined ? "false" : "true",
    encrypted: false,
    replication_status: null,
    consistencygroup_id: null,
    multiattach: false,
    attachments: row.attachments
      .filter(({ device }) => device !== null)
      .map((each) => ({
        id: row.id,
        attachment_id: each.id,
        volume_id: row.id,
        server_id: each.serverId,
        host_name: each.host,
        device: each.device,
        attached_at: isoMicros(each.attachedMs),
      })),
    migration_status: null,
    "os-vol-tenant-attr:tenant_id": row.projectId,
    ...(context.actor.isAdmin && {
      "os-vol-host-attr:host": "ref@fake#fake",
      "os-vol-mig-status-attr:migstat": null,
      "os-vol-mig-status-attr:name_id": null,
    }),
  };
}

const SIZE = (value: unknown): number => {
  const size = Number(value);
  if (!Number.isInteger(size))
    throw badRequest(
      `Invalid input for field/attribute size. Value: ${String(value)}. '${String(value)}' does not match '^[0-9]+$'`,
    );
  if (size < 1)
    throw badRequest(`Invalid input for field/attribute size. Value: ${size}. ${size} is less than the minimum of 1`);
  return size;
};

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

function create(cinder: Cinder, context: Context): HttpReply {
  const fields = member(context, "volume");
  const zone = textOf(fields.availability_zone) ?? cinder.cloud.zones[0] ?? "nova";
  if (!cinder.cloud.zones.includes(zone)) throw badRequest(`Availability zone '${zone}' is invalid.`);
  if (fields.volume_type !== undefined && fields.volume_type !== null && fields.volume_type !== "fake") {
    throw new Refusal(404, "itemNotFound", `Volume type with name ${String(fields.volume_type)} could not be found.`);
  }
  if (fields.snapshot_id || fields.source_volid) throw badRequest("not simulated: volumes from snapshots or volumes");
  const imageId = textOf(fields.imageRef) ?? undefined;
  if (imageId !== undefined && cinder.cloud.images.image(context.actor, imageId) === undefined)
    throw badRequest("Invalid image identifier or unable to access requested image.");
  const row = make(cinder, context.actor, {
    sizeGb: SIZE(fields.size),
    name: textOf(fields.name),
    description: textOf(fields.description),
    zone,
    imageId,
    metadata: (fields.metadata as Record<string, string> | undefined) ?? {},
  });
  return json(202, { volume: view(context, row) });
}

const DELETABLE = new Set(["available", "error", "error_restoring", "error_extending", "error_managing"]);

function remove(cinder: Cinder, { actor, params }: Context): HttpReply {
  const row = volumeOf(cinder, actor, params.id ?? "");
  if (!DELETABLE.has(row.status) || row.attachments.length > 0) {
    throw badRequest(
      "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.",
    );
  }
  startRemoval(cinder, row);
  return { status: 202, body: "", headers: { "Content-Type": "text/html; charset=UTF-8" } };
}

function startRemoval(cinder: Cinder, row: VolumeRow): void {
  setStatus(cinder, row, "deleting");
  cinder.cloud.kernel.timer(cinder.cloud.kernel.work(DELETE_MS), "cinder/deleted", { id: row.id });
}

function act(cinder: Cinder, context: Context): HttpReply {
  const row = volumeOf(cinder, context.actor, context.params.id ?? "");
  const body = bodyJson(context.request);
  const [name = ""] = Object.keys(body.ok ? (body.value as object) : {});
  if (name !== "os-extend")
    throw badRequest(
      `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
    );
  const size = SIZE((body.ok ? (body.value as Record<string, { new_size?: unknown }>)[name] : {})?.new_size);
  if (row.status !== "available")
    throw badRequest(
      `Invalid volume: Volume ${row.id} status must be '{'status': 'available'}' to extend, currently ${row.status}.`,
    );
  if (size <= row.sizeGb)
    throw badRequest(
      `Invalid input received: New size for extend must be greater than current size. (current: ${row.sizeGb}, extended: ${size}).`,
    );
  row.sizeGb = size;
  setStatus(cinder, row, "available");
  return { status: 202, body: "", headers: { "Content-Type": "text/html; charset=UTF-8" } };
}

function setMetadata(cinder: Cinder, context: Context): HttpReply {
  const row = volumeOf(cinder, context.actor, context.params.id ?? "");
  row.metadata = { ...row.metadata, ...(member(context, "metadata") as Record<string, string>) };
  return json(200, { metadata: row.metadata });
}

function setQuotas(cinder: Cinder, context: Context): HttpReply {
  if (!context.actor.isAdmin)
    throw new Refusal(403, "forbidden", "Policy doesn't allow volume_extension:quotas:update to be performed.");
  const target = context.params.target ?? "";
  cinder.slot.value.quotas.set(target, {
    ...cinder.slot.value.quotas.get(target),
    ...(member(context, "quota_set") as Record<string, number>),
  });
  return json(200, { quota_set: quotasOf(cinder, target) });
}

/** Every path is known with the project in front and without it. */
function both(route: OpenStackRoute): readonly OpenStackRoute[] {
  return [
    { ...route, path: `/v3/:project${route.path}` },
    { ...route, path: `/v3${route.path}` },
  ];
}

function routes(cinder: Cinder): readonly OpenStackRoute[] {
  const visible = ({ actor, query }: Context): readonly VolumeRow[] => {
    const all = actor.isAdmin && query.has("all_tenants") && query.get("all_tenants") !== "0";
    return [...cinder.slot.value.volumes.values()]
      .filter((row) => all || row.projectId === actor.projectId)
      .filter((row) =>
        ["name", "status"].every((key) => !query.has(key) || query.get(key) === String(row[key as "name" | "status"])),
      )
      .reverse();
  };
  const table: readonly OpenStackRoute[] = [
    { method: "POST", path: "/volumes", clients: ["bosh", "openstack"], handler: (context) => create(cinder, context) },
    {
      method: "GET",
      path: "/volumes",
      clients: ["openstack"],
      handler: (context) =>
        json(200, { volumes: visible(context).map(({ id, name }) => ({ id, name, links: links(context, id) })) }),
    },
    {
      method: "GET",
      path: "/volumes/detail",
      clients: ["openstack"],
      handler: (context) => json(200, { volumes: visible(context).map((row) => view(context, row)) }),
    },
    {
      method: "GET",
      path: "/volumes/:id",
      clients: ["bosh", "openstack"],
      handler: (context) =>
        json(200, { volume: view(context, volumeOf(cinder, context.actor, context.params.id ?? "")) }),
    },
    {
      method: "PUT",
      path: "/volumes/:id",
      clients: ["openstack"],
      handler: (context) => {
        const row = volumeOf(cinder, context.actor, context.params.id ?? "");
        const fields = member(context, "volume");
        row.name = textOf(fields.name) ?? row.name;
        row.description = textOf(fields.description) ?? row.description;
        return json(200, { volume: view(context, row) });
      },
    },
    {
      method: "DELETE",
      path: "/volumes/:id",
      clients: ["bosh", "openstack"],
      handler: (context) => remove(cinder, context),
    },
    {
      method: "POST",
      path: "/volumes/:id/action",
      clients: ["bosh", "openstack"],
      handler: (context) => act(cinder, context),
    },
    {
      method: "GET",
      path: "/volumes/:id/metadata",
      handler: (context) => json(200, { metadata: volumeOf(cinder, context.actor, context.params.id ?? "").metadata }),
    },
    {
      method: "POST",
      path: "/volumes/:id/metadata",
      clients: ["bosh"],
      handler: (context) => setMetadata(cinder, context),
    },
    {
      method: "GET",
      path: "/os-quota-sets/:target",
      clients: ["openstack"],
      handler: ({ params }) =>
        json(200, { quota_set: { id: params.target, ...quotasOf(cinder, params.target ?? "") } }),
    },
    {
      method: "PUT",
      path: "/os-quota-sets/:target",
      clients: ["openstack"],
      handler: (context) => setQuotas(cinder, context),
    },
  ];
  return [...table.flatMap(both), { method: "GET", path: "/", open: true, handler: versions }];
}

const versions = ({ request }: Context): HttpReply =>
  json(300, {
    versions: [
      {
        id: "v3.0",
        status: "CURRENT",
        version: "3.70",
        min_version: "3.0",
        updated: "2022-08-31T00:00:00Z",
        links: [{ rel: "self", href: `${request.origin}/v3/` }],
        "media-types": [],
      },
    ],
  });

const viewOf = (row: VolumeRow): VolumeView => ({
  id: row.id,
  projectId: row.projectId,
  status: row.status,
  sizeGb: row.sizeGb,
  bootable: row.imageId !== undefined,
  multiattach: false,
  zone: row.zone,
  imageId: row.imageId,
  attachments: row.attachments.map(({ id, serverId, device }) => ({ id, serverId, device })),
});

function operations(cinder: Cinder): VolumeOps {
  const rows = (): Map<string, VolumeRow> => cinder.slot.value.volumes;
  const find = (id: string): VolumeView | undefined => {
    const row = rows().get(id);
    return row && viewOf(row);
  };
  return {
    volume: (actor, id) => {
      const found = find(id);
      return found !== undefined && (actor.isAdmin || found.projectId === actor.projectId) ? found : undefined;
    },
    find,
    snapshotSizeGb: () => undefined,
    create: (actor, { sizeGb, name, imageId, zone }) =>
      viewOf(
        make(cinder, actor, {
          sizeGb,
          name: name ?? null,
          description: null,
          zone: zone ?? cinder.cloud.zones[0] ?? "nova",
          imageId,
          metadata: {},
        }),
      ),
    reserve: (actor, volumeId, serverId) => {
      const row = volumeOf(cinder, actor, volumeId);
      if (row.status !== "available")
        throw badRequest(
          `Invalid volume: volume ${volumeId} status must be available to reserve, currently ${row.status}`,
        );
      const attachment: Attachment = {
        id: cinder.cloud.uuid("cinder"),
        serverId,
        device: null,
        host: null,
        attachedMs: 0,
      };
      row.attachments = [...row.attachments, attachment];
      setStatus(cinder, row, "reserved");
      return attachment.id;
    },
    attach: (attachmentId, device, host) => {
      for (const row of rows().values()) {
        const attachment = row.attachments.find(({ id }) => id === attachmentId);
        if (attachment === undefined) continue;
        Object.assign(attachment, { device, host, attachedMs: cinder.cloud.kernel.nowMs });
        setStatus(cinder, row, "in-use");
        return;
      }
    },
    beginDetach: (actor, volumeId) => {
      const row = volumeOf(cinder, actor, volumeId);
      if (row.status !== "in-use")
        throw badRequest(
          `Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.`,
        );
      setStatus(cinder, row, "detaching");
    },
    detach: (volumeId, serverId) => {
      const row = rows().get(volumeId);
      if (row === undefined) return;
      row.attachments = row.attachments.filter((each) => each.serverId !== serverId);
      setStatus(cinder, row, row.attachments.length > 0 ? "in-use" : "available");
    },
    remove: (volumeId) => {
      const row = rows().get(volumeId);
      if (row !== undefined && row.attachments.length === 0) startRemoval(cinder, row);
    },
  };
}

/** Cinder: volumes that are created and deleted over time, attachments, quotas. */
export function createCinder(cloud: Cloud): CinderService {
  const { kernel } = cloud;
  const cinder: Cinder = { cloud, slot: kernel.slot("cinder", { volumes: new Map(), quotas: new Map() }) };
  kernel.faults.define({
    point: "cinder:volume.create",
    effects: ["error", "stuck", "delay"],
    prose:
      "A volume that was accepted (202) never becomes available: it ends in error, stays creating for good, or takes much longer. The caller must give up within its own time and delete it.",
  });
  kernel.onTimer<{ id: string; status: string }>("cinder/created", ({ id, status }) => {
    const row = cinder.slot.value.volumes.get(id);
    if (row?.status === "creating") setStatus(cinder, row, status);
  });
  kernel.onTimer<{ id: string }>("cinder/deleted", ({ id }) => {
    if (cinder.slot.value.volumes.delete(id)) kernel.record("cinder", "volume.gone", id);
  });
  return {
    service: openStackService(cloud, "cinder", STYLE, routes(cinder)),
    ops: operations(cinder),
    state: () => cinder.slot.value,
  };
}
