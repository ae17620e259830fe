import type { Actor } from "../../cloud.ts";
import type { Flavor } from "./flavor.ts";
import { ANONYMOUS } from "../../service.ts";

/** The long-lived state of a server, besides the operation in progress (`task`). */
export type VmState =
  | "building"
  | "active"
  | "stopped"
  | "paused"
  | "suspended"
  | "rescued"
  | "resized"
  | "shelved"
  | "shelved_offloaded"
  | "error"
  | "deleted";

/** A port that a server holds. */
export interface Nic {
  readonly portId: string;
  /** Whether Nova created it, so that it is deleted with the server. */
  readonly isOwn: boolean;
  readonly tag?: string;
}

/** A volume that a server holds. */
export interface VolumeLink {
  readonly volumeId: string;
  readonly attachmentId: string;
  readonly device: string;
  readonly isRoot: boolean;
  readonly deleteOnTermination: boolean;
  readonly tag?: string;
}

/** Why a server is in ERROR; `code` as an HTTP status. */
interface ServerFault {
  readonly code: number;
  readonly createdMs: number;
  readonly message: string;
}

/** An entry of a server's list of actions. */
export interface InstanceAction {
  readonly action: string;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly startMs: number;
  finishMs: number | null;
  message: string | null;
}

/** Properties that few servers have; absent from most, so that an idle one stays small. */
export interface Extras {
  accessIPv4?: string;
  accessIPv6?: string;
  tags?: string[];
  lock?: { readonly byAdmin: boolean; readonly reason: string | null };
  fault?: ServerFault;
  userData?: string;
  configDrive?: boolean;
  autoDisk?: boolean;
  groupId?: string;
  zone?: string;
  hostname?: string;
  reservationId?: string;
  launchIndex?: number;
  /** During a resize: what a revert restores. */
  oldFlavor?: Flavor;
  oldVm?: VmState;
  /** During a resize or a cold migration: where it was. */
  oldHost?: string;
  /** A host that an administrator named. */
  forcedHost?: string;
  terminatedMs?: number;
  /** While it is shelved: the image of its disk. */
  shelvedImageId?: string;
  trustedCertificates?: readonly string[];
}

/** A server, from the request that creates it on. Times are kernel ms. */
export interface Server {
  readonly id: string;
  /** Counts servers: order of creation, and the hypervisor's `instance-0000002a`. */
  readonly seq: number;
  readonly projectId: string;
  readonly userId: string;
  /** Request that created it. */
  readonly requestId: string;
  readonly createdMs: number;
  name: string;
  flavor: Flavor;
  /** Empty when it boots from a volume. */
  imageId: string;
  keyName: string | null;
  /** The name, if it was created below the microversion of descriptions (2.19). */
  description: string | null;
  vm: VmState;
  task: string | null;
  updatedMs: number;
  /** 0 for not yet. */
  launchedMs: number;
  /** The name of its host; null until one was chosen. */
  host: string | null;
  metadata: Readonly<Record<string, string>>;
  nics: readonly Nic[];
  volumes: readonly VolumeLink[];
  actions: InstanceAction[] | undefined;
  extras: Extras | undefined;
}

/** Shared by all servers without metadata. */
export const NO_METADATA: Readonly<Record<string, string>> = {};
/** Shared by all servers without ports. */
export const NO_NICS: readonly Nic[] = [];
/** Shared by all servers without volumes. */
export const NO_VOLUMES: readonly VolumeLink[] = [];

/** The extras of a server, created when missing. */
export const extrasOf = (server: Server): Extras => (server.extras ??= {});

/** The actor in whose name background work on a server is done: its owner. */
export const ownerOf = (server: Pick<Server, "projectId" | "userId">): Actor => ({
  ...ANONYMOUS,
  userId: server.userId,
  projectId: server.projectId,
  roles: ["member", "reader"],
});
