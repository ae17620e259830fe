import type { Actor } from "./identity.ts";

/** An image as Nova and Cinder need it. */
export interface ImageView {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly sizeBytes: number;
  readonly minDiskGb: number;
  readonly minRamMb: number;
  readonly projectId: string;
  readonly diskFormat: string | null;
  readonly containerFormat: string | null;
  /** MD5 of its data. */
  readonly checksum: string | null;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Custom properties. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Glance's operations for Nova and Cinder. */
export interface ImageOps {
  /** An image the actor may see. */
  image(actor: Actor, imageId: string): ImageView | undefined;
  /** Anybody's image. */
  find(imageId: string): ImageView | undefined;
  /** Those the actor may see, newest first; for Nova's old image proxy. */
  images(actor: Actor): readonly ImageView[];
  /** A queued image for a snapshot. @throws Refusal as POST /images */
  create(
    actor: Actor,
    request: {
      readonly name: string;
      /** Null until the data is there; left out: qcow2, bare. */
      readonly diskFormat?: string | null;
      readonly containerFormat?: string | null;
      /** Default shared. */
      readonly visibility?: string;
      readonly minDiskGb?: number;
      readonly minRamMb?: number;
      readonly properties?: Readonly<Record<string, string>>;
    },
  ): ImageView;
  /** queued → active with data of this size. */
  activate(imageId: string, sizeBytes: number): void;
  /** Deletes anybody's image; does nothing if it is gone. */
  remove(imageId: string): void;
  /** Sets and removes custom properties. @throws Refusal as PATCH /images */
  setProperties(actor: Actor, imageId: string, properties: Readonly<Record<string, string>>): void;
  /** As the actor's own DELETE /images would. @throws Refusal */
  delete(actor: Actor, imageId: string): void;
}
