import { durationNs, invalidDuration } from "../wire/duration.ts";

/** The configuration of BOSH DNS, in the keys of its own file. Durations are in Go's form. */
export interface BoshDnsConfig {
  readonly address?: string;
  readonly port?: number;
  readonly recursors?: readonly string[];
  readonly excluded_recursors?: readonly string[];
  readonly disable_recursors?: boolean;
  readonly recursor_selection?: string;
  readonly recursor_timeout?: string;
  readonly recursor_max_retries?: number;
  readonly request_timeout?: string;
  readonly upcheck_domains?: readonly string[];
  readonly health?: {
    readonly enabled?: boolean;
    readonly check_interval?: string;
    readonly max_tracked_queries?: number;
    readonly synchronous_check_timeout?: string;
  };
  readonly cache?: { readonly enabled?: boolean };
}

/** The same, parsed. Durations in ms. */
export interface BoshDnsSettings {
  readonly recursors: readonly string[];
  readonly usesRecursors: boolean;
  readonly isSmart: boolean;
  readonly recursorTimeoutMs: number;
  readonly retriesMax: number;
  readonly requestTimeoutMs: number;
  readonly upcheckDomains: readonly string[];
  readonly checksHealth: boolean;
  readonly checkIntervalMs: number;
  readonly trackedMax: number;
  readonly firstCheckMs: number;
  readonly caches: boolean;
}

const NS_PER_MS = 1e6;

/** @throws Error for a duration or a selection that can't be read */
export function readConfig(config: BoshDnsConfig): BoshDnsSettings {
  const { health = {}, recursor_selection: selection = "smart" } = config;
  if (selection !== "smart" && selection !== "serial")
    throw new Error("invalid value for recursor_selection; expected 'serial' or 'smart'");
  const excluded = new Set((config.excluded_recursors ?? []).map(withPort));
  return {
    recursors: (config.recursors ?? []).map(withPort).filter((each) => !excluded.has(each)),
    usesRecursors: config.disable_recursors !== true,
    isSmart: selection === "smart",
    recursorTimeoutMs: msOf(config.recursor_timeout ?? "2s"),
    retriesMax: config.recursor_max_retries ?? 0,
    requestTimeoutMs: msOf(config.request_timeout ?? "5s"),
    upcheckDomains: config.upcheck_domains ?? ["upcheck.bosh-dns."],
    checksHealth: health.enabled === true,
    checkIntervalMs: msOf(health.check_interval ?? "20s"),
    trackedMax: health.max_tracked_queries ?? TRACKED_MAX,
    firstCheckMs: msOf(health.synchronous_check_timeout ?? "1s"),
    caches: config.cache?.enabled === true,
  };
}

const TRACKED_MAX = 2000;

function msOf(text: string): number {
  const ns = durationNs(text);
  if (ns === undefined) throw new Error(invalidDuration(text));
  return ns / NS_PER_MS;
}

/** The address of a resolver; its port is 53 unless it says otherwise. */
export const withPort = (address: string): string => {
  if (/^\[.*\]:\d+$|^[^:]*:\d+$/.test(address)) return address;
  return address.includes(":") ? `[${address}]:53` : `${address}:53`;
};
