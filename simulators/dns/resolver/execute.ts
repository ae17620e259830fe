import type { Agent } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Catalog } from "../state/catalog.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import { isHealthy } from "../state/health.ts";
import type { PreparedQuery } from "../state/queries.ts";
import type { ServiceRow } from "../state/rows.ts";

/** The result of a prepared query. */
export interface QueryResult {
  readonly query: PreparedQuery;
  readonly services: readonly ServiceRow[];
  readonly datacenter: Datacenter;
  /** Where the services are: the datacenter's own, or what it has imported from a peer. */
  readonly catalog: Catalog;
  /** The peer from which they were imported; empty for none. */
  readonly peer: string;
  /** How many other datacenters were asked. */
  readonly failovers: number;
}

interface ExecuteOptions {
  readonly authorizer: Authorizer;
  /** Name of a node, `_agent`, or empty. */
  readonly near: string;
  /** 0 for no limit. */
  readonly limit: number;
  readonly isConnect: boolean;
}

/** How many of the nearest instances are searched for the requested node. */
const NEAREST_MAX = 10;

/** Where a query looks: a datacenter's own catalog, or what it has imported from a peer. */
interface QueryPlace {
  readonly datacenter: Datacenter;
  readonly catalog: Catalog;
  readonly peer: string;
}

const ownPlace = (datacenter: Datacenter): QueryPlace => ({ datacenter, catalog: datacenter.catalog, peer: "" });

function peerPlace(datacenter: Datacenter, peer: string): QueryPlace | undefined {
  const catalog = datacenter.importsFrom(peer);
  return catalog && { datacenter, catalog, peer };
}

/** Executes a prepared query from an agent; `undefined` when there is none of this id or name. */
export function executeQuery(
  cluster: Cluster,
  agent: Agent,
  datacenter: Datacenter,
  idOrName: string,
  options: ExecuteOptions,
): QueryResult | undefined {
  const query = datacenter.queries.resolve(idOrName);
  if (query === undefined) return undefined;
  const near = nearOf(query, options.near, agent);
  const find = (place: QueryPlace, isLocal: boolean): readonly ServiceRow[] =>
    cut(nearFirst(place.datacenter, select(place, query, options), near, isLocal), options.limit);
  const { Peer } = query.Service;
  const first = (Peer === "" ? undefined : peerPlace(datacenter, Peer)) ?? ownPlace(datacenter);
  const own = Peer !== "" && first.peer === "" ? [] : find(first, agent.datacenter === datacenter);
  let last: QueryResult = { query, services: own, ...first, failovers: 0 };
  if (own.length > 0) return last;
  for (const place of failoversOf(cluster, datacenter, query)) {
    const services = find(place, false);
    last = { query, services, ...place, failovers: last.failovers + 1 };
    if (services.length > 0) break;
  }
  return last;
}

const cut = (services: readonly ServiceRow[], limit: number): readonly ServiceRow[] =>
  limit > 0 ? services.slice(0, limit) : services;

function nearOf({ Service }: PreparedQuery, asked: string, agent: Agent): string {
  const near = asked || Service.Near;
  return near === "_agent" ? agent.name : near;
}

/** Healthy instances that the query's filters and the caller's rights admit, shuffled. */
function select(
  { datacenter, catalog }: QueryPlace,
  { Service }: PreparedQuery,
  { authorizer, isConnect }: ExecuteOptions,
): ServiceRow[] {
  const wanted = (Service.Tags ?? []).map((tag) => tag.toLowerCase());
  const found =
    isConnect || Service.Connect ? catalog.connectInstancesOf(Service.Service) : catalog.instancesOf(Service.Service);
  const services = found.filter((service) => {
    const { entry } = catalog.withEntry(service);
    if (!authorizer.sees("node", service.node) || !authorizer.sees("service", service.name)) return false;
    return (
      isHealthy(entry, service, Service.OnlyPassing, Service.IgnoreCheckIDs) &&
      hasPairs(entry.row.meta, Service.NodeMeta) &&
      hasPairs(service.meta, Service.ServiceMeta) &&
      hasTags(service.tags, wanted)
    );
  });
  return datacenter.store.kernel.random("dns/order").shuffle(services);
}

type Pairs = Readonly<Record<string, string>> | null;
const hasPairs = (meta: Pairs, wanted: Pairs): boolean =>
  Object.entries(wanted ?? {}).every(([key, value]) => meta?.[key] === value);

function hasTags(tags: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const have = new Set(tags.map((tag) => tag.toLowerCase()));
  return wanted.every((tag) => (tag.startsWith("!") ? !have.has(tag.slice(1)) : have.has(tag)));
}

function nearFirst(
  datacenter: Datacenter,
  services: readonly ServiceRow[],
  near: string,
  isLocal: boolean,
): readonly ServiceRow[] {
  if (near === "" || !isLocal) return services;
  const sorted = [...datacenter.coordinates.sortByDistance(near, services, ({ node }) => node)];
  const [first] = sorted;
  const at = sorted.slice(0, NEAREST_MAX).findIndex(({ node }) => node === near);
  const nearest = sorted[at];
  if (first === undefined || nearest === undefined) return sorted;
  return sorted.with(0, nearest).with(at, first);
}

/** Where a query looks next, the nearest first; unknown datacenters are skipped. */
function failoversOf(cluster: Cluster, own: Datacenter, { Service }: PreparedQuery): readonly QueryPlace[] {
  const others = [...cluster.datacenters.values()].filter(
    (datacenter) => datacenter !== own && cluster.reachOf(datacenter) === "reached",
  );
  const { NearestN, Datacenters, Targets } = Service.Failover;
  const nearest = others.slice(0, NearestN);
  const targets = Datacenters?.map((Datacenter) => ({ Datacenter, Peer: "" })) ?? Targets ?? [];
  const listed = targets.flatMap(({ Datacenter: name, Peer }): readonly QueryPlace[] => {
    if (Peer !== "") return [peerPlace(own, Peer) ?? []].flat();
    return others.filter((other) => other.name === name && !nearest.includes(other)).map(ownPlace);
  });
  return [...nearest.map(ownPlace), ...uniqueBy(listed)];
}

/** Places that have not occurred before. */
const uniqueBy = (places: readonly QueryPlace[]): readonly QueryPlace[] => [
  ...new Map(places.map((place) => [`${place.peer}/${place.datacenter.name}`, place])).values(),
];
