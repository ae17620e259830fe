import type { Kernel } from "../kernel/index.ts";
import { Acl, type AclOptions } from "./store/acl.ts";
import { Catalog } from "./store/catalog.ts";
import { Coordinates } from "./store/coordinates.ts";
import { KeyValues } from "./store/kv.ts";
import { Queries } from "./store/queries.ts";
import { Sessions } from "./store/sessions.ts";
import { Store } from "./store/store.ts";

/** What the servers of one datacenter have agreed on. */
export class Datacenter {
  readonly name: string;
  /** Without a leader nothing can be read or written. */
  readonly hasLeader: boolean;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly kv: KeyValues;
  readonly sessions: Sessions;
  readonly queries: Queries;
  readonly acl: Acl;
  readonly coordinates: Coordinates;

  constructor(kernel: Kernel, name: string, acl: AclOptions, hasLeader: boolean) {
    this.name = name;
    this.hasLeader = hasLeader;
    this.store = new Store(kernel, name);
    this.catalog = new Catalog(this.store);
    this.kv = new KeyValues(this.store);
    this.sessions = new Sessions(this.store, this.catalog, this.kv);
    this.queries = new Queries(this.store, this.sessions);
    this.acl = new Acl(this.store, acl);
    this.coordinates = new Coordinates(this.store, this.catalog);
    this.sessions.destroyed = (session, index) => this.queries.sessionGone(session, index);
  }

  /** What the catalog must tell the rest. */
  lost(node: string, check: string | undefined, index: number): void {
    if (check === undefined) this.coordinates.lost(node);
    this.sessions.lost(node, check, index);
  }
}
