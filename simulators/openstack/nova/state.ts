import type { Slot } from "../../kernel/index.ts";
import type { Actor, Cloud } from "../cloud.ts";
import { ANONYMOUS } from "../service.ts";

/** What a server is (its long-lived state), besides what is being done to it (`task`). */
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

/** Never changed in place once a server has it: a change makes a new one, and servers keep the flavor they were made with. */
export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly ram: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly ephemeral: number;
  readonly swap: number;
  readonly rxtx: number;
  readonly isPublic: boolean;
  readonly isDisabled: boolean;
  readonly description: string | null;
  readonly extraSpecs: Readonly<Record<string, string>>;
  readonly createdMs: number;
  /** Counts flavors, for the order of lists. */
  readonly seq: number;
}

export interface Nic {
  readonly portId: string;
  /** Made by Nova, so that it goes with the server. */
  readonly isOwn: boolean;
  readonly tag?: string;
}

export interface VolumeLink {
  readonly volumeId: string;
  readonly attachmentId: string;
  readonly device: string;
  readonly isRoot: boolean;
  deleteOnTermination: boolean;
  readonly tag?: string;
}

export interface Fault {
  readonly code: number;
  readonly createdMs: number;
  readonly message: string;
}

export interface ActionRecord {
  readonly action: string;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly startMs: number;
  finishMs: number | null;
  message: string | null;
}

/** The shortest writing of an IPv6 address, all in hexadecimal: so the database keeps it. */
export const shortIpv6 = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);

/** What few servers have; absent for the many, so that an idle one stays small. */
export interface Extras {
  accessIPv4?: string;
  accessIPv6?: string;
  tags?: string[];
  lock?: { readonly byAdmin: boolean; readonly reason: string | null };
  fault?: Fault;
  userData?: string;
  configDrive?: boolean;
  autoDisk?: boolean;
  groupId?: string;
  zone?: string;
  hostname?: string;
  reservationId?: string;
  launchIndex?: number;
  /** During a resize: what to go back to. */
  oldFlavor?: Flavor;
  oldVm?: VmState;
  terminatedMs?: number;
  /** While it is shelved: the image of its disk. */
  shelvedImageId?: string;
  trustedCertificates?: readonly string[];
}

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
  /** The name, where it was made before descriptions were known (2.19). */
  description: string | null;
  vm: VmState;
  task: string | null;
  updatedMs: number;
  /** 0: not yet. */
  launchedMs: number;
  isScheduled: boolean;
  metadata: Readonly<Record<string, string>>;
  nics: readonly Nic[];
  volumes: readonly VolumeLink[];
  actions: ActionRecord[] | undefined;
  extras: Extras | undefined;
}

export interface Keypair {
  readonly id: number;
  readonly name: string;
  readonly type: "ssh" | "x509";
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly createdMs: number;
}

export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: string;
  readonly rules: Readonly<Record<string, number>>;
  readonly projectId: string;
  readonly userId: string;
}

export interface Aggregate {
  readonly id: number;
  readonly uuid: string;
  name: string;
  zone: string | null;
  hosts: string[];
  metadata: Record<string, string>;
  readonly createdMs: number;
  updatedMs: number | null;
}

export interface Usage {
  instances: number;
  cores: number;
  ram: number;
}

export interface NovaState {
  servers: Map<string, Server>;
  /** Project → its servers, in order of creation. */
  byProject: Map<string, Map<string, Server>>;
  /** The last deleted ones, for `changes-since`, `deleted` and markers. */
  tombstones: Map<string, Server>;
  usage: Map<string, Usage>;
  serversMade: number;
  flavors: Map<string, Flavor>;
  flavorNames: Map<string, string>;
  flavorsMade: number;
  /** Flavor → projects that may use it although it is not public. */
  flavorAccess: Map<string, Set<string>>;
  /** User → name → key pair. */
  keypairs: Map<string, Map<string, Keypair>>;
  keypairsMade: number;
  groups: Map<string, ServerGroup>;
  aggregates: Map<number, Aggregate>;
  aggregatesMade: number;
  /** Project → quotas that differ from the default. */
  quotas: Map<string, Record<string, number>>;
  /** Changed defaults (quota class `default`). */
  quotaClass: Record<string, number>;
}

export const emptyState = (): NovaState => ({
  servers: new Map(),
  byProject: new Map(),
  tombstones: new Map(),
  usage: new Map(),
  serversMade: 0,
  flavors: new Map(),
  flavorNames: new Map(),
  flavorsMade: 0,
  flavorAccess: new Map(),
  keypairs: new Map(),
  keypairsMade: 0,
  groups: new Map(),
  aggregates: new Map(),
  aggregatesMade: 0,
  quotas: new Map(),
  quotaClass: {},
});

export interface Nova {
  readonly cloud: Cloud;
  readonly slot: Slot<NovaState>;
}

/** The one host of this cloud. */
export const HOST = "ref";
/** What one server may ask of it; more finds no valid host. */
export const HOST_LIMITS = { vcpus: 4096, ramMb: 64 * 1024 * 1024, diskGb: 1024 * 1024 } as const;
/** Deleted servers that are remembered. */
const TOMBSTONES_MAX = 1000;

export const NO_METADATA: Readonly<Record<string, string>> = {};
export const NO_NICS: readonly Nic[] = [];
export const NO_VOLUMES: readonly VolumeLink[] = [];

export function addServer(nova: Nova, server: Server): void {
  const state = nova.slot.value;
  state.servers.set(server.id, server);
  let own = state.byProject.get(server.projectId);
  if (own === undefined) state.byProject.set(server.projectId, (own = new Map()));
  own.set(server.id, server);
  count(state, server, 1);
}

/** Takes a server out of the living; its quota is free again. */
export function buryServer(nova: Nova, server: Server): void {
  const state = nova.slot.value;
  if (!state.servers.delete(server.id)) return;
  state.byProject.get(server.projectId)?.delete(server.id);
  count(state, server, -1);
  state.tombstones.set(server.id, server);
  if (state.tombstones.size <= TOMBSTONES_MAX) return;
  const [oldest] = state.tombstones.keys();
  if (oldest !== undefined) state.tombstones.delete(oldest);
}

/** Changes a server's flavor and what it uses of the quota. */
export function setFlavor(nova: Nova, server: Server, flavor: Flavor): void {
  count(nova.slot.value, server, -1);
  server.flavor = flavor;
  count(nova.slot.value, server, 1);
}

function count(state: NovaState, { projectId, flavor }: Server, sign: 1 | -1): void {
  let usage = state.usage.get(projectId);
  if (usage === undefined) state.usage.set(projectId, (usage = { instances: 0, cores: 0, ram: 0 }));
  usage.instances += sign;
  usage.cores += sign * flavor.vcpus;
  usage.ram += sign * flavor.ram;
}

export const extrasOf = (server: Server): Extras => (server.extras ??= {});

/** Who acts for a server while nobody asks: its owner. */
export const ownerOf = (server: Pick<Server, "projectId" | "userId">): Actor => ({
  ...ANONYMOUS,
  userId: server.userId,
  projectId: server.projectId,
  roles: ["member", "reader"],
});
