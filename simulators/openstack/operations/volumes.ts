import type { Actor } from "./identity.ts";

/** A volume as Nova and Glance need it. */
export interface VolumeView {
  readonly id: string;
  readonly projectId: string;
  readonly status: string;
  readonly sizeGb: number;
  readonly bootable: boolean;
  readonly multiattach: boolean;
  readonly zone: string;
  readonly imageId: string | undefined;
  readonly attachments: readonly { readonly id: string; readonly serverId: string; readonly device: string | null }[];
}

/** Cinder's operations for Nova. */
export interface VolumeOps {
  /** A volume the actor may see. */
  volume(actor: Actor, volumeId: string): VolumeView | undefined;
  /** Anybody's volume. */
  find(volumeId: string): VolumeView | undefined;
  snapshotSizeGb(actor: Actor, snapshotId: string): number | undefined;
  /** Whether the actor may use a type of that name or id. */
  hasType(actor: Actor, type: string): boolean;
  /** How many the actor's project has. */
  counts(actor: Actor): { readonly volumes: number; readonly snapshots: number };
  /** Starts the creation of a volume; it becomes available (or error) later. @throws Refusal as POST /volumes (quota) */
  create(
    actor: Actor,
    request: {
      readonly sizeGb: number;
      readonly name?: string;
      readonly imageId?: string;
      readonly snapshotId?: string;
      readonly volumeType?: string;
      readonly zone?: string;
    },
  ): VolumeView;
  /** available → reserved, with an attachment; returns its id. @throws Refusal 400 if its status does not allow it */
  reserve(actor: Actor, volumeId: string, serverId: string): string;
  /** reserved → in-use. Does nothing if the attachment is gone. */
  attach(attachmentId: string, device: string, host: string): void;
  /** The attachment's server has moved to another host. Does nothing if the attachment is gone. */
  moveAttachment(attachmentId: string, host: string): void;
  /** in-use → detaching. @throws Refusal 400 if its status does not allow it */
  beginDetach(actor: Actor, volumeId: string): void;
  /** Ends the attachment whatever the status: available (in-use where others are attached). */
  detach(volumeId: string, serverId: string): void;
  /** Deletes it if nobody uses it; otherwise does nothing. */
  remove(volumeId: string): void;
}
