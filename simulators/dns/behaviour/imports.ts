import type { Kernel } from "../../kernel/index.ts";
import { Catalog } from "../state/catalog.ts";
import { exportedServices, importedNodes, type Peering } from "../state/peerings.ts";
import { Store } from "../state/store.ts";
import type { Datacenter } from "./datacenter.ts";

/** The imports of datacenters from their peers, rebuilt whenever the other side has written something. */
export class Imports {
  readonly #kernel: Kernel;
  readonly #datacenters: ReadonlyMap<string, Datacenter>;
  readonly #made = new Map<string, { readonly catalog: Catalog; index: number }>();

  constructor(kernel: Kernel, datacenters: ReadonlyMap<string, Datacenter>) {
    this.#kernel = kernel;
    this.#datacenters = datacenters;
    kernel.restored.add(() => {
      for (const made of this.#made.values()) made.index = -1;
    });
  }

  /** The other side of a peering, if it still knows about it. */
  #otherSide({
    id,
    remoteId,
    remote,
  }: Peering): { readonly datacenter: Datacenter; readonly peering: Peering } | undefined {
    const datacenter = this.#datacenters.get(remote);
    const peering = datacenter?.peerings.list().find((each) => each.id === remoteId || each.remoteId === id);
    return datacenter && peering && { datacenter, peering };
  }

  /** The catalog of what a datacenter has imported from a peer; undefined if there is no such peer. */
  of(datacenter: Datacenter, peer: string): Catalog | undefined {
    const peering = datacenter.peerings.get(peer);
    if (peering === undefined || peering.isDeleted) return undefined;
    const other = this.#otherSide(peering);
    const key = `${datacenter.name}/peer/${peer}`;
    const made = this.#made.get(key) ?? { catalog: new Catalog(new Store(this.#kernel, key), true), index: -1 };
    this.#made.set(key, made);
    const index = other?.datacenter.store.index ?? 0;
    if (made.index === index) return made.catalog;
    made.index = index;
    if (other === undefined || other.peering.isDeleted) made.catalog.replaceAll(new Map());
    else {
      const { catalog, configEntries } = other.datacenter;
      const names = exportedServices(configEntries, catalog, other.peering.name).keys();
      made.catalog.replaceAll(importedNodes(catalog, names, peer));
    }
    return made.catalog;
  }
}
