import type { Kernel, Slot } from "../kernel/index.ts";

/** What the catalog knows, keyed as Consul keys it: nodes by name, services and checks by node and id. Names compare without case. */
export interface CatalogState {
  readonly nodes: Map<string, NodeRow>;
  /** Lower-case service name → keys `node/id` of its instances. */
  readonly byService: Map<string, Set<string>>;
  readonly services: Map<string, ServiceRow>;
  readonly checks: Map<string, CheckRow>;
  index: number;
}

export interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly taggedAddresses: Readonly<Record<string, string>> | null;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface ServiceRow {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export type Status = "passing" | "warning" | "critical";

export interface CheckRow {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  readonly status: Status;
  readonly notes: string;
  readonly output: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** Consul's catalog: every write has an index of its own. */
export class Catalog {
  readonly #kernel: Kernel;
  readonly #slot: Slot<CatalogState>;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#slot = kernel.slot("dns/catalog", {
      nodes: new Map(),
      byService: new Map(),
      services: new Map(),
      checks: new Map(),
      index: 1,
    });
  }

  get state(): CatalogState {
    return this.#slot.value;
  }

  node(name: string): NodeRow | undefined {
    return this.state.nodes.get(name.toLowerCase());
  }

  /** Instances of a service, by node. */
  instancesOf(service: string): readonly ServiceRow[] {
    const keys = this.state.byService.get(service.toLowerCase()) ?? [];
    return [...keys]
      .flatMap((key) => this.state.services.get(key) ?? [])
      .sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : a.id < b.id ? -1 : 1));
  }

  checksOf(node: string): readonly CheckRow[] {
    return [...this.state.checks.values()].filter((check) => check.node === node);
  }

  /** The worst status of an instance: its own checks and those of its node. */
  statusOf(service: ServiceRow): Status {
    const statuses = this.checksOf(service.node)
      .filter(({ serviceId }) => serviceId === "" || serviceId === service.id)
      .map(({ status }) => status);
    return statuses.includes("critical") ? "critical" : statuses.includes("warning") ? "warning" : "passing";
  }

  #next(): number {
    return ++this.state.index;
  }

  registerNode(
    name: string,
    address: string,
    options: {
      readonly id?: string;
      readonly meta?: Readonly<Record<string, string>>;
      readonly taggedAddresses?: Readonly<Record<string, string>> | null;
    } = {},
  ): NodeRow {
    const known = this.node(name);
    const row: NodeRow = {
      id: options.id ?? known?.id ?? "",
      name,
      address,
      meta: options.meta ?? known?.meta ?? {},
      taggedAddresses: options.taggedAddresses ?? known?.taggedAddresses ?? null,
      createIndex: known?.createIndex ?? this.state.index + 1,
      modifyIndex: this.#next(),
    };
    this.state.nodes.set(name.toLowerCase(), row);
    this.#kernel.record("dns", "node.register", name, { address });
    return row;
  }

  registerService(service: Omit<ServiceRow, "createIndex" | "modifyIndex">): void {
    const key = `${service.node}/${service.id}`;
    const known = this.state.services.get(key);
    if (known !== undefined) this.#forget(known);
    this.state.services.set(key, {
      ...service,
      createIndex: known?.createIndex ?? this.state.index + 1,
      modifyIndex: this.#next(),
    });
    const name = service.name.toLowerCase();
    this.state.byService.set(name, (this.state.byService.get(name) ?? new Set()).add(key));
    this.#kernel.record("dns", "service.register", key, {
      service: service.name,
      address: service.address,
      port: service.port,
    });
  }

  registerCheck(check: Omit<CheckRow, "createIndex" | "modifyIndex">): void {
    const key = `${check.node}/${check.id}`;
    const known = this.state.checks.get(key);
    this.state.checks.set(key, {
      ...check,
      createIndex: known?.createIndex ?? this.state.index + 1,
      modifyIndex: this.#next(),
    });
    this.#kernel.record("dns", "check.register", key, { status: check.status });
  }

  #forget(service: ServiceRow): void {
    const key = `${service.node}/${service.id}`;
    this.state.services.delete(key);
    const keys = this.state.byService.get(service.name.toLowerCase());
    keys?.delete(key);
    if (keys?.size === 0) this.state.byService.delete(service.name.toLowerCase());
  }

  deregisterService(node: string, id: string): void {
    const row = this.state.services.get(`${node}/${id}`);
    if (row === undefined) return;
    this.#forget(row);
    for (const [key, check] of this.state.checks)
      if (check.node === node && check.serviceId === id) this.state.checks.delete(key);
    this.#next();
    this.#kernel.record("dns", "service.deregister", `${node}/${id}`);
  }

  deregisterCheck(node: string, id: string): void {
    if (!this.state.checks.delete(`${node}/${id}`)) return;
    this.#next();
    this.#kernel.record("dns", "check.deregister", `${node}/${id}`);
  }

  /** A node goes with everything on it. */
  deregisterNode(name: string): void {
    const row = this.node(name);
    if (row === undefined) return;
    for (const service of [...this.state.services.values()].filter(({ node }) => node === row.name))
      this.#forget(service);
    for (const [key, check] of this.state.checks) if (check.node === row.name) this.state.checks.delete(key);
    this.state.nodes.delete(name.toLowerCase());
    this.#next();
    this.#kernel.record("dns", "node.deregister", name);
  }
}
