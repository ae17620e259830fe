import { type ConsulConfig, durationMs } from "../behaviour/config.ts";
import type { Profile } from "../behaviour/profile.ts";
import { durationNs } from "../wire/duration.ts";

/** The settings of the resolver, read once. Durations in ms, TTLs in whole seconds. */
export interface DnsSettings {
  /** Lower case with a final dot: `consul.`. */
  readonly domain: string;
  readonly altDomain: string | undefined;
  readonly nodeTtlS: number;
  /** Exact names, then prefixes, the longest first. */
  readonly serviceTtlS: ReadonlyMap<string, number>;
  readonly prefixTtlS: readonly (readonly [string, number])[];
  readonly soa: { readonly refresh: number; readonly retry: number; readonly expire: number; readonly minTtl: number };
  readonly udpAnswersMax: number;
  /** 0 for no limit. */
  readonly aRecordsMax: number;
  readonly truncates: boolean;
  readonly onlyPassing: boolean;
  readonly compresses: boolean;
  readonly nodeMetaTxt: boolean;
  /** Whether addresses in other datacenters are those tagged `wan`. */
  readonly translatesWan: boolean;
  /** Whether servers without a leader may answer. */
  readonly takesStale: boolean;
  readonly recursors: readonly string[];
  readonly recursorTimeoutMs: number;
  readonly profile: Profile;
}

const ttlS = (text: string | undefined): number => Math.max(0, Math.trunc((durationNs(text ?? "0s") ?? 0) / 1e9));

const fqdn = (domain: string): string => `${domain.toLowerCase().replace(/\.$/, "")}.`;

/** @throws Error for a malformed duration */
export function dnsSettings(config: ConsulConfig, profile: Profile): DnsSettings {
  const dns = config.dns_config ?? {};
  const ttls = Object.entries(dns.service_ttl ?? {});
  for (const text of [...ttls.map(([, ttl]) => ttl), dns.node_ttl, dns.recursor_timeout])
    if (text !== undefined && durationNs(text) === undefined)
      throw new Error(`dns_config: '${text}' is not a duration`);
  return {
    domain: fqdn(config.domain ?? "consul"),
    altDomain: config.alt_domain === undefined ? undefined : fqdn(config.alt_domain),
    nodeTtlS: ttlS(dns.node_ttl),
    serviceTtlS: new Map(ttls.filter(([name]) => !name.endsWith("*")).map(([name, ttl]) => [name, ttlS(ttl)])),
    prefixTtlS: ttls
      .filter(([name]) => name.endsWith("*"))
      .map(([name, ttl]) => [name.slice(0, -1), ttlS(ttl)] as const)
      .sort(([a], [b]) => b.length - a.length),
    soa: {
      refresh: dns.soa?.refresh ?? 3600,
      retry: dns.soa?.retry ?? 600,
      expire: dns.soa?.expire ?? 86_400,
      minTtl: dns.soa?.min_ttl ?? 0,
    },
    udpAnswersMax: dns.udp_answer_limit ?? 3,
    aRecordsMax: dns.a_record_limit ?? 0,
    truncates: dns.enable_truncate ?? false,
    onlyPassing: dns.only_passing ?? false,
    compresses: !(dns.disable_compression ?? false),
    nodeMetaTxt: dns.enable_additional_node_meta_txt ?? true,
    translatesWan: config.translate_wan_addrs ?? false,
    takesStale: dns.allow_stale ?? true,
    recursors: config.recursors ?? [],
    recursorTimeoutMs: durationMs(dns.recursor_timeout ?? "2s"),
    profile,
  };
}

/** The TTL of a service's answers in seconds: exact name, else the longest prefix, else 0. */
export function serviceTtlS({ serviceTtlS: exact, prefixTtlS }: DnsSettings, service: string): number {
  if (exact.size === 0 && prefixTtlS.length === 0) return 0;
  return exact.get(service) ?? prefixTtlS.find(([prefix]) => service.startsWith(prefix))?.[1] ?? 0;
}
