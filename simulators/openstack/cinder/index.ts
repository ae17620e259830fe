import { type HttpReply, json, type Service } from "../../kernel/index.ts";
import type { Cloud, VolumeOps } from "../cloud.ts";
import { type Context, type OpenStackRoute, openStackService } from "../service.ts";
import { ACTION_ROUTES, endUpload, type Upload } from "./actions.ts";
import { BACKUP_ROUTES, failBackup } from "./backups.ts";
import { CINDER_POINTS } from "./faults.ts";
import { MICROVERSIONS, routed, STYLE } from "./call.ts";
import { operations } from "./ops.ts";
import { QUOTA_ROUTES } from "./quotas.ts";
import { SNAPSHOT_ROUTES } from "./snapshots.ts";
import {
  type Cinder,
  type CinderState,
  dropVolume,
  newState,
  setStatus,
  snapshotsOf,
  tell,
  TYPES,
  use,
} from "./state.ts";
import { EXTENSION_ROUTES } from "./extensions.ts";
import { SURFACE_ROUTES } from "./surfaces.ts";
import { TRANSFER_ROUTES } from "./transfers.ts";
import { makeType, TYPE_ROUTES } from "./types.ts";
import { type Creation, VOLUME_ROUTES } from "./volumes.ts";

export type { CinderState } from "./state.ts";

export interface CinderService {
  readonly service: Service;
  readonly ops: VolumeOps;
  /** For the world's laws; read only. */
  state(): CinderState;
}

const versions = ({ cloud, request }: Context): readonly object[] => [
  {
    id: "v3.0",
    status: "CURRENT",
    version: `3.${MICROVERSIONS.minorMax}`,
    min_version: "3.0",
    updated: "2022-08-31T00:00:00Z",
    links: [
      { rel: "describedby", type: "text/html", href: "https://docs.openstack.org/" },
      { rel: "self", href: `${cloud.root("volumev3", request)}/v3/` },
    ],
    "media-types": [{ base: "application/json", type: "application/vnd.openstack.volume+json;version=3" }],
  },
];

const VERSION_ROUTES: readonly OpenStackRoute[] = [
  { method: "GET", path: "/", open: true, handler: (context) => json(300, { versions: versions(context) }) },
  ...["/v3", "/v3/"].map((path) => ({
    method: "GET",
    path,
    handler: (context: Context): HttpReply => json(200, { versions: versions(context) }),
  })),
];

function defineTimers(cinder: Cinder): void {
  const { kernel } = cinder.cloud;
  const state = (): CinderState => cinder.slot.value;
  kernel.onTimer<Creation>("cinder/created", ({ id, status, bootable, homelessRequest }) => {
    const row = state().volumes.get(id);
    if (row?.status !== "creating") return;
    row.bootable = bootable;
    setStatus(cinder, row, status);
    if (homelessRequest === "") return;
    tell(cinder, {
      projectId: row.projectId,
      eventId: "VOLUME_VOLUME_001_003",
      text: "schedule allocate volume:Could not find any available weighted backend.",
      resourceType: "VOLUME",
      resourceId: id,
      requestId: homelessRequest,
    });
  });
  kernel.onTimer<{ id: string }>("cinder/deleted", ({ id }) => {
    const row = state().volumes.get(id);
    if (row?.status !== "deleting") return;
    const effect = kernel.faults.at(CINDER_POINTS.delete, { id, name: row.name ?? "" });
    if (effect?.kind === "stuck") return;
    if (effect?.kind === "error") return setStatus(cinder, row, "error_deleting");
    for (const snapshot of snapshotsOf(cinder, id)) dropSnapshot(cinder, snapshot.id);
    dropVolume(cinder, row);
    kernel.record("cinder", "volume.gone", id);
  });
  kernel.onTimer<{ id: string; status: string }>("cinder/snapshot", ({ id, status }) => {
    const row = state().snapshots.get(id);
    if (row?.status === "creating") Object.assign(row, { status, updatedMs: kernel.nowMs });
  });
  kernel.onTimer<{ id: string }>("cinder/snapshot-deleted", ({ id }) => dropSnapshot(cinder, id));
  kernel.onTimer<Upload>("cinder/uploaded", (upload) => endUpload(cinder, upload));
  kernel.onTimer<{ id: string; requestId: string }>("cinder/backup", (backup) => failBackup(cinder, backup));
  kernel.onTimer<{ id: string; from: number; to: number; wanted: number }>("cinder/extended", (end) => {
    const row = state().volumes.get(end.id);
    if (row?.status !== "extending") return;
    const failed = end.to !== end.wanted;
    if (failed) use(cinder, row.projectId, { gigabytes: end.from - end.wanted });
    row.sizeGb = end.to;
    setStatus(cinder, row, failed ? "error_extending" : row.statusBefore);
  });
}

function dropSnapshot(cinder: Cinder, id: string): void {
  const row = cinder.slot.value.snapshots.get(id);
  if (row === undefined) return;
  cinder.slot.value.snapshots.delete(id);
  use(cinder, row.projectId, { snapshots: -1, gigabytes: -row.sizeGb });
  cinder.cloud.kernel.record("cinder", "snapshot.gone", id);
}

/** Cinder: volumes that live over time, snapshots, types, transfers, attachments, quotas (3.0 to 3.70). */
export function createCinder(cloud: Cloud): CinderService {
  const cinder: Cinder = { cloud, slot: cloud.kernel.slot("cinder", newState()) };
  const descriptions = { [TYPES[0]]: null, [TYPES[1]]: "Default Volume Type" };
  for (const name of TYPES) makeType(cinder, { name, description: descriptions[name], isPublic: true, extraSpecs: {} });
  for (const point of Object.values(CINDER_POINTS)) cloud.kernel.faults.define(point);
  defineTimers(cinder);
  const routes = [
    ...VOLUME_ROUTES,
    ...ACTION_ROUTES,
    ...SNAPSHOT_ROUTES,
    ...TYPE_ROUTES,
    ...TRANSFER_ROUTES,
    ...BACKUP_ROUTES,
    ...QUOTA_ROUTES,
    ...EXTENSION_ROUTES,
    ...SURFACE_ROUTES,
  ].flatMap((route) => routed(cinder, route));
  return {
    service: openStackService(cloud, "cinder", STYLE, [...VERSION_ROUTES, ...routes]),
    ops: operations(cinder),
    state: () => cinder.slot.value,
  };
}
