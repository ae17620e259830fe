/** A server or another machine that uses a volume, or is about to. */
export interface Attachment {
  readonly id: string;
  /** Empty where no server is named. */
  readonly serverId: string;
  /** How a client that made it itself may use it. Default `rw`. */
  readonly mode?: "rw" | "ro";
  /** Of an attachment that a client made itself: what its machine is, once the client has said so. Until the client reports completion, it is not attached. */
  connector?: Readonly<Record<string, unknown>>;
  /** Null while it is only reserved. */
  device: string | null;
  host: string | null;
  attachedMs: number;
  /** Whether Nova created it; then only Nova may end it. */
  readonly isNova: boolean;
}

/** A volume. Times are kernel ms, sizes GiB. */
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
  /** Whether several servers may use it at once, as its type says. */
  multiattach: boolean;
  readonly createdMs: number;
  updatedMs: number | null;
  metadata: Readonly<Record<string, string>>;
  imageMetadata: Readonly<Record<string, string>>;
  attachments: readonly Attachment[];
  /** The group that it belongs to. */
  groupId: string | null;
}

/** A snapshot of a volume. */
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
  /** Where it was made together with others. */
  readonly groupSnapshotId: string | null;
}

/** A type of groups: what their driver promises, as specs. */
export interface GroupTypeRow {
  readonly id: string;
  name: string;
  description: string | null;
  isPublic: boolean;
  specs: Readonly<Record<string, string | null>>;
}

/** Volumes that are managed, and photographed, together. */
export interface GroupRow {
  readonly id: string;
  readonly seq: number;
  readonly projectId: string;
  name: string | null;
  description: string | null;
  status: string;
  readonly zone: string;
  readonly typeId: string;
  /** Types that its volumes may have. */
  readonly volumeTypeIds: readonly string[];
  readonly groupSnapshotId: string | null;
  readonly sourceGroupId: string | null;
  readonly createdMs: number;
}

/** Snapshots of all volumes of a group. */
export interface GroupSnapshotRow {
  readonly id: string;
  readonly seq: number;
  readonly projectId: string;
  readonly groupId: string;
  readonly typeId: string;
  readonly name: string | null;
  readonly description: string | null;
  status: string;
  readonly createdMs: number;
}

/** A volume type. */
export interface TypeRow {
  readonly id: string;
  name: string;
  description: string | null;
  isPublic: boolean;
  extraSpecs: Readonly<Record<string, string>>;
  readonly createdMs: number;
  /** Projects that may use it although it is not public. */
  projects: readonly string[];
  /** How its volumes would be encrypted. */
  encryption?: TypeEncryption;
  qosSpecsId?: string;
}

/** A type's settings for the encryption of its volumes. */
export interface TypeEncryption {
  readonly id: string;
  readonly cipher: string | null;
  readonly keySize: number | null;
  readonly provider: string;
  readonly controlLocation: string;
  readonly createdMs: number;
  readonly updatedMs: number | null;
}

/** Limits of the service of volumes. */
export interface QosSpecRow {
  readonly id: string;
  readonly name: string;
  consumer: string;
  specs: Readonly<Record<string, string>>;
}

/** A volume that is offered to another project. */
export interface TransferRow {
  readonly id: string;
  readonly volumeId: string;
  readonly name: string | null;
  readonly authKey: string;
  readonly createdMs: number;
}

/** A backup of a volume. */
export interface BackupRow {
  readonly id: string;
  readonly seq: number;
  readonly volumeId: string;
  readonly snapshotId: string | null;
  /** The backup upon which this one builds; null for a full one. */
  readonly parentId: string | null;
  readonly projectId: string;
  readonly userId: string;
  name: string | null;
  description: string | null;
  status: string;
  readonly sizeGb: number;
  /** Whether its volume could be booted from. */
  readonly isBootable: boolean;
  readonly zone: string | null;
  readonly container: string | null;
  metadata: Readonly<Record<string, string>>;
  failReason: string | null;
  /** The moment of which it holds the data. */
  readonly dataMs: number;
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

/** A project's use of its quota; sizes in GiB. */
export interface ProjectUsage {
  volumes: number;
  snapshots: number;
  /** Of volumes and snapshots. */
  gigabytes: number;
  backups: number;
  backup_gigabytes: number;
}
