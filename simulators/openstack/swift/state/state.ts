import type { Slot } from "../../../kernel/index.ts";
import type { Cloud } from "../../cloud.ts";

/** Headers by lower-case name. */
export type Headers = Readonly<Record<string, string>>;

/** A part of a static large object, as its manifest names it. */
export interface Segment {
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
  readonly content_type: string;
  readonly last_modified: string;
  /** `first-last`, if it is only a part of the object. */
  readonly range?: string;
}

/** An object as Swift keeps it. */
export interface ObjectRow {
  /** As stored: of a static large object its manifest. */
  readonly data: Uint8Array;
  /** MD5 of `data`. */
  readonly etag: string;
  readonly type: string;
  readonly storedMs: number;
  /** `x-object-meta-…` and the other headers that belong to an object. */
  readonly metadata: Headers;
  /** When it expires, in seconds since 1970. */
  readonly deleteAtS?: number;
  /** Of a static large object. */
  readonly segments?: readonly Segment[];
  /** Set if its container keeps versions. */
  readonly versionId?: string;
}

/** A version of an object, or the mark that it was deleted. */
export interface VersionRow {
  readonly id: string;
  readonly object: ObjectRow | null;
  readonly storedMs: number;
}

/** A container as Swift keeps it. */
export interface ContainerRow {
  readonly objects: Map<string, ObjectRow>;
  readonly createdMs: number;
  /** `x-container-meta-…`, `x-container-read`, `x-container-write`. */
  metadata: Headers;
  changedMs: number;
  /** Whether versions are kept; absent: never set. */
  isVersioned?: boolean;
  /** Versions by name, the oldest first. */
  versions?: Map<string, readonly VersionRow[]>;
  /** The proxy's last view of it, by which quotas are judged. */
  seen?: Totals & { readonly atMs: number };
}

/** Objects, and their bytes. */
export interface Totals {
  readonly count: number;
  readonly bytes: number;
}

/** All that Swift keeps. */
export interface SwiftState {
  /** Account (`AUTH_` and the project) → container. */
  readonly accounts: Map<string, Map<string, ContainerRow>>;
  /** Account → `x-account-meta-…`. */
  readonly metadata: Map<string, Headers>;
}

/** The context of Swift's routes. */
export interface Swift {
  readonly cloud: Cloud;
  readonly slot: Slot<SwiftState>;
}

/** A state in which nothing exists. */
export const emptyState = (): SwiftState => ({ accounts: new Map(), metadata: new Map() });
