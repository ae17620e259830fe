import type { Kernel, Slot } from "../../kernel/index.ts";
import { AntiEntropy } from "./anti-entropy.ts";
import { holdMs, outputMs } from "./config.ts";
import type { Datacenter } from "./datacenter.ts";
import { Limiter } from "./limiter.ts";
import { LocalState } from "./local.ts";
import { type AgentOptions, nodeMeta, SERVER_PORT } from "./member.ts";

/** `127.0.0.1:8300`: a server as Raft names it. */
export const serverAddress = ({ options }: Agent): string => `${options.address}:${SERVER_PORT}`;

/** How many reads an agent's cache remembers; one more empties it. */
const CACHE_ENTRIES_MAX = 10_000;

/** A member, as the others see it. */
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
  /** The changes to its configuration file since it started. */
  readonly file: Slot<Readonly<Record<string, unknown>>>;
  readonly #tokens: Slot<AgentTokens>;
  readonly #antiEntropy: AntiEntropy;
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
    this.#antiEntropy = new AntiEntropy(this);
    this.local.outside = {
      push: () => this.#whileSyncing(() => this.#antiEntropy.push()),
      repair: () => this.#whileSyncing(() => this.#antiEntropy.repair()),
      remote: options.profile.isToday ? (node) => this.#antiEntropy.remote(node) : undefined,
    };
  }

  get name(): string {
    return this.options.name;
  }

  /** Secrets of the tokens that it uses for itself; empty for none. */
  get tokens(): AgentTokens {
    return this.#tokens.value;
  }

  setToken(kind: keyof AgentTokens, secret: string): void {
    this.#tokens.value = { ...this.#tokens.value, [kind]: secret };
  }

  /** Whether an operator made the others forget it after it was gone. */
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

  /** Reads the configuration file again: its services and checks replace the earlier ones. Returns what is wrong with it. */
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

  /** Applies the changes in the file; returns what is wrong. */
  onReload: ((changed: Readonly<Record<string, unknown>>) => string | undefined) | undefined;

  /** Overrides keys of the configuration file; a reload reads it. */
  reconfigure(changed: Readonly<Record<string, unknown>>): void {
    const { __raw: _raw, ...readable } = this.file.value;
    this.file.value = { ...readable, ...changed };
  }

  /** The writes of the leader and of the agent itself when it joins. */
  join(): void {
    this.#whileSyncing(() => {
      this.#antiEntropy.registerMember();
      // The autopilot of a production server checks the node before the agent has written its own services.
      if (this.options.isServer && !this.options.isDev) this.datacenter.store.next();
      this.#antiEntropy.registerSelf();
    });
  }

  /** Metadata of its node. */
  get nodeMeta(): Readonly<Record<string, string>> {
    return nodeMeta(this.options);
  }

  /** The writes of the leader when it finds that the agent no longer answers. */
  fail(): void {
    this.#antiEntropy.fail();
  }
}
