import { nodeTable, serviceTable } from "./catalog-reads.ts";
import { CatalogRemovals } from "./catalog-removals.ts";
import { copyEntry, linkService, rebuildState } from "./catalog-state.ts";
import {
  CatalogError,
  changesNode,
  checkRegistration,
  fieldsOf,
  hasSameJson,
  type Registration,
} from "./registration.ts";
import type { Check, Meta, NodeEntry, NodeRow, Service, ServiceRow } from "./rows.ts";
import type { Store } from "./store.ts";

/** Consul's catalog of one datacenter: every change has an index of its own, a registration that changes nothing has none. */
export class Catalog extends CatalogRemovals {
  /** Whether refusals and indexes are those of today's release. */
  readonly isToday: boolean;

  constructor(store: Store, isToday = false) {
    super(store);
    this.isToday = isToday;
  }

  /** Keeps the present state; the function that it returns restores it, for a transaction that fails. */
  capture(): () => void {
    const nodes = new Map([...this.state.nodes].map(([name, entry]) => [name, copyEntry(entry)] as const));
    return () => {
      this.slot.value = rebuildState(nodes);
    };
  }

  /** Replaces all nodes, as for what is imported from a peer. */
  replaceAll(nodes: Map<string, NodeEntry>): void {
    this.slot.value = rebuildState(nodes);
    const index = this.store.next();
    const names = [...nodes.values()].flatMap(({ services }) => [...services.values()].map(({ name }) => name));
    this.store.touch(index, "nodes", "services", "checks", ...names.map(serviceTable));
  }

  /** Registers all or nothing. @throws CatalogError when the catalog refuses it */
  register(registration: Registration, index = this.store.next()): void {
    checkRegistration(this.state, registration, this.isToday);
    this.remember(registration.node);
    this.#ensureNode(registration, index);
    if (registration.service !== undefined) this.#ensureService(registration.service, index);
    for (const check of registration.checks) this.#ensureCheck(check, index);
    this.listener?.onWritten(registration.node);
  }

  /** Registers a node without services, as agents and control planes do. */
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
    return this.require(name).row;
  }

  /** Registers a service on an existing node. What is left out is empty. @throws CatalogError */
  registerService(
    service: Pick<Service, "node" | "id" | "name" | "address" | "port" | "tags" | "meta" | "weights"> &
      Partial<Pick<Service, "taggedAddresses" | "enableTagOverride" | "kind" | "native">>,
  ): void {
    const row = this.node(service.node);
    if (row === undefined) throw new CatalogError("Missing node registration");
    const full: Service = { taggedAddresses: null, enableTagOverride: false, kind: "", native: false, ...service };
    this.register({ ...fieldsOf(row), skipNodeUpdate: true, service: full, checks: [] });
  }

  /** Registers a check on an existing node. @throws CatalogError */
  registerCheck(check: Check): void {
    const row = this.node(check.node);
    if (row === undefined) throw new CatalogError("Missing node registration");
    this.register({ ...fieldsOf(row), skipNodeUpdate: true, checks: [check] });
  }

  #ensureNode(asked: Registration, index: number): void {
    const known = this.entry(asked.node);
    if (known !== undefined && (asked.skipNodeUpdate || !changesNode(asked, known.row))) return;
    const before = this.#rename(asked, index) ?? known?.row;
    const { id, address, meta, taggedAddresses, locality } = asked;
    const row: NodeRow = {
      ...(locality !== undefined && { locality }),
      id: id || (this.isToday ? "" : (known?.row.id ?? "")),
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
    this.store.touch(index, "nodes", nodeTable(asked.node));
    this.touchServicesOf(asked.node, index);
    this.store.record("node.register", asked.node, { address });
  }

  /** Drops the old name of a known node id that comes under a new one. Returns the row that it had. */
  #rename({ id, node }: Registration, index: number): NodeRow | undefined {
    const owner = id === "" ? undefined : this.state.byId.get(id);
    if (owner === undefined || owner === node.toLowerCase()) return undefined;
    const row = this.node(owner);
    this.dropNode(owner, index);
    return row;
  }

  #ensureService(service: Service, index: number): void {
    const entry = this.require(service.node);
    const known = entry.services.get(service.id.toLowerCase());
    const mesh = this.listener?.meshAddresses(service) ?? {};
    const taggedAddresses =
      Object.keys(mesh).length === 0 ? service.taggedAddresses : { ...service.taggedAddresses, ...mesh };
    const row: ServiceRow = {
      ...service,
      taggedAddresses,
      createIndex: known?.createIndex ?? index,
      modifyIndex: index,
    };
    if (known !== undefined) {
      if (hasSameJson({ ...known, modifyIndex: 0 }, { ...row, modifyIndex: 0 })) return;
      if (known.name.toLowerCase() !== row.name.toLowerCase()) this.unlink(known, index);
    }
    entry.services.set(service.id.toLowerCase(), row);
    linkService(this.state, row);
    this.store.touch(index, "services", serviceTable(service.name), nodeTable(service.node));
    this.store.record("service.register", `${service.node}/${service.id}`, {
      service: service.name,
      address: service.address,
      port: service.port,
    });
  }

  #ensureCheck(check: Check, index: number): void {
    const entry = this.require(check.node);
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
    if (!isSame && service !== undefined) this.store.touch(index, serviceTable(service.name));
    if (!isSame && service === undefined) this.touchServicesOf(check.node, index);
    if (wanted.status === "critical") this.listener?.onLost(check.node, check.id, index);
    entry.checks.set(check.id.toLowerCase(), {
      ...wanted,
      createIndex: known?.createIndex ?? index,
      modifyIndex: isSame ? known.modifyIndex : index,
    });
    if (!isSame || !this.isToday) this.store.touch(index, "checks");
    if (!isSame) this.store.record("check.register", `${check.node}/${check.id}`, { status: wanted.status });
  }
}
