import type { Kernel, Slot } from "../../kernel/index.ts";
import { addressBytes } from "../wire/codec/address.ts";
import { type ConsulConfig, holdMs, outputMs } from "./config.ts";
import { type Datacenter, VIRTUAL } from "./datacenter.ts";
import { SERF_HEALTH } from "../state/health.ts";
import { CatalogError, type Registration } from "../state/registration.ts";
import type { CheckRow, NodeEntry } from "../state/rows.ts";
import { Limiter } from "./limiter.ts";
import { LocalState } from "./local.ts";
import type { RemoteNode } from "./local-check.ts";
import type { Probe } from "./probe.ts";
import type { Profile } from "./profile.ts";

/** Where servers listen for each other. */
export const SERVER_PORT = 8300;

/** `127.0.0.1:8300`: a server as Raft names it. */
export const serverAddress = ({ options }: Agent): string => `${options.address}:${SERVER_PORT}`;

/** How many reads an agent's cache remembers; one more empties it. */
const CACHE_ENTRIES_MAX = 10_000;

/** A member as the others see it. */
type Membership = "alive" | "failed" | "left";

/** Secrets of an agent's tokens by their use. */
export interface AgentTokens {
  readonly default: string;
  readonly agent: string;
  readonly dns: string;
  readonly agent_recovery: string;
  readonly replication: string;
  readonly config_file_service_registration: string;
}

/** The identity of an agent. */
export interface AgentOptions {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly isServer: boolean;
  /** A development agent: its JSON is always indented. */
  readonly isDev: boolean;
  readonly config: ConsulConfig;
  readonly profile: Profile;
  /** How its checks reach the network; undefined where none are run. */
  readonly probe: Probe | undefined;
}

/** Where a server listens for gRPC over TLS. */
const GRPC_TLS_PORT = 8503;
/** Where a development agent listens for gRPC. */
const GRPC_PORT = 8502;

/** The ports of an agent for gRPC, as a member tells them; a development agent listens without TLS too. */
export const grpcPorts = ({ profile, isDev, isServer, config }: AgentOptions): Readonly<Record<string, string>> => {
  if (!profile.isToday || !isServer) return {};
  const { grpc = isDev ? GRPC_PORT : -1, grpc_tls: tls = GRPC_TLS_PORT } = config.ports ?? {};
  return { ...(grpc > 0 && { grpc_port: String(grpc) }), ...(tls > 0 && { grpc_tls_port: String(tls) }) };
};

const serverMeta = (options: AgentOptions): Readonly<Record<string, string>> => ({
  ...grpcPorts(options),
  non_voter: "false",
  raft_version: "3",
  ...(options.profile.isToday && { read_replica: "false" }),
  serf_protocol_current: "2",
  serf_protocol_max: "5",
  serf_protocol_min: "1",
  version: options.profile.version,
});

/** One Consul agent: a member of its datacenter that keeps the catalog in step with its own services. */
export class Agent {
  readonly kernel: Kernel;
  readonly options: AgentOptions;
  readonly datacenter: Datacenter;
  readonly local: LocalState;
  readonly holdMs: number;
  readonly #membership: Slot<Membership>;
  readonly #pruned: Slot<{ is: boolean }>;
  readonly #cached: Slot<Set<string>>;
  /** How many requests it handles as a server. */
  readonly limiter: Limiter;
  /** What has changed in its configuration file since it started. */
  readonly file: Slot<Readonly<Record<string, unknown>>>;
  readonly #tokens: Slot<AgentTokens>;
  #isSyncing = false;

