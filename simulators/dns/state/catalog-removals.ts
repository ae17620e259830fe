import { CatalogReads, EXTINCTION, nodeTable, serviceTable } from "./catalog-reads.ts";
import { unlinkService } from "./catalog-state.ts";
import type { CheckRow, Service, ServiceAddress, ServiceRow } from "./rows.ts";

/** Follows the changes of a catalog. */
interface CatalogListener {
  /** A check has become critical or has gone, or the whole node has (no `check`). */
  onLost(node: string, check: string | undefined, index: number): void;
  /** Something on this node was written. */
  onWritten(node: string): void;
  /** The virtual addresses that a service has as a part of the mesh, by tag. */
  meshAddresses(service: Service): Readonly<Record<string, ServiceAddress>>;
  /** The last instance of a service has gone. */
  onExtinct(service: string): void;
}

/** How nodes, services and checks are removed from the catalog of one datacenter. */
export class CatalogRemovals extends CatalogReads {
  listener: CatalogListener | undefined;

  protected touchServicesOf(node: string, index: number): void {
    for (const { name } of this.entry(node)?.services.values() ?? []) this.store.touch(index, serviceTable(name));
  }

  /** Removes an instance from its service; the service goes with the last one. */
  protected unlink(service: ServiceRow, index: number): void {
    const table = serviceTable(service.name);
    this.store.touch(index, "services", nodeTable(service.node));
    if (!unlinkService(this.state, service)) return this.store.touch(index, table);
    this.store.forget(table);
    this.store.touch(index, EXTINCTION);
    this.listener?.onExtinct(service.name);
  }

  /** Removes a service with its checks. Where there is none, only the index moves. */
  deregisterService(node: string, id: string): void {
    this.remember(node);
    const index = this.store.next();
    const service = this.entry(node)?.services.get(id.toLowerCase());
    if (service !== undefined) this.#dropService(service, index);
    this.listener?.onWritten(node);
  }

  #dropService(service: ServiceRow, index: number): void {
    const entry = this.require(service.node);
    for (const check of entry.checks.values()) if (check.serviceId === service.id) this.#dropCheck(check, index);
    entry.services.delete(service.id.toLowerCase());
    this.unlink(service, index);
    // Also where the service had none.
    this.store.touch(index, "checks");
    this.store.record("service.deregister", `${service.node}/${service.id}`);
  }

  /** Removes a check. Where there is none, only the index moves. */
  deregisterCheck(node: string, id: string): void {
    this.remember(node);
    const index = this.store.next();
    const check = this.entry(node)?.checks.get(id.toLowerCase());
    if (check !== undefined) this.#dropCheck(check, index);
    this.listener?.onWritten(node);
  }

  #dropCheck(check: CheckRow, index: number): void {
    this.entry(check.node)?.checks.delete(check.id.toLowerCase());
    if (check.serviceName !== "") this.store.touch(index, serviceTable(check.serviceName));
    else this.touchServicesOf(check.node, index);
    this.store.touch(index, "checks");
    this.listener?.onLost(check.node, check.id, index);
    this.store.record("check.deregister", `${check.node}/${check.id}`);
  }

  /** Removes a node with everything on it. */
  deregisterNode(name: string): void {
    this.remember(name);
    const index = this.store.next();
    this.dropNode(name, index);
    this.listener?.onWritten(name);
  }

  protected dropNode(name: string, index: number): void {
    const entry = this.entry(name);
    if (entry === undefined) return;
    for (const service of entry.services.values()) this.#dropService(service, index);
    for (const check of entry.checks.values()) this.#dropCheck(check, index);
    this.state.nodes.delete(name.toLowerCase());
    this.state.byId.delete(entry.row.id);
    this.store.touch(index, "nodes");
    this.store.forget(nodeTable(name));
    this.listener?.onLost(entry.row.name, undefined, index);
    this.store.record("node.deregister", entry.row.name);
  }
}
