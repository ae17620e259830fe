import { byKey, byText, type Slot } from "../../kernel/index.ts";
import { CatalogHistory } from "./catalog-history.ts";
import { type CatalogState, emptyState } from "./catalog-state.ts";
import type { CheckRow, Instance, NodeEntry, NodeRow, PlacedService, ServiceRow } from "./rows.ts";
import type { Store } from "./store.ts";

/** The index table of a service, which moves with its instances and their checks. */
export const serviceTable = (name: string): string => `service.${name.toLowerCase()}`;

/** The index table of a node, which moves with it and its services. */
export const nodeTable = (name: string): string => `node.${name.toLowerCase()}`;

/** The index table of services that are gone. */
export const EXTINCTION = "service_last_extinction";

/** The reads of the catalog of one datacenter. Names are case-insensitive. */
export class CatalogReads {
  protected readonly store: Store;
  protected readonly slot: Slot<CatalogState>;
  readonly #history: CatalogHistory;
  /** The gateways of the mesh through which a service is reached. */
  gatewaysOf: (service: string) => readonly string[] = () => [];

  constructor(store: Store) {
    this.store = store;
    this.slot = store.slot(`dns/${store.datacenter}/catalog`, emptyState());
    this.#history = new CatalogHistory(store.kernel, store.datacenter);
  }

  get state(): CatalogState {
    return this.slot.value;
  }

  /** Runs something synchronous on the catalog as it was at a time, as far as it is remembered. */
  asOf<T>(atMs: number, run: () => T): T {
    const present = this.slot.value;
    this.slot.value = this.#history.stateAt(present, atMs);
    try {
      return run();
    } finally {
      this.slot.value = present;
    }
  }

  /** Remembers a node before it is written to. */
  protected remember(name: string): void {
    this.#history.remember(name, this.entry(name));
  }

  /** A node by name. */
  node(name: string): NodeRow | undefined {
    return this.entry(name)?.row;
  }

  /** A node with its services and checks. */
  entry(name: string): NodeEntry | undefined {
    return this.state.nodes.get(name.toLowerCase());
  }

  /** All nodes by name. */
  nodes(): readonly NodeRow[] {
    return this.entries().map(({ row }) => row);
  }

  /** All nodes with their services and checks, by name. */
  entries(): readonly NodeEntry[] {
    return [...this.state.nodes].sort(byKey).map(([, entry]) => entry);
  }

  /** Instances of a service, by its lower-case name, in the order of their registration: for callers that shuffle them. */
  instancesUnsorted(service: string): ReadonlyMap<string, ServiceRow> | undefined {
    return this.state.byService.get(service);
  }

  /** Instances of a service, by node and id. */
  instancesOf(service: string): readonly ServiceRow[] {
    return [...(this.state.byService.get(service.toLowerCase()) ?? [])].sort(byKey).map(([, row]) => row);
  }

  /** Instances through which the mesh leads to a service: native ones and its proxies, by node and id. */
  connectInstancesOf(service: string): readonly ServiceRow[] {
    const name = service.toLowerCase();
    const own = this.instancesOf(name).filter(({ native }) => native);
    const proxies = [...(this.state.byDestination.get(name) ?? [])].map(([, row]) => row);
    const gateways = this.gatewaysOf(service)
      .flatMap((gateway) => this.instancesOf(gateway))
      .filter(({ kind }) => kind === "terminating-gateway");
    return [...own, ...proxies, ...gateways].sort((a, b) => byText(`${a.node}/${a.id}`, `${b.node}/${b.id}`));
  }

  /** A check of a node. */
  check(node: string, id: string): CheckRow | undefined {
    return this.entry(node)?.checks.get(id.toLowerCase());
  }

  /** Checks of a node by id. */
  checksOf(node: string): readonly CheckRow[] {
    return [...(this.entry(node)?.checks ?? [])].sort(byKey).map(([, row]) => row);
  }

  /** Services of a node by id. */
  servicesOf(node: string): readonly ServiceRow[] {
    return [...(this.entry(node)?.services ?? [])].sort(byKey).map(([, row]) => row);
  }

  protected require(node: string): NodeEntry {
    const entry = this.entry(node);
    if (entry === undefined) throw new Error(`the catalog has a service or check of ${node}, but no such node`);
    return entry;
  }

  /** An instance with its node. */
  withEntry(service: ServiceRow): PlacedService {
    return { service, entry: this.require(service.node) };
  }

  /** An instance with its node and the checks that count for it: those of the node first, as Consul joins them. */
  instance(service: ServiceRow): Instance {
    const checks = this.checksOf(service.node);
    return {
      node: this.require(service.node).row,
      service,
      checks: [
        ...checks.filter(({ serviceId }) => serviceId === ""),
        ...checks.filter(({ serviceId }) => serviceId === service.id),
      ],
    };
  }

  /** The index that a reader of this service waits on. */
  serviceIndex(name: string, isThere: boolean): number {
    const tables = ["nodes", "services", "checks"];
    const own = this.store.touchedAt(isThere ? serviceTable(name) : EXTINCTION);
    return own ?? this.store.latest(...tables);
  }
}
