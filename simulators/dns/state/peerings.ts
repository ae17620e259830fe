import type { Slot } from "../../kernel/index.ts";
import type { ConfigEntries } from "../config-entries/store.ts";
import { listIn } from "../config-entries/store.ts";
import { textIn } from "../config-entries/fields.ts";
import type { Catalog } from "./catalog.ts";
import type { NodeEntry } from "./rows.ts";
import type { Meta } from "./rows.ts";
import type { Store } from "./store.ts";

/** A cluster that is peered, or is to be, as one side knows it. */
export interface Peering {
  readonly id: string;
  readonly name: string;
  /** The secret with which its side answers when asked to; empty once it was used, or for the side that asks. */
  readonly secret: string;
  /** The id that the other side has for it; empty for the side that waits. */
  readonly remoteId: string;
  /** The datacenter of the other side; empty until it is known. */
  readonly remote: string;
  /** When both sides knew of each other, ms since the Unix epoch; absent before. */
  readonly establishedMs?: number;
  /** What its owner noted about it. */
  readonly meta: Meta;
  readonly isDeleted: boolean;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

const TABLE = "peerings";
/** How long it takes until the removal of a peering is done. */
const REMOVE_MS = 500;

/** The peerings of a datacenter, each of which is a cluster of its own (Consul, "Cluster Peering"). */
export class Peerings {
  readonly #store: Store;
  readonly #slot: Slot<Map<string, Peering>>;
  readonly #kind: string;

  get hasAny(): boolean {
    return this.#slot.value.size > 0;
  }

  constructor(store: Store) {
    this.#store = store;
    this.#kind = `dns/${store.datacenter}/peering-gone`;
    this.#slot = store.slot(`dns/${store.datacenter}/peerings`, new Map());
    store.kernel.onTimer<string>(this.#kind, (name) => {
      if (this.#slot.value.delete(name)) this.#store.touch(this.#store.next(), TABLE);
    });
  }

  get tableIndex(): number {
    return this.#store.latest(TABLE);
  }

  list(): readonly Peering[] {
    return [...this.#slot.value.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): Peering | undefined {
    return this.#slot.value.get(name);
  }

  byId(id: string): Peering | undefined {
    return this.list().find((each) => each.id === id);
  }

  save(name: string, changed: Partial<Omit<Peering, "name" | "createIndex" | "modifyIndex">>): Peering {
    const known = this.get(name);
    const index = this.#store.next();
    const id = known?.id ?? this.#store.kernel.random("dns/peerings").uuid();
    const saved: Peering = {
      id,
      secret: "",
      remoteId: "",
      remote: "",
      meta: null,
      isDeleted: false,
      ...known,
      ...changed,
      name,
      createIndex: known?.createIndex ?? index,
      modifyIndex: index,
    };
    this.#slot.value.set(name, saved);
    this.#store.touch(index, TABLE);
    this.#store.record("peering.save", name);
    return saved;
  }

  delete(name: string): void {
    const known = this.get(name);
    if (known === undefined || known.isDeleted) return;
    this.save(name, { isDeleted: true });
    this.#store.kernel.timer(REMOVE_MS, this.#kind, name);
  }
}

/** The exports of a datacenter to a peer. */
export function exportedServices(
  entries: ConfigEntries,
  catalog: Catalog,
  peer?: string,
): ReadonlyMap<string, readonly string[]> {
  const entry = entries.get("exported-services", "default");
  const found = new Map<string, string[]>();
  for (const service of entry === undefined ? [] : listIn(entry.fields, "Services")) {
    const name = textIn(service, "Name");
    const peers = listIn(service, "Consumers")
      .map((consumer) => textIn(consumer, "Peer"))
      .filter((each) => each !== "");
    const names = name === "*" ? serviceNames(catalog).filter((each) => each !== "consul") : [name];
    for (const each of names) found.set(each, [...new Set([...(found.get(each) ?? []), ...peers])]);
  }
  if (peer !== undefined) for (const [name, peers] of found) if (!peers.includes(peer)) found.delete(name);
  return found;
}

const serviceNames = (catalog: Catalog): readonly string[] => [
  ...new Set(catalog.entries().flatMap(({ services }) => [...services.values()].map(({ name }) => name))),
];

const WORSE = ["passing", "warning", "critical"];

/** A peer's view of exported services: their nodes without details, and the health of each instance in one check. */
export function importedNodes(catalog: Catalog, services: Iterable<string>, peer: string): Map<string, NodeEntry> {
  const nodes = new Map<string, NodeEntry>();
  for (const service of services)
    for (const row of catalog.instancesOf(service)) {
      const { node, checks } = catalog.instance(row);
      const key = node.name.toLowerCase();
      const entry = nodes.get(key) ?? {
        row: {
          id: node.id,
          name: node.name,
          address: node.address,
          meta: node.meta,
          taggedAddresses: node.taggedAddresses,
          peer,
          createIndex: node.createIndex,
          modifyIndex: node.modifyIndex,
        },
        services: new Map(),
        checks: new Map(),
      };
      nodes.set(key, entry);
      entry.services.set(row.id.toLowerCase(), { ...row, peer });
      const worst = Math.max(0, ...checks.map(({ status }) => WORSE.indexOf(status)));
      const id = `${row.id}:overall-check`;
      entry.checks.set(id.toLowerCase(), {
        node: node.name,
        id,
        name: "overall-check",
        status: WORSE[worst] ?? "critical",
        notes: "",
        output: "",
        serviceId: row.id,
        serviceName: row.name,
        serviceTags: row.tags,
        type: "",
        peer,
        createIndex: row.createIndex,
        modifyIndex: row.modifyIndex,
      });
    }
  return nodes;
}
