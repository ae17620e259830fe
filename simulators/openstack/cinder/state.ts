import type { Slot } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";

export interface Attachment {
  readonly id: string;
  readonly serverId: string;
  /** Null while it is only reserved. */
  device: string | null;
  host: string | null;
  attachedMs: number;
  /** Made by Nova, which alone may end it. */
  readonly isNova: boolean;
}

export interface VolumeRow {
  readonly id: string;
  /** Counts volumes: the order of creation. */
  readonly seq: number;
  projectId: string;
  userId: string;
  name: string | null;
  description: string | null;
  sizeGb: number;
  status: string;
  /** The status to go back to when a backup or an upload ends. */
  statusBefore: string;
  readonly zone: string;
  /** Id of its type. */
  typeId: string;
  readonly imageId: string | undefined;
  readonly snapshotId: string | null;
  readonly sourceId: string | null;
  bootable: boolean;
  readonly createdMs: number;
  updatedMs: number | null;
  metadata: Readonly<Record<string, string>>;
  imageMetadata: Readonly<Record<string, string>>;
  attachments: readonly Attachment[];
}

export interface SnapshotRow {
  readonly id: string;
  readonly seq: number;
  readonly volumeId: string;
  readonly projectId: string;
  readonly userId: string;
  name: string | null;
  description: string | null;
  status: string;
  readonly sizeGb: number;
  metadata: Readonly<Record<string, string>>;
  readonly createdMs: number;
  updatedMs: number | null;
}

export interface TypeRow {
  readonly id: string;
  name: string;
  description: string | null;
  isPublic: boolean;
  extraSpecs: Readonly<Record<string, string>>;
  readonly createdMs: number;
  /** Projects that may use it although it is not public. */
  projects: readonly string[];
}

export interface TransferRow {
  readonly id: string;
  readonly volumeId: string;
  readonly projectId: string;
  readonly name: string | null;
  readonly authKey: string;
  readonly createdMs: number;
}

export interface BackupRow {
  readonly id: string;
  readonly seq: number;
  readonly volumeId: string;
  readonly snapshotId: string | null;
  readonly projectId: string;
  name: string | null;
  description: string | null;
  status: string;
  readonly sizeGb: number;
  readonly container: string | null;
  failReason: string | null;
  readonly createdMs: number;
  updatedMs: number;
}

/** Tells a user why something that was accepted failed later. */
export interface MessageRow {
  readonly id: string;
  readonly projectId: string;
  readonly eventId: string;
  readonly text: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly requestId: string;
  readonly createdMs: number;
}

export interface Usage {
  volumes: number;
  snapshots: number;
  /** Of volumes and snapshots. */
  gigabytes: number;
  backups: number;
  backup_gigabytes: number;
}

export interface CinderState {
  readonly volumes: Map<string, VolumeRow>;
  /** Project → its volumes. */
  readonly byProject: Map<string, Map<string, VolumeRow>>;
  /** Attachment → volume. */
  readonly volumeByAttachment: Map<string, string>;
  readonly snapshots: Map<string, SnapshotRow>;
  readonly types: Map<string, TypeRow>;
  readonly transfers: Map<string, TransferRow>;
  readonly backups: Map<string, BackupRow>;
  readonly messages: Map<string, MessageRow>;
  readonly usage: Map<string, Usage>;
  readonly quotas: Map<string, Readonly<Record<string, number>>>;
  made: number;
}

export const newState = (): CinderState => ({
  volumes: new Map(),
  byProject: new Map(),
  volumeByAttachment: new Map(),
  snapshots: new Map(),
  types: new Map(),
  transfers: new Map(),
  backups: new Map(),
  messages: new Map(),
  usage: new Map(),
  quotas: new Map(),
  made: 0,
});

export interface Cinder {
  readonly cloud: Cloud;
  readonly slot: Slot<CinderState>;
}

/** The one back end of this cloud. */
export const HOST = "ref@fake#fake";
export const BACKEND = "fake";
/** Names of the types that are there from the beginning; the first is the default. */
export const TYPES = ["fake", "__DEFAULT__"] as const;

const NO_USAGE: Usage = { volumes: 0, snapshots: 0, gigabytes: 0, backups: 0, backup_gigabytes: 0 };

export const usageOf = ({ slot }: Cinder, projectId: string): Usage => slot.value.usage.get(projectId) ?? NO_USAGE;

export function use({ slot }: Cinder, projectId: string, by: Partial<Usage>): void {
  const { usage } = slot.value;
  let own = usage.get(projectId);
  if (own === undefined) usage.set(projectId, (own = { ...NO_USAGE }));
  for (const name of Object.keys(by) as (keyof Usage)[]) own[name] += by[name] ?? 0;
}

export function addVolume(cinder: Cinder, row: VolumeRow): void {
  const { volumes, byProject } = cinder.slot.value;
  volumes.set(row.id, row);
  let own = byProject.get(row.projectId);
  if (own === undefined) byProject.set(row.projectId, (own = new Map()));
  own.set(row.id, row);
  use(cinder, row.projectId, { volumes: 1, gigabytes: row.sizeGb });
}

export function dropVolume(cinder: Cinder, row: VolumeRow): void {
  const { volumes, byProject, volumeByAttachment } = cinder.slot.value;
  if (!volumes.delete(row.id)) return;
  byProject.get(row.projectId)?.delete(row.id);
  for (const { id } of row.attachments) volumeByAttachment.delete(id);
  use(cinder, row.projectId, { volumes: -1, gigabytes: -row.sizeGb });
}

/** Gives a volume to another project, quota and all. */
export function handOver(cinder: Cinder, row: VolumeRow, projectId: string, userId: string): void {
  dropVolume(cinder, row);
  Object.assign(row, { projectId, userId });
  addVolume(cinder, row);
}

export function setStatus({ cloud }: Cinder, row: VolumeRow, status: string): void {
  row.status = status;
  row.updatedMs = cloud.kernel.nowMs;
  cloud.kernel.record("cinder", "volume.status", row.id, { status });
}

export const snapshotsOf = ({ slot }: Cinder, volumeId: string): SnapshotRow[] =>
  [...slot.value.snapshots.values()].filter((row) => row.volumeId === volumeId);

/** A type by name or id. */
export const findType = ({ slot }: Cinder, nameOrId: string): TypeRow | undefined =>
  slot.value.types.get(nameOrId) ?? [...slot.value.types.values()].find(({ name }) => name === nameOrId);

/** Oldest are dropped beyond. */
const MESSAGES_MAX = 1000;

export function tell(cinder: Cinder, message: Omit<MessageRow, "id" | "createdMs">): void {
  const { messages } = cinder.slot.value;
  const id = cinder.cloud.uuid("cinder");
  messages.set(id, { ...message, id, createdMs: cinder.cloud.kernel.nowMs });
  const [oldest] = messages.keys();
  if (messages.size > MESSAGES_MAX && oldest !== undefined) messages.delete(oldest);
}