  constructor(kernel: Kernel, options: AgentOptions, datacenter: Datacenter) {
    this.kernel = kernel;
    this.options = options;
    this.datacenter = datacenter;
    this.holdMs = holdMs(options.config);
    this.#membership = kernel.slot<Membership>(`dns/agent/${options.name}/membership`, "alive");
    this.#pruned = kernel.slot(`dns/agent/${options.name}/pruned`, { is: false });
    this.#cached = kernel.slot(`dns/agent/${options.name}/cache`, new Set<string>());
    const given = options.config.acl?.tokens;
    this.#tokens = kernel.slot<AgentTokens>(`dns/agent/${options.name}/tokens`, {
      default: given?.default ?? "",
      agent: given?.agent ?? "",
      dns: given?.dns ?? "",
      agent_recovery: given?.agent_recovery ?? "",
      replication: given?.replication ?? "",
      config_file_service_registration: given?.config_file_service_registration ?? "",
    });
    this.limiter = new Limiter(kernel, options.name, options.config.limits);
    this.file = kernel.slot<Readonly<Record<string, unknown>>>(`dns/agent/${options.name}/file`, {});
    this.local = new LocalState(kernel, options.name, outputMs(options.config), options.probe);
    this.local.outside = {
      push: () => this.#whileSyncing(() => this.#push()),
      repair: () => this.#whileSyncing(() => this.#repair()),
      remote: options.profile.isToday ? (node) => this.#remote(node) : undefined,
    };
  }

  get name(): string {
    return this.options.name;
  }

  /** Secrets of the tokens that it uses by itself; empty for none. */
  get tokens(): AgentTokens {
    return this.#tokens.value;
  }

  setToken(kind: keyof AgentTokens, secret: string): void {
    this.#tokens.value = { ...this.#tokens.value, [kind]: secret };
  }

  /** Whether an operator had it forgotten after it had gone. */
  get isPruned(): boolean {
    return this.#pruned.value.is;
  }

  set isPruned(is: boolean) {
    this.#pruned.value = { is };
  }

  get membership(): Membership {
    return this.#membership.value;
  }

  set membership(membership: Membership) {
    this.#membership.value = membership;
  }

  /** Whether this was read through the agent's cache before; it counts as read from now on. */
  readsCached(key: string): boolean {
    if (this.#cached.value.has(key)) return true;
    if (this.#cached.value.size >= CACHE_ENTRIES_MAX) this.#cached.value.clear();
    this.#cached.value.add(key);
    return false;
  }

  #remote(node: string): RemoteNode {
    const { catalog } = this.datacenter;
    return {
      checks: catalog.checksOf(node),
      hasService: (id) => catalog.entry(node)?.services.has(id.toLowerCase()) ?? false,
    };
  }

  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  #whileSyncing(work: () => void): void {
    if (this.membership !== "alive" || !this.datacenter.hasLeader) return;
    this.#isSyncing = true;
    try {
      work();
    } finally {
      this.#isSyncing = false;
    }
  }

  /** Reads the configuration file again: its services and checks take the place of those it had before. Answers with what is wrong with it. */
  reload(): string | undefined {
    const raw = this.file.value.__raw;
    if (typeof raw === "string") {
      try {
        JSON.parse(raw);
      } catch (error) {
        return `Failed reloading config: failed to parse consul.json: ${error instanceof Error ? error.message : ""}`;
      }
    }
    return this.onReload?.(this.file.value);
  }

  /** Applies what has changed in the file; answers with what is wrong. */
  onReload: ((changed: Readonly<Record<string, unknown>>) => string | undefined) | undefined;

  /** Lays keys over the configuration file; a reload reads it. */
  reconfigure(changed: Readonly<Record<string, unknown>>): void {
    const { __raw: _raw, ...readable } = this.file.value;
    this.file.value = { ...readable, ...changed };
  }

  /** What the leader and the agent itself write when it joins. */
  join(): void {
    this.#whileSyncing(() => {
      this.#registerMember();
      // The autopilot of a production server checks the node before the agent has written its own services.
      if (this.options.isServer && !this.options.isDev) this.datacenter.store.next();
      this.#registerSelf();
    });
  }

  /** Metadata of its node: the agent's own and what the configuration adds. */
  get nodeMeta(): Readonly<Record<string, string>> {
    const { profile, config } = this.options;
    const version = profile.tellsVersion ? { "consul-version": profile.version } : {};
    return { "consul-network-segment": "", ...version, ...config.node_meta };
  }

  #base(): Omit<Registration, "service" | "checks" | "skipNodeUpdate"> {
    const { id, name, address } = this.options;
    const family = addressBytes(address)?.length === 16 ? "ipv6" : "ipv4";
    return {
      id,
      node: name,
      address,
      meta: this.nodeMeta,
      taggedAddresses: { lan: address, [`lan_${family}`]: address, wan: address, [`wan_${family}`]: address },
    };
  }

  /** What the leader writes of a new member: its node, its health and, for a server, its service. */
  #registerMember(): void {
    const { name, isServer } = this.options;
    const known = this.datacenter.catalog.node(name);
    const service = isServer ? { service: this.#serverService() } : {};
    this.datacenter.catalog.register({
      ...this.#base(),
      ...(known === undefined && { meta: this.#firstMeta(), taggedAddresses: null }),
      skipNodeUpdate: known !== undefined,
      ...service,
      checks: [this.#serfCheck("passing", "Agent alive and reachable")],
    });
  }

  /** What the leader itself knows of a new member. */
  #firstMeta(): Registration["meta"] {
    const { profile } = this.options;
    return profile.tellsVersion ? { "consul-version": profile.version } : null;
  }

  #serverService(): NonNullable<Registration["service"]> {
    return {
      node: this.name,
      id: "consul",
      name: "consul",
      address: "",
      port: SERVER_PORT,
      tags: [],
      meta: serverMeta(this.options),
      weights: { passing: 1, warning: 1 },
      taggedAddresses: null,
      enableTagOverride: false,
      kind: "",
      native: false,
    };
  }

  #serfCheck(status: string, output: string): Registration["checks"][number] {
    return {
      node: this.name,
      id: SERF_HEALTH,
      name: "Serf Health Status",
      status,
      notes: "",
      output,
      serviceId: "",
      type: "",
    };
  }

  #registerSelf(): void {
    this.datacenter.catalog.register({ ...this.#base(), skipNodeUpdate: false, checks: [] });
  }

  /** What the leader writes when it finds that the agent no longer answers. */
  fail(): void {
    const check = this.#serfCheck("critical", "Agent not live or unreachable");
    if (this.datacenter.catalog.node(this.name) !== undefined) this.datacenter.catalog.registerCheck(check);
  }

  #push(): void {
    const { catalog } = this.datacenter;
    const { services, checks, goneServices, goneChecks } = this.local.state;
    for (const id of goneServices) catalog.deregisterService(this.name, id);
    goneServices.clear();
    for (const id of goneChecks)
      if (this.#entry()?.checks.has(id.toLowerCase())) catalog.deregisterCheck(this.name, id);
    goneChecks.clear();
    for (const known of services.values()) {
      if (known.isSynced) continue;
      if (!this.limiter.allows("write")) return this.local.scheduleRepair();
      const own = this.local.checksOf(known.service.id).filter(({ isSynced }) => !isSynced);
      this.#write({ service: known.service, checks: own.map(({ check }) => check) });
      known.isSynced = true;
      for (const check of own) check.isSynced = true;
    }
    for (const known of checks.values()) {
      if (known.isSynced) continue;
      this.#write({ checks: [known.check] });
      known.isSynced = true;
    }
  }

  #write(what: Pick<Registration, "service" | "checks">): void {
    try {
      this.datacenter.catalog.register({ ...this.#base(), skipNodeUpdate: true, ...what });
    } catch (error) {
      // The catalog refuses what conflicts with another node; a real agent logs it and tries again in its next round.
      if (!(error instanceof CatalogError)) throw error;
      this.datacenter.store.record("agent.sync-failed", this.name, { error: error.message });
      this.local.scheduleRepair();
    }
  }

  #entry(): NodeEntry | undefined {
    return this.datacenter.catalog.entry(this.name);
  }

  /** Anti-entropy: the agent is right about itself, and the catalog is made to agree. */
  #repair(): void {
    this.#registerMember();
    this.#registerSelf();
    const { catalog } = this.datacenter;
    const entry = this.#entry();
    for (const { id } of entry?.services.values() ?? [])
      if (!this.local.state.services.has(id) && !(id === "consul" && this.options.isServer))
        catalog.deregisterService(this.name, id);
    for (const check of entry?.checks.values() ?? [])
      if (!this.local.state.checks.has(check.id) && check.id !== SERF_HEALTH)
        catalog.deregisterCheck(this.name, check.id);
    for (const known of this.local.state.services.values())
      if (!sameService(entry, known.service.id, known.service)) known.isSynced = false;
    for (const known of this.local.state.checks.values())
      if (!sameCheck(entry?.checks.get(known.check.id.toLowerCase()), known.check)) known.isSynced = false;
    this.#push();
  }
}

const text = (value: object): string => JSON.stringify({ ...value, createIndex: 0, modifyIndex: 0 });

function sameService(entry: NodeEntry | undefined, id: string, service: object): boolean {
  const row = entry?.services.get(id.toLowerCase());
  return row !== undefined && text(withoutVirtual(row)) === text(service);
}

/** The catalog adds the virtual addresses of the mesh by itself. */
function withoutVirtual<T extends { readonly taggedAddresses: Readonly<Record<string, unknown>> | null }>(row: T): T {
  const { taggedAddresses } = row;
  if (taggedAddresses === null || !Object.keys(taggedAddresses).some(isVirtual)) return row;
  const own = Object.entries(taggedAddresses).filter(([tag]) => !isVirtual(tag));
  return { ...row, taggedAddresses: own.length === 0 ? null : Object.fromEntries(own) };
}

const isVirtual = (tag: string): boolean => tag === VIRTUAL || tag.startsWith(`${VIRTUAL}:`);

const sameCheck = (row: CheckRow | undefined, check: Pick<CheckRow, "status" | "output" | "notes" | "name">): boolean =>
  row !== undefined && (["status", "output", "notes", "name"] as const).every((field) => row[field] === check[field]);
