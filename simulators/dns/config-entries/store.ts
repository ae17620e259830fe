import { byText, type Slot } from "../../kernel/index.ts";
import type { Catalog } from "../state/catalog.ts";
import type { Store } from "../state/store.ts";
import type { VirtualIps } from "../state/virtual-ips.ts";
import type { Fields } from "./decode.ts";

/** A config entry as it is kept. */
export interface ConfigEntry {
  readonly kind: string;
  readonly name: string;
  readonly fields: Fields;
  readonly hash: number;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

const TABLE = "config-entries";
/** Kinds whose services can be reached under a virtual address. */
const ADDRESSED = ["service-router", "service-resolver", "service-splitter", "service-defaults", "service-intentions"];

const keyOf = (kind: string, name: string): string => `${kind}/${name.toLowerCase()}`;

/** A number that is the same for equal contents. */
function hashOf(fields: Fields): number {
  let hash = 0;
  for (const char of JSON.stringify(fields)) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % Number.MAX_SAFE_INTEGER;
  return hash;
}

/** The config entries of a datacenter (Consul, "Configuration Entries"). */
export class ConfigEntries {
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #virtualIps: VirtualIps;
  readonly #slot: Slot<Map<string, ConfigEntry>>;

  constructor(store: Store, catalog: Catalog, virtualIps: VirtualIps) {
    this.#store = store;
    this.#catalog = catalog;
    this.#virtualIps = virtualIps;
    this.#slot = store.slot(`dns/${store.datacenter}/config-entries`, new Map());
  }

  get tableIndex(): number {
    return this.#store.latest(TABLE);
  }

  /** Marks the table as written at the current index, as a server does once when it comes up. */
  begin(): void {
    this.#store.touch(this.#store.index, TABLE);
  }

  get(kind: string, name: string): ConfigEntry | undefined {
    return this.#slot.value.get(keyOf(kind, name));
  }

  /** All of a kind, or all of them, by name. */
  list(kind = ""): readonly ConfigEntry[] {
    return [...this.#slot.value.values()]
      .filter((entry) => kind === "" || entry.kind === kind)
      .sort((a, b) => byText(a.kind, b.kind) || byText(a.name, b.name));
  }

  /** Stores an entry. One that changes nothing is not a write. */
  set(kind: string, name: string, fields: Fields): void {
    const known = this.get(kind, name);
    const hash = hashOf(fields);
    if (known !== undefined && JSON.stringify(known.fields) === JSON.stringify(fields)) return;
    const index = this.#store.next();
    this.#slot.value.set(keyOf(kind, name), {
      kind,
      name,
      fields,
      hash,
      createIndex: known?.createIndex ?? index,
      modifyIndex: index,
    });
    if (ADDRESSED.includes(kind) && !name.includes("*")) this.#virtualIps.assign(name);
    if (kind === "terminating-gateway") this.addressesBehind(name);
    this.#store.touch(index, TABLE);
    this.#store.record("config.set", `${kind}/${name}`);
  }

  delete(kind: string, name: string): void {
    const known = this.get(kind, name);
    if (known === undefined) return;
    const index = this.#store.next();
    this.#slot.value.delete(keyOf(kind, name));
    this.#store.touch(index, TABLE);
    this.#store.record("config.delete", `${kind}/${name}`);
    this.releaseAddress(name);
  }

  /** Takes back the virtual address of a service that nothing refers to any more. */
  releaseAddress(service: string): void {
    const isUsed =
      this.#catalog.instancesOf(service).length > 0 ||
      ADDRESSED.some((kind) => this.get(kind, service) !== undefined) ||
      this.gatewaysOf(service).length > 0;
    if (!isUsed) this.#virtualIps.release(service);
  }

  /** The terminating gateways that lead to a service. */
  gatewaysOf(service: string): readonly ConfigEntry[] {
    return this.list("terminating-gateway").filter((entry) =>
      linkedServices(entry).some(({ Name }) => Name === service),
    );
  }

  /** Gives the services behind a terminating gateway their addresses; returns them by service. */
  addressesBehind(gateway: string): Readonly<Record<string, string>> {
    const entry = this.get("terminating-gateway", gateway);
    if (entry === undefined) return {};
    return Object.fromEntries(
      linkedServices(entry).map(({ Name }) => [String(Name), this.#virtualIps.assign(String(Name))]),
    );
  }
}

/** The services that a terminating gateway names. */
export function linkedServices({ fields }: ConfigEntry): readonly Fields[] {
  return listIn(fields, "Services");
}

/** The objects in a list of an entry. */
export function listIn(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}
