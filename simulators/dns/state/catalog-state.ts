import type { NodeEntry, ServiceRow } from "./rows.ts";

/** Nodes by lower-case name; each holds its services and checks. */
export interface CatalogState {
  readonly nodes: Map<string, NodeEntry>;
  /** Lower-case service name → lower-case `node/id` → instance. */
  readonly byService: Map<string, Map<string, ServiceRow>>;
  /** Node id → lower-case node name. */
  readonly byId: Map<string, string>;
}

/** An empty catalog. */
export const emptyState = (): CatalogState => ({ nodes: new Map(), byService: new Map(), byId: new Map() });

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

/** Adds an instance to those of its service. */
export function linkService({ byService }: CatalogState, service: ServiceRow): void {
  const name = service.name.toLowerCase();
  const instances = byService.get(name) ?? new Map<string, ServiceRow>();
  byService.set(name, instances.set(instanceKey(service), service));
}

/** Removes an instance from its service. True if it was the last, with which the service goes. */
export function unlinkService({ byService }: CatalogState, service: ServiceRow): boolean {
  const name = service.name.toLowerCase();
  const instances = byService.get(name);
  instances?.delete(instanceKey(service));
  if (instances !== undefined && instances.size > 0) return false;
  byService.delete(name);
  return true;
}
