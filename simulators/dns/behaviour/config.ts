import { durationNs } from "../wire/duration.ts";

/** The part of Consul's configuration that is simulated, in Consul's own keys (1.8, "Configuration"). */
export interface ConsulConfig {
  readonly domain?: string;
  readonly alt_domain?: string;
  readonly datacenter?: string;
  readonly primary_datacenter?: string;
  readonly node_name?: string;
  readonly node_id?: string;
  readonly node_meta?: Readonly<Record<string, string>>;
  /** Addresses of resolvers for names outside the domain: keys of `ConsulOptions.upstreams`. */
  readonly recursors?: readonly string[];
  readonly dns_config?: {
    readonly node_ttl?: string;
    readonly service_ttl?: Readonly<Record<string, string>>;
    readonly soa?: {
      readonly refresh?: number;
      readonly retry?: number;
      readonly expire?: number;
      readonly min_ttl?: number;
    };
    readonly udp_answer_limit?: number;
    readonly a_record_limit?: number;
    readonly enable_truncate?: boolean;
    readonly only_passing?: boolean;
    readonly disable_compression?: boolean;
    readonly enable_additional_node_meta_txt?: boolean;
    readonly recursor_timeout?: string;
    readonly allow_stale?: boolean;
    readonly max_stale?: string;
    readonly use_cache?: boolean;
    readonly cache_max_age?: string;
  };
  readonly acl?: {
    readonly enabled?: boolean;
    readonly default_policy?: string;
    /** Whether a listing of keys needs `list` or `write` on its prefix. Default: `read` on each key shown. */
    readonly enable_key_list_policy?: boolean;
    readonly down_policy?: string;
    readonly enable_token_persistence?: boolean;
    readonly tokens?: {
      readonly master?: string;
      readonly initial_management?: string;
      readonly agent?: string;
      readonly default?: string;
      readonly dns?: string;
      readonly replication?: string;
      readonly agent_recovery?: string;
      readonly config_file_service_registration?: string;
    };
  };
  readonly services?: readonly Readonly<Record<string, unknown>>[];
  readonly checks?: readonly Readonly<Record<string, unknown>>[];
  readonly server?: boolean;
  readonly bootstrap?: boolean;
  readonly bootstrap_expect?: number;
  readonly performance?: { readonly raft_multiplier?: number; readonly rpc_hold_timeout?: string };
  readonly retry_join?: readonly string[];
  readonly retry_join_wan?: readonly string[];
  readonly translate_wan_addrs?: boolean;
  /** How long a change of only a check's output may wait. Default: `5m`. */
  readonly check_update_interval?: string;
  /** The shortest TTL of a session. Default `10s`. */
  readonly session_ttl_min?: string;
  readonly limits?: {
    readonly kv_max_value_size?: number;
    readonly txn_max_req_len?: number;
    readonly request_limits?: { readonly mode?: string; readonly read_rate?: number; readonly write_rate?: number };
    readonly http_max_conns_per_client?: number;
  };
  /** How old a catalog or health read may be if the caller does not say. */
  readonly discovery_max_stale?: string;
  readonly http_config?: {
    readonly response_headers?: Readonly<Record<string, string>>;
    readonly block_endpoints?: readonly string[];
    readonly allow_write_http_from?: readonly string[];
    readonly use_cache?: boolean;
  };
  /** Whether the web pages are served. */
  readonly ui_config?: { readonly enabled?: boolean };
  readonly default_intention_policy?: string;
  readonly connect?: { readonly enabled?: boolean };
  readonly ports?: Readonly<Record<string, number>>;
}

const KEYS = new Set([
  "domain",
  "alt_domain",
  "datacenter",
  "primary_datacenter",
  "node_name",
  "node_id",
  "node_meta",
  "recursors",
  "dns_config",
  "acl",
  "services",
  "checks",
  "server",
  "bootstrap",
  "bootstrap_expect",
  "performance",
  "retry_join",
  "retry_join_wan",
  "translate_wan_addrs",
  "check_update_interval",
  "session_ttl_min",
  "limits",
  "discovery_max_stale",
  "http_config",
  "connect",
]);
/** Keys that don't affect what is simulated: logs, sockets, folders, the machine. */
const WITHOUT_EFFECT = new Set([
  "addresses",
  "bind_addr",
  "client_addr",
  "advertise_addr",
  "advertise_addr_wan",
  "ports",
  "data_dir",
  "log_level",
  "log_file",
  "telemetry",
  "disable_update_check",
  "disable_host_node_id",
  "enable_debug",
  "leave_on_terminate",
  "rejoin_after_leave",
  "skip_leave_on_interrupt",
  "ui",
  "enable_syslog",
  "raft_protocol",
  "start_join",
  "start_join_wan",
  "autopilot",
  "experiments",
]);

/** @throws Error for a key that is not simulated */
export function checkConfig(config: ConsulConfig): void {
  const unknown = Object.keys(config).find((key) => !KEYS.has(key) && !WITHOUT_EFFECT.has(key));
  if (unknown !== undefined) throw new Error(`not simulated: configuration key '${unknown}'`);
}

const NS_PER_MS = 1e6;
/** A duration as ms; 0 for a malformed one. */
export const durationMs = (text: string): number => (durationNs(text) ?? 0) / NS_PER_MS;

/** The shortest TTL of a session, ns. */
export const sessionTtlNsMin = ({ session_ttl_min: text = "10s" }: ConsulConfig): number => durationNs(text) ?? 0;

/** How long a change of only a check's output waits, in ms. */
export const outputMs = ({ check_update_interval: text = "5m" }: ConsulConfig): number => durationMs(text);

/** How long a request waits for a leader before it fails. */
export const holdMs = (config: ConsulConfig): number => durationMs(config.performance?.rpc_hold_timeout ?? "7s");
