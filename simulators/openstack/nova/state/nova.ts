import type { Slot } from "../../../kernel/index.ts";
import type { Cloud } from "../../cloud.ts";
import type { Flavor } from "./flavor.ts";
import type { ServiceState } from "./host.ts";
import type { Migration } from "./migrations.ts";
import type { Server } from "./server.ts";

/** A user's key pair; its private half is not kept. */
export interface Keypair {
  readonly id: number;
  readonly name: string;
  readonly type: "ssh" | "x509";
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly createdMs: number;
}

/** A server group: servers to be kept together or apart. */
export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: string;
  readonly rules: Readonly<Record<string, number>>;
  readonly projectId: string;
  readonly userId: string;
}

/** An aggregate: hosts under a name, perhaps as a zone. */
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

/** A console that a user has asked for. */
interface Console {
  readonly serverId: string;
  readonly type: string;
}

interface ProjectUsage {
  instances: number;
  cores: number;
  ram: number;
}

/** All that Nova knows; plain data, so that the kernel can take snapshots of it. */
export interface NovaState {
  servers: Map<string, Server>;
  /** Project → its servers, in order of creation. */
  byProject: Map<string, Map<string, Server>>;
  /** The live servers, and those of each project, in order of creation. */
  inOrder: Server[];
  projectInOrder: Map<string, Server[]>;
  /** The last deleted ones, for `changes-since`, `deleted` and markers. */
  deletedServers: Map<string, Server>;
  usage: Map<string, ProjectUsage>;
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
  /** Compute services that an administrator has changed, by host. */
  services: Map<string, ServiceState>;
  /** Host → MiB of memory that its servers were promised. */
  hostRam: Map<string, number>;
  /** Moves from host to host, oldest first. */
  migrations: Migration[];
  migrationsMade: number;
  /** Consoles that were opened, by token: the server and the kind. */
  consoles: Map<string, Console>;
  /** Changed defaults (quota class `default`). */
  quotaClass: Record<string, number>;
}

/** A Nova without servers. */
export const emptyState = (): NovaState => ({
  servers: new Map(),
  byProject: new Map(),
  inOrder: [],
  projectInOrder: new Map(),
  deletedServers: new Map(),
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
  services: new Map(),
  hostRam: new Map(),
  migrations: [],
  migrationsMade: 0,
  consoles: new Map(),
  quotaClass: {},
});

/** Nova within its cloud. */
export interface Nova {
  readonly cloud: Cloud;
  readonly slot: Slot<NovaState>;
}

/** Writes one state change of this service into the journal. `data` holds no secret. */
export function recordChange(
  { cloud }: Nova,
  kind: string,
  subject: string,
  data: Readonly<Record<string, unknown>> = {},
): void {
  cloud.kernel.record("nova", kind, subject, data);
}
