import type { NodeEntry, ServiceRow } from "./rows.ts";

/** Nodes by lower-case name; each holds its services and checks. */
export interface CatalogState {
  readonly nodes: Map<string, NodeEntry>;
  /** Lower-case service name → lower-case `node/id` → instance. */
  readonly byService: Map<string, Map<string, ServiceRow>>;
  /** Lower-case name of a service → lower-case `node/id` → proxy for it. */
  readonly byDestination: Map<string, Map<string, ServiceRow>>;
  /** Node id → lower-case node name. */
  readonly byId: Map<string, string>;
}

/** An empty catalog. */
export const emptyState = (): CatalogState => ({
  nodes: new Map(),
  byService: new Map(),
  byDestination: new Map(),
  byId: new Map(),
});

const instanceKey = ({ node, id }: ServiceRow): string => `${node}/${id}`.toLowerCase();

/** A copy of an entry that later writes leave alone. */
export const copyEntry = ({ row, services, checks }: NodeEntry): NodeEntry => ({
  row,
  services: new Map(services),
  checks: new Map(checks),
});

/** A catalog of these nodes, with its indexes rebuilt. */
export function rebuildState(nodes: Map<string, NodeEntry>): CatalogState {
  const state: CatalogState = { ...emptyState(), nodes };
  for (const { row, services } of nodes.values()) {
    if (row.id !== "") state.byId.set(row.id, row.name.toLowerCase());
    for (const service of services.values()) linkService(state, service);
  }
  return state;
}

/** The service to which a proxy leads, in lower case; undefined if the instance is not a proxy. */
const destinationOf = ({ kind, proxy }: Pick<ServiceRow, "kind" | "proxy">): string | undefined =>
  kind === "connect-proxy" ? String(proxy?.DestinationServiceName ?? "").toLowerCase() : undefined;

function link(index: Map<string, Map<string, ServiceRow>>, name: string, service: ServiceRow): void {
  const instances = index.get(name) ?? new Map<string, ServiceRow>();
  index.set(name, instances.set(instanceKey(service), service));
}

/** Removes an instance of a name. True if it was the last. */
function unlink(index: Map<string, Map<string, ServiceRow>>, name: string, service: ServiceRow): boolean {
  const instances = index.get(name);
  instances?.delete(instanceKey(service));
  if (instances !== undefined && instances.size > 0) return false;
  index.delete(name);
  return true;
}

/** Adds an instance to those of its service. */
export function linkService({ byService, byDestination }: CatalogState, service: ServiceRow): void {
  link(byService, service.name.toLowerCase(), service);
  const destination = destinationOf(service);
  if (destination !== undefined) link(byDestination, destination, service);
}

/** Removes an instance from its service. True if it was the last, with which the service goes. */
export function unlinkService({ byService, byDestination }: CatalogState, service: ServiceRow): boolean {
  const destination = destinationOf(service);
  if (destination !== undefined) unlink(byDestination, destination, service);
  return unlink(byService, service.name.toLowerCase(), service);
}
