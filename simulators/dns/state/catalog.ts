import { Refusal } from "../wire/refusal.ts";
import { byText, type Slot } from "../../kernel/index.ts";
import {
  type Check,
  type CheckRow,
  type Instance,
  type Meta,
  type NodeEntry,
  type NodeRow,
  type PlacedService,
  type Service,
  type ServiceRow,
} from "./rows.ts";
import { CatalogHistory } from "./catalog-history.ts";
import { type CatalogState, copyEntry, emptyState, linkService, rebuildState, unlinkService } from "./catalog-state.ts";
import type { Store } from "./store.ts";

export type { CatalogState } from "./catalog-state.ts";

/** What a registration says. Without `skipNodeUpdate` the node becomes what it says, its metadata too. */
export interface Registration {
  readonly id: string;
  readonly node: string;
  readonly address: string;
  readonly meta: Meta;
  readonly taggedAddresses: Meta;
  readonly skipNodeUpdate: boolean;
  readonly service?: Service | undefined;
  readonly checks: readonly Check[];
}

/** What others must do when the catalog changes. */
interface CatalogListener {
  /** A check went critical or is gone, or the whole node is (no `check`). */
  onLost(node: string, check: string | undefined, index: number): void;
  /** Something of this node was written. */
  onWritten(node: string): void;
}

/** A registration that the catalog refuses; the message is Consul's. */
export class CatalogError extends Refusal {}

const serviceTable = (name: string): string => `service.${name.toLowerCase()}`;
const EXTINCTION = "service_last_extinction";
/** The check by which the gossip pool says whether a node is alive. */
export const SERF_HEALTH = "serfHealth";

function hasSameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Consul's catalog of one datacenter: every change has an index of its own, a registration that changes nothing has none. */
export class Catalog {
  readonly #store: Store;
  readonly #slot: Slot<CatalogState>;
  readonly #history: CatalogHistory;
  listener: CatalogListener | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#history = new CatalogHistory(store.kernel, store.datacenter);
    this.#slot = store.kernel.slot(`dns/${store.datacenter}/catalog`, emptyState());
  }

  get state(): CatalogState {
    return this.#slot.value;
  }

  node(name: string): NodeRow | undefined {
    return this.entry(name)?.row;
  }

  entry(name: string): NodeEntry | undefined {
    return this.state.nodes.get(name.toLowerCase());
  }

  /** All nodes by name. */
  nodes(): readonly NodeRow[] {
    return this.entries().map(({ row }) => row);
  }

  entries(): readonly NodeEntry[] {
    return [...this.state.nodes].sort(([a], [b]) => byText(a, b)).map(([, entry]) => entry);
  }

  /** Instances of a service in the order of their registration: for who shuffles them anyway. */
  instancesUnsorted(service: string): ReadonlyMap<string, ServiceRow> | undefined {
    return this.state.byService.get(service);
  }

  /** Instances of a service, by node and id. */
  instancesOf(service: string): readonly ServiceRow[] {
    return [...(this.state.byService.get(service.toLowerCase()) ?? [])]
      .sort(([a], [b]) => byText(a, b))
      .map(([, row]) => row);
  }

  /** Checks of a node by id. */
  checksOf(node: string): readonly CheckRow[] {
    return [...(this.entry(node)?.checks ?? [])].sort(([a], [b]) => byText(a, b)).map(([, row]) => row);
  }

  servicesOf(node: string): readonly ServiceRow[] {
    return [...(this.entry(node)?.services ?? [])].sort(([a], [b]) => byText(a, b)).map(([, row]) => row);
  }

  #require(node: string): NodeEntry {
    const entry = this.entry(node);
    if (entry === undefined) throw new Error(`the catalog has a service or check of ${node}, but no such node`);
    return entry;
  }

  /** An instance with the entry of its node. */
  withEntry(service: ServiceRow): PlacedService {
    return { service, entry: this.#require(service.node) };
  }

  /** An instance with its node and the checks that count for it: those of the node first, as Consul joins them. */
  instance(service: ServiceRow): Instance {
    const checks = this.checksOf(service.node);
    return {
      node: this.#require(service.node).row,
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
    const own = this.#store.touchedAt(isThere ? serviceTable(name) : EXTINCTION);
    return own ?? this.#store.latest(...tables);
  }

  /** A copy to come back to when a transaction fails. */
  capture(): () => void {
    const nodes = new Map([...this.state.nodes].map(([name, entry]) => [name, copyEntry(entry)] as const));
    return () => {
      this.#slot.value = rebuildState(nodes);
    };
  }

  #remember(name: string): void {
    this.#history.remember(name, this.entry(name));
  }

  /** Runs something synchronous on the catalog as it was at a time, as far as it is remembered. */
  asOf<T>(atMs: number, run: () => T): T {
    const present = this.#slot.value;
    this.#slot.value = this.#history.stateAt(present, atMs);
    try {
      return run();
    } finally {
      this.#slot.value = present;
    }
  }

  /** All of it or nothing. @throws CatalogError when the catalog refuses it */
  register(registration: Registration, index = this.#store.next()): void {
    this.#check(registration);
    this.#remember(registration.node);
    this.#ensureNode(registration, index);
    if (registration.service !== undefined) this.#ensureService(registration.service, index);
    for (const check of registration.checks) this.#ensureCheck(check, index);
    this.listener?.onWritten(registration.node);
  }

  #check(asked: Registration): void {
    const { node, service, checks } = asked;
    const entry = this.entry(node);
    if (entry === undefined || (!asked.skipNodeUpdate && changesNode(asked, entry.row))) this.#checkName(asked);
    if (service?.id === "")
      throw new CatalogError("failed inserting service: failed inserting service: object missing primary index");
    for (const { node: on, id, serviceId } of checks) {
      if (on.toLowerCase() !== node.toLowerCase())
        throw new CatalogError(`check node "${on}" does not match node "${node}"`);
      const isThere =
        serviceId === "" || serviceId === service?.id || entry?.services.has(serviceId.toLowerCase()) === true;
      const why = !isThere
        ? "Missing service registration"
        : id === ""
          ? "failed inserting check: object missing primary index"
          : undefined;
      if (why !== undefined) throw new CatalogError(`failed inserting check: ${why} on node "${on}"`);
    }
  }

  /** A node without services, as agents and control planes make them known. */
  registerNode(
    name: string,
    address: string,
    options: { readonly id?: string; readonly meta?: Meta; readonly taggedAddresses?: Meta } = {},
  ): NodeRow {
    const known = this.node(name);
    this.register({
      id: options.id ?? known?.id ?? "",
      node: name,
      address,
      meta: options.meta ?? known?.meta ?? null,
      taggedAddresses: options.taggedAddresses ?? known?.taggedAddresses ?? null,
      skipNodeUpdate: false,
      checks: [],
    });
    return this.#require(name).row;
  }

  /** A service on a node that is there. What is left out is empty. @throws CatalogError */
  registerService(
    service: Pick<Service, "node" | "id" | "name" | "address" | "port" | "tags" | "meta" | "weights"> &
      Partial<Pick<Service, "taggedAddresses" | "enableTagOverride" | "kind" | "native">>,
  ): void {
    const row = this.node(service.node);
    if (row === undefined) throw new CatalogError("Missing node registration");
    const full: Service = { taggedAddresses: null, enableTagOverride: false, kind: "", native: false, ...service };
    this.register({ ...fieldsOf(row), skipNodeUpdate: true, service: full, checks: [] });
  }

  registerCheck(check: Check): void {
    const row = this.node(check.node);
    if (row === undefined) throw new CatalogError("Missing node registration");
    this.register({ ...fieldsOf(row), skipNodeUpdate: true, checks: [check] });
  }

  #ensureNode(asked: Registration, index: number): void {
    const known = this.entry(asked.node);
    if (known !== undefined && (asked.skipNodeUpdate || !changesNode(asked, known.row))) return;
    const before = this.#rename(asked, index) ?? known?.row;
    const { id, address, meta, taggedAddresses } = asked;
    const row: NodeRow = {
      id: id || (known?.row.id ?? ""),
      name: asked.node,
      address,
      meta,
      taggedAddresses,
      createIndex: before?.createIndex ?? index,
      modifyIndex: index,
    };
    if (known === undefined)
      this.state.nodes.set(asked.node.toLowerCase(), { row, services: new Map(), checks: new Map() });
    else known.row = row;
    if (row.id !== "") this.state.byId.set(row.id, row.name.toLowerCase());
    this.#store.touch(index, "nodes");
    this.#touchServicesOf(asked.node, index);
    this.#store.record("node.register", asked.node, { address });
  }

  /** A node id may take a name that is free, or that a node without id or a dead one has. @throws CatalogError */
  #checkName({ id, node, address }: Registration): void {
    const entry = this.entry(node);
    const holder = entry?.row;
    if (id === "" || holder === undefined || holder.id === id) return;
    const owner = this.state.byId.get(id);
    if (owner === undefined && holder.id === "") return;
    if (entry?.checks.get(SERF_HEALTH.toLowerCase())?.status === "critical") return;
    const who = owner === undefined ? `"${id}"` : `"${id}" (${address})`;
    throw new CatalogError(
      `failed inserting node: Error while renaming Node ID: ${who}: Node name ${node} is reserved by node ${holder.id} with name ${holder.name} (${holder.address})`,
    );
  }

  /** A known node id under a new name leaves its old one. Answers with the row that it was. */
  #rename({ id, node }: Registration, index: number): NodeRow | undefined {
    const owner = id === "" ? undefined : this.state.byId.get(id);
    if (owner === undefined || owner === node.toLowerCase()) return undefined;
    const row = this.node(owner);
    this.#dropNode(owner, index);
    return row;
  }

  #ensureService(service: Service, index: number): void {
    const entry = this.#require(service.node);
    const known = entry.services.get(service.id.toLowerCase());
    const row: ServiceRow = { ...service, createIndex: known?.createIndex ?? index, modifyIndex: index };
    if (known !== undefined) {
      if (hasSameJson({ ...known, modifyIndex: 0 }, { ...row, modifyIndex: 0 })) return;
      if (known.name.toLowerCase() !== row.name.toLowerCase()) this.#unlink(known, index);
    }
    entry.services.set(service.id.toLowerCase(), row);
    linkService(this.state, row);
    this.#store.touch(index, "services", serviceTable(service.name));
    this.#store.record("service.register", `${service.node}/${service.id}`, {
      service: service.name,
      address: service.address,
      port: service.port,
    });
  }

  #ensureCheck(check: Check, index: number): void {
    const entry = this.#require(check.node);
    const service = check.serviceId === "" ? undefined : entry.services.get(check.serviceId.toLowerCase());
    const known = entry.checks.get(check.id.toLowerCase());
    const wanted = {
      ...check,
      status: check.status || "critical",
      serviceName: service?.name ?? "",
      serviceTags: service?.tags ?? [],
    };
    const isSame =
      known !== undefined &&
      hasSameJson({ ...known, createIndex: 0, modifyIndex: 0 }, { ...wanted, createIndex: 0, modifyIndex: 0 });
    if (!isSame && service !== undefined) this.#store.touch(index, serviceTable(service.name));
    if (!isSame && service === undefined) this.#touchServicesOf(check.node, index);
    if (wanted.status === "critical") this.listener?.onLost(check.node, check.id, index);
    entry.checks.set(check.id.toLowerCase(), {
      ...wanted,
      createIndex: known?.createIndex ?? index,
      modifyIndex: isSame ? known.modifyIndex : index,
    });
    this.#store.touch(index, "checks");
    if (!isSame) this.#store.record("check.register", `${check.node}/${check.id}`, { status: wanted.status });
  }

  #touchServicesOf(node: string, index: number): void {
    for (const { name } of this.entry(node)?.services.values() ?? []) this.#store.touch(index, serviceTable(name));
  }

  /** Takes an instance out of its service; the last one takes the service with it. */
  #unlink(service: ServiceRow, index: number): void {
    const table = serviceTable(service.name);
    this.#store.touch(index, "services");
    if (!unlinkService(this.state, service)) return this.#store.touch(index, table);
    this.#store.forget(table);
    this.#store.touch(index, EXTINCTION);
  }

  deregisterService(node: string, id: string): void {
    this.#remember(node);
    const index = this.#store.next();
    const service = this.entry(node)?.services.get(id.toLowerCase());
    if (service !== undefined) this.#dropService(service, index);
    this.listener?.onWritten(node);
  }

  #dropService(service: ServiceRow, index: number): void {
    const entry = this.#require(service.node);
    for (const check of entry.checks.values()) if (check.serviceId === service.id) this.#dropCheck(check, index);
    entry.services.delete(service.id.toLowerCase());
    this.#unlink(service, index);
    // Also where the service had none.
    this.#store.touch(index, "checks");
    this.#store.record("service.deregister", `${service.node}/${service.id}`);
  }

  deregisterCheck(node: string, id: string): void {
    this.#remember(node);
    const index = this.#store.next();
    const check = this.entry(node)?.checks.get(id.toLowerCase());
    if (check !== undefined) this.#dropCheck(check, index);
    this.listener?.onWritten(node);
  }

  #dropCheck(check: CheckRow, index: number): void {
    this.entry(check.node)?.checks.delete(check.id.toLowerCase());
    if (check.serviceName !== "") this.#store.touch(index, serviceTable(check.serviceName));
    else this.#touchServicesOf(check.node, index);
    this.#store.touch(index, "checks");
    this.listener?.onLost(check.node, check.id, index);
    this.#store.record("check.deregister", `${check.node}/${check.id}`);
  }

  /** A node goes with everything on it. */
  deregisterNode(name: string): void {
    this.#remember(name);
    const index = this.#store.next();
    this.#dropNode(name, index);
    this.listener?.onWritten(name);
  }

  #dropNode(name: string, index: number): void {
    const entry = this.entry(name);
    if (entry === undefined) return;
    for (const service of entry.services.values()) this.#dropService(service, index);
    for (const check of entry.checks.values()) this.#dropCheck(check, index);
    this.state.nodes.delete(name.toLowerCase());
    this.state.byId.delete(entry.row.id);
    this.#store.touch(index, "nodes");
    this.listener?.onLost(entry.row.name, undefined, index);
    this.#store.record("node.deregister", entry.row.name);
  }
}

const fieldsOf = ({ id, name, address, meta, taggedAddresses }: NodeRow) => ({
  id,
  node: name,
  address,
  meta,
  taggedAddresses,
});

const changesNode = (asked: Registration, row: NodeRow): boolean =>
  asked.id !== row.id ||
  asked.node !== row.name ||
  asked.address !== row.address ||
  !hasSameJson(asked.taggedAddresses, row.taggedAddresses) ||
  !hasSameJson(asked.meta, row.meta);
