/** Text to text, or null where none was given: Consul's answers tell the two apart. */
export type Meta = Readonly<Record<string, string>> | null;

/** A node of the catalog. */
export interface NodeRow {
  /** A UUID, or empty for a node without an agent. */
  readonly id: string;
  readonly name: string;
  /** An IP address or a host name. */
  readonly address: string;
  readonly meta: Meta;
  readonly taggedAddresses: Meta;
  /** Region and zone, in Consul's own shape. */
  readonly locality?: Readonly<Record<string, string>>;
  /** The cluster from which it was imported; absent for one of our own. */
  readonly peer?: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** How often an instance is picked, by its health. */
export interface Weights {
  readonly passing: number;
  readonly warning: number;
}

/** A tagged address, in Consul's own shape. */
export interface ServiceAddress {
  readonly Address: string;
  readonly Port: number;
}

/** A named port, in Consul's own shape. */
export interface ServicePort {
  readonly Name: string;
  readonly Port: number;
  readonly Default?: boolean;
}

/** An instance of a service in the catalog. */
export interface ServiceRow {
  /** Name of the node it is on. */
  readonly node: string;
  readonly id: string;
  readonly name: string;
  /** Empty for that of the node. */
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Meta;
  readonly weights: Weights;
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>> | null;
  readonly enableTagOverride: boolean;
  /** `connect-proxy` …, empty for a plain service. */
  readonly kind: string;
  /** Whether it speaks the mesh's protocol itself. */
  readonly native: boolean;
  /** Its settings as a proxy, in Consul's own shape; absent if it is not one. */
  readonly proxy?: Readonly<Record<string, unknown>>;
  /** Ports by name, in Consul's own shape. */
  readonly ports?: readonly ServicePort[];
  readonly socketPath?: string;
  /** Region and zone, in Consul's own shape. */
  readonly locality?: Readonly<Record<string, string>>;
  /** The cluster from which it was imported; absent for one of our own. */
  readonly peer?: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** An instance as it is registered. */
export type Service = Omit<ServiceRow, "createIndex" | "modifyIndex">;

/** A check in the catalog. */
export interface CheckRow {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  /** `passing`, `warning`, `critical`; the catalog stores whatever is registered. */
  readonly status: string;
  readonly notes: string;
  readonly output: string;
  /** Empty for a check of the node. */
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  /** `ttl`, `tcp` …, empty when it was not given. */
  readonly type: string;
  /** How often it runs and how long it may take, in Go's form; absent if its agent does not run it. */
  readonly interval?: string;
  readonly timeout?: string;
  readonly exposedPort?: number;
  /** The cluster from which it was imported; absent for one of our own. */
  readonly peer?: string;
  /** How an agent is to perform it, in Consul's own shape; absent in most. */
  readonly definition?: Readonly<Record<string, unknown>>;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** A check as it is registered. */
export type Check = Omit<CheckRow, "createIndex" | "modifyIndex" | "serviceName" | "serviceTags">;

/** A node with all that is on it; keys are lower-case ids. */
export interface NodeEntry {
  row: NodeRow;
  readonly services: Map<string, ServiceRow>;
  readonly checks: Map<string, CheckRow>;
}

/** An instance of a service where it is. */
export interface Instance {
  readonly node: NodeRow;
  readonly service: ServiceRow;
  /** Its own checks and those of its node. */
  readonly checks: readonly CheckRow[];
}

/** An instance of a service with the entry of its node. */
export interface PlacedService {
  readonly service: ServiceRow;
  readonly entry: NodeEntry;
}
