import type { DnsSettings } from "./settings.ts";
import { type Rr, TYPE } from "../wire/codec/types.ts";
import { nodeName } from "./instance-records.ts";
import { healthyInstances } from "./instances.ts";
import type { ReachedDatacenter } from "./reach.ts";
import { literalRecords } from "./records.ts";

const NAME_SERVERS_MAX = 3;
/** Characters that no label of a domain contains, although names in the catalog may. */
const INVALID_NAME = /[^A-Za-z0-9-]+/;

/** The SOA of the domain; its serial is the time, in seconds since the Unix epoch. */
export const soaRecord = ({ soa }: DnsSettings, nowMs: number, domain: string): Rr => ({
  type: TYPE.SOA,
  name: domain,
  ttl: soa.minTtl,
  data: {
    mname: `ns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: Math.floor(nowMs / 1000),
    refresh: soa.refresh,
    retry: soa.retry,
    expire: soa.expire,
    minimum: soa.minTtl,
  },
});

/** The servers of a datacenter as name servers of the domain, with their addresses; at most three. */
export function nameServers(
  reached: ReachedDatacenter,
  settings: DnsSettings,
  domain: string,
): { readonly records: readonly Rr[]; readonly glue: readonly Rr[] } {
  const records: Rr[] = [];
  const glue: Rr[] = [];
  const { nodeTtlS: ttl, onlyPassing } = settings;
  for (const { entry } of healthyInstances(reached, { name: "consul", tag: "", isConnect: false }, onlyPassing)) {
    if (INVALID_NAME.test(entry.row.name)) continue;
    const target = nodeName(entry.row, reached.datacenter.name, domain).toLowerCase();
    records.push({ type: TYPE.NS, name: domain, ttl, target });
    glue.push(...(literalRecords(target, entry.row.address, TYPE.ANY, ttl) ?? []));
    if (records.length === NAME_SERVERS_MAX) break;
  }
  return { records, glue };
}
