import type { Kernel, Slot } from "../../kernel/index.ts";
import { DATACENTER_POINT, LEADER_POINT } from "../faults.ts";
import { Acl } from "../state/acl.ts";
import type { AclOptions } from "../state/acl-reads.ts";
import { AuthMethods } from "../state/auth-methods.ts";
import { ConfigEntries } from "../config-entries/store.ts";
import { Catalog } from "../state/catalog.ts";
import { ConnectCa } from "../state/connect-ca.ts";
import { Coordinates } from "../state/coordinates.ts";
import { KeyValues } from "../state/kv.ts";
import { Peerings } from "../state/peerings.ts";
import { Queries } from "../state/queries.ts";
import { Sessions } from "../state/sessions.ts";
import type { Profile } from "./profile.ts";
import { Store } from "../state/store.ts";
import type { Service, ServiceAddress } from "../state/rows.ts";
import { VirtualIps } from "../state/virtual-ips.ts";

/** Whether the servers have a leader. Servers that have lost theirs still answer readers that accept stale data. */
type Leadership =
  | { readonly state: "present" | "never" }
  | { readonly state: "lost" /** ms since the Unix epoch. */; readonly sinceMs: number };

/** How many entries the log of a new primary has before it records its own part in a federation. */
const FEDERATION_ENTRIES = 5;

/** The tag of a service's virtual address. */
export const VIRTUAL = "consul-virtual";

/** The state on which the servers of one datacenter have agreed. */
export class Datacenter {
  readonly name: string;
  /** When it came up, ms since the Unix epoch. */
  readonly bornMs: number;
  readonly #leadership: Slot<Leadership>;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly virtualIps: VirtualIps;
  readonly kv: KeyValues;
  readonly sessions: Sessions;
  readonly queries: Queries;
  readonly acl: Acl;
  readonly authMethods: AuthMethods;
  readonly coordinates: Coordinates;
  readonly configEntries: ConfigEntries;
  readonly connectCa: ConnectCa;
  readonly peerings: Peerings;

  constructor(kernel: Kernel, name: string, acl: AclOptions, hasLeader: boolean, profile: Profile) {
    this.name = name;
    this.bornMs = kernel.nowMs;
    this.#leadership = kernel.slot<Leadership>(`dns/${name}/leadership`, { state: hasLeader ? "present" : "never" });
    this.store = new Store(kernel, name);
    this.catalog = new Catalog(this.store, profile.isToday);
    this.virtualIps = new VirtualIps(this.store);
    this.configEntries = new ConfigEntries(this.store, this.catalog, this.virtualIps);
    this.catalog.gatewaysOf = (service) => this.configEntries.gatewaysOf(service).map((entry) => entry.name);
    this.connectCa = new ConnectCa(this.store);
    this.peerings = new Peerings(this.store);
    this.kv = new KeyValues(this.store);
    this.sessions = new Sessions(this.store, this.catalog, this.kv, profile);
    this.queries = new Queries(this.store, this.sessions, profile.raftPrefix);
    this.acl = new Acl(this.store, acl);
    this.authMethods = new AuthMethods(this.store);
    this.coordinates = new Coordinates(this.store, this.catalog);
    this.sessions.onDestroyed = (session, index) => this.queries.deleteBoundTo(session, index);
  }

  /** The index of the servers' writes about the mesh when they come up; the first entry comes after it. */
  beginMesh(index: number, hasConnect: boolean): void {
    if (hasConnect) this.connectCa.begin(index + 1, this.store.index - 1);
    this.configEntries.begin();
    this.store.touch(this.store.index + 2, "connect-intentions");
    if (hasConnect) this.store.touch(this.store.index + FEDERATION_ENTRIES, "federation-states");
  }

  /** The virtual addresses of a service of the mesh, by tag: its own, or those behind a gateway. */
  meshAddresses({ kind, native, name, port, proxy }: Service): Readonly<Record<string, ServiceAddress>> {
    if (this.connectCa.state === undefined) return {};
    if (kind === "terminating-gateway") {
      const behind = Object.entries(this.configEntries.addressesBehind(name));
      return Object.fromEntries(
        behind.map(([service, address]) => [`${VIRTUAL}:${service}`, { Address: address, Port: 0 }]),
      );
    }
    const destination = kind === "connect-proxy" ? String(proxy?.DestinationServiceName ?? "") : native ? name : "";
    if (destination === "") return {};
    return { [VIRTUAL]: { Address: this.virtualIps.assign(destination), Port: port } };
  }

  /** The catalog of what was imported from a cluster that is peered; undefined if there is none of this name. */
  importsFrom(peer: string): Catalog | undefined {
    return this.findImported(this, peer);
  }

  /** An empty catalog: that of an unknown peer. */
  get nothing(): Catalog {
    this.#nothing ??= new Catalog(new Store(this.store.kernel, `${this.name}/peer/`), true);
    return this.#nothing;
  }

  #nothing: Catalog | undefined;

  /** Finds what was imported from a peer. */
  findImported: (datacenter: Datacenter, peer: string) => Catalog | undefined = () => undefined;

  get leadership(): Leadership {
    const { kernel } = this.store;
    const isLost = kernel.faults.at(LEADER_POINT, { datacenter: this.name }) !== undefined;
    return isLost ? { state: "lost", sinceMs: kernel.nowMs } : this.#leadership.value;
  }

  /** Whether a fault keeps the others from reaching it. */
  get isCutOff(): boolean {
    return this.store.kernel.faults.at(DATACENTER_POINT, { datacenter: this.name }) !== undefined;
  }

  get hasLeader(): boolean {
    return this.leadership.state === "present";
  }

  /** Whether a reader that accepts stale data can be answered. */
  get hasData(): boolean {
    return this.leadership.state !== "never";
  }

  loseLeader(): void {
    this.#leadership.value = { state: "lost", sinceMs: this.store.kernel.nowMs };
    this.store.record("leader.lost", this.name);
  }

  /** The events that the catalog reports to the rest of the datacenter. */
  releaseDependents(node: string, check: string | undefined, index: number): void {
    if (check === undefined) this.coordinates.forget(node);
    this.sessions.destroyDependents(node, check, index);
  }
}
