import { ALLOW_ALL, type Authorizer } from "../state/acl-authorizer.ts";
import { isHealthy } from "../state/health.ts";
import type { PlacedService } from "../state/rows.ts";
import type { ReachedDatacenter } from "./reach.ts";

/** The requested instances of a service. */
interface ServiceFilter {
  readonly name: string;
  /** Empty for any. */
  readonly tag: string;
  readonly isConnect: boolean;
  /** The peer from which they were imported. */
  readonly peer?: string | undefined;
}

/** The instances that an answer may contain, shuffled. */
export function healthyInstances(
  { datacenter, authorizer }: ReachedDatacenter,
  { name, tag, isConnect, peer }: ServiceFilter,
  onlyPassing: boolean,
): readonly PlacedService[] {
  const { store } = datacenter;
  const catalog = peer === undefined ? datacenter.catalog : datacenter.importsFrom(peer);
  if (catalog === undefined) return [];
  const healthy: PlacedService[] = [];
  const found = isConnect ? catalog.connectInstancesOf(name) : (catalog.instancesUnsorted(name)?.values() ?? []);
  for (const service of found) {
    if (tag !== "" && !service.tags.some((each) => each.toLowerCase() === tag)) continue;
    const placed = catalog.withEntry(service);
    if (isHealthy(placed.entry, service, onlyPassing) && mayRead(authorizer, placed)) healthy.push(placed);
  }
  return healthy.length < 2 ? healthy : store.kernel.random("dns/order").shuffle(healthy);
}

const mayRead = (authorizer: Authorizer, { service }: PlacedService): boolean =>
  authorizer === ALLOW_ALL || (authorizer.reads("node", service.node) && authorizer.reads("service", service.name));
