import { SERF_HEALTH } from "../state/health.ts";
import { CatalogError, type Registration } from "../state/registration.ts";
import type { CheckRow, NodeEntry } from "../state/rows.ts";
import { type Datacenter, VIRTUAL } from "./datacenter.ts";
import type { Limiter } from "./limiter.ts";
import type { LocalState } from "./local.ts";
import type { RemoteNode } from "./local-check.ts";
import { type AgentOptions, firstMeta, memberNode, serfCheck, serverService } from "./member.ts";

/** The agent whose catalog entries are synchronised. */
interface SyncedAgent {
  readonly options: AgentOptions;
  readonly datacenter: Datacenter;
  readonly local: LocalState;
  readonly limiter: Limiter;
}

/**
 * The writes to the catalog about one agent: by the leader about a member, by the agent about itself and its
 * services.
 */
export class AntiEntropy {
  readonly #options: AgentOptions;
  readonly #datacenter: Datacenter;
  readonly #local: LocalState;
  readonly #limiter: Limiter;

  constructor({ options, datacenter, local, limiter }: SyncedAgent) {
    this.#options = options;
    this.#datacenter = datacenter;
    this.#local = local;
    this.#limiter = limiter;
  }

  /** The leader's entries for a new member: its node, its health and, for a server, its service. */
  registerMember(): void {
    const { name, isServer } = this.#options;
    const known = this.#datacenter.catalog.node(name);
    const service = isServer ? { service: serverService(this.#options) } : {};
    this.#datacenter.catalog.register({
      ...memberNode(this.#options),
      ...(known === undefined && { meta: firstMeta(this.#options), taggedAddresses: null }),
      skipNodeUpdate: known !== undefined,
      ...service,
      checks: [serfCheck(this.#options.name, "passing", "Agent alive and reachable")],
    });
  }

  /** The agent's own entry for its node. */
  registerSelf(): void {
    this.#datacenter.catalog.register({ ...memberNode(this.#options), skipNodeUpdate: false, checks: [] });
  }

  /** The leader's entry when it finds that the agent no longer answers. */
  fail(): void {
    const check = serfCheck(this.#options.name, "critical", "Agent not live or unreachable");
    if (this.#datacenter.catalog.node(this.#options.name) !== undefined) this.#datacenter.catalog.registerCheck(check);
  }

  /** Writes to the catalog what is not synced. */
  push(): void {
    const { catalog } = this.#datacenter;
    const { services, checks, goneServices, goneChecks } = this.#local.state;
    for (const id of goneServices) catalog.deregisterService(this.#options.name, id);
    goneServices.clear();
    for (const id of goneChecks)
      if (this.#entry()?.checks.has(id.toLowerCase())) catalog.deregisterCheck(this.#options.name, id);
    goneChecks.clear();
    for (const known of services.values()) {
      if (known.isSynced) continue;
      if (!this.#limiter.allows("write")) return this.#local.scheduleRepair();
      const own = this.#local.checksOf(known.service.id).filter(({ isSynced }) => !isSynced);
      this.#write({ service: known.service, checks: own.map(({ check }) => check) });
      known.isSynced = true;
      for (const check of own) check.isSynced = true;
    }
    for (const known of checks.values()) {
      if (known.isSynced) continue;
      this.#write({ checks: [known.check] });
      known.isSynced = true;
    }
  }

  #write(what: Pick<Registration, "service" | "checks">): void {
    try {
      this.#datacenter.catalog.register({ ...memberNode(this.#options), skipNodeUpdate: true, ...what });
    } catch (error) {
      // The catalog refuses what conflicts with another node; a real agent logs it and tries again in its next round.
      if (!(error instanceof CatalogError)) throw error;
      this.#datacenter.store.record("agent.sync-failed", this.#options.name, { error: error.message });
      this.#local.scheduleRepair();
    }
  }

  #entry(): NodeEntry | undefined {
    return this.#datacenter.catalog.entry(this.#options.name);
  }

  /** Anti-entropy: the agent is right about itself, and the catalog is made to agree. */
  repair(): void {
    this.registerMember();
    this.registerSelf();
    const { catalog } = this.#datacenter;
    const entry = this.#entry();
    for (const { id } of entry?.services.values() ?? [])
      if (!this.#local.state.services.has(id) && !(id === "consul" && this.#options.isServer))
        catalog.deregisterService(this.#options.name, id);
    for (const check of entry?.checks.values() ?? [])
      if (!this.#local.state.checks.has(check.id) && check.id !== SERF_HEALTH)
        catalog.deregisterCheck(this.#options.name, check.id);
    for (const known of this.#local.state.services.values())
      if (!sameService(entry, known.service.id, known.service)) known.isSynced = false;
    for (const known of this.#local.state.checks.values())
      if (!sameCheck(entry?.checks.get(known.check.id.toLowerCase()), known.check)) known.isSynced = false;
    this.push();
  }

  /** The catalog's entries about another node. */
  remote(node: string): RemoteNode {
    const { catalog } = this.#datacenter;
    return {
      checks: catalog.checksOf(node),
      hasService: (id) => catalog.entry(node)?.services.has(id.toLowerCase()) ?? false,
    };
  }
}

const text = (value: object): string => JSON.stringify({ ...value, createIndex: 0, modifyIndex: 0 });

function sameService(entry: NodeEntry | undefined, id: string, service: object): boolean {
  const row = entry?.services.get(id.toLowerCase());
  return row !== undefined && text(withoutVirtual(row)) === text(service);
}

/** The catalog itself adds the virtual addresses of the mesh. */
function withoutVirtual<T extends { readonly taggedAddresses: Readonly<Record<string, unknown>> | null }>(row: T): T {
  const { taggedAddresses } = row;
  if (taggedAddresses === null || !Object.keys(taggedAddresses).some(isVirtual)) return row;
  const own = Object.entries(taggedAddresses).filter(([tag]) => !isVirtual(tag));
  return { ...row, taggedAddresses: own.length === 0 ? null : Object.fromEntries(own) };
}

const isVirtual = (tag: string): boolean => tag === VIRTUAL || tag.startsWith(`${VIRTUAL}:`);

const sameCheck = (row: CheckRow | undefined, check: Pick<CheckRow, "status" | "output" | "notes" | "name">): boolean =>
  row !== undefined && (["status", "output", "notes", "name"] as const).every((field) => row[field] === check[field]);
