import type { Slot } from "../../../kernel/index.ts";
import type { Cloud } from "../../cloud.ts";
import { firstGroupTypes } from "./groups.ts";
import type {
  BackupRow,
  GroupRow,
  GroupSnapshotRow,
  GroupTypeRow,
  QosSpecRow,
  MessageRow,
  ProjectUsage,
  SnapshotRow,
  TransferRow,
  TypeRow,
  VolumeRow,
} from "./rows.ts";

/** All that Cinder knows; plain data, so that the kernel can take snapshots of it. */
export interface CinderState {
  readonly volumes: Map<string, VolumeRow>;
  /** Project → its volumes. */
  readonly byProject: Map<string, Map<string, VolumeRow>>;
  /** Attachment → volume. */
  readonly volumeByAttachment: Map<string, string>;
  readonly snapshots: Map<string, SnapshotRow>;
  readonly types: Map<string, TypeRow>;
  /** Project → the type of its volumes if their client names none. */
  readonly defaultTypes: Map<string, string>;
  readonly groupTypes: Map<string, GroupTypeRow>;
  readonly groups: Map<string, GroupRow>;
  readonly groupSnapshots: Map<string, GroupSnapshotRow>;
  readonly transfers: Map<string, TransferRow>;
  readonly backups: Map<string, BackupRow>;
  readonly messages: Map<string, MessageRow>;
  readonly usage: Map<string, ProjectUsage>;
  readonly quotas: Map<string, Readonly<Record<string, number>>>;
  /** Class → the limits that were set. */
  readonly quotaClasses: Map<string, Readonly<Record<string, number>>>;
  readonly qosSpecs: Map<string, QosSpecRow>;
  /** Services that an administrator has disabled, each with the reason. */
  readonly disabledServices: Map<string, string | null>;
  made: number;
}

/** A Cinder without volumes, and without types. */
export const emptyState = (): CinderState => ({
  volumes: new Map(),
  byProject: new Map(),
  volumeByAttachment: new Map(),
  snapshots: new Map(),
  types: new Map(),
  defaultTypes: new Map(),
  groupTypes: firstGroupTypes(),
  groups: new Map(),
  groupSnapshots: new Map(),
  transfers: new Map(),
  backups: new Map(),
  messages: new Map(),
  usage: new Map(),
  quotas: new Map(),
  quotaClasses: new Map(),
  qosSpecs: new Map(),
  disabledServices: new Map(),
  made: 0,
});

/** Cinder within its cloud. */
export interface Cinder {
  readonly cloud: Cloud;
  readonly slot: Slot<CinderState>;
}

/** Writes one state change of this service into the journal. `data` holds no secret. */
export function recordChange(
  { cloud }: Cinder,
  kind: string,
  subject: string,
  data: Readonly<Record<string, unknown>> = {},
): void {
  cloud.kernel.record("cinder", kind, subject, data);
}
