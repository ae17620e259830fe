import { byText, type Slot } from "../../kernel/index.ts";
import type { Catalog } from "./catalog.ts";
import type { Store } from "./store.ts";

/** A network coordinate in Consul's own shape. */
interface Coordinate {
  readonly Vec: readonly number[];
  readonly Error: number;
  readonly Adjustment: number;
  readonly Height: number;
}

/** Where a node is. */
export interface CoordinateRow {
  readonly node: string;
  readonly segment: string;
  readonly coordinate: Coordinate;
}

/** How many numbers the vector of a coordinate has. */
export const DIMENSIONS = 8;
/** Updates are collected and written together. */
const UPDATE_MS = 5000;
const UPDATE_TODAY_MS = 1000;
const MIN_DISTANCE_S = 1e-6;

/** Where nodes are in the network, as agents have measured it. */
export class Coordinates {
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #slot: Slot<{ readonly rows: Map<string, CoordinateRow>; readonly pending: Map<string, CoordinateRow> }>;
  readonly #kind: string;
  readonly #updateMs: number;

  constructor(store: Store, catalog: Catalog) {
    this.#updateMs = catalog.isToday ? UPDATE_TODAY_MS : UPDATE_MS;
    this.#store = store;
    this.#catalog = catalog;
    this.#slot = store.slot(`dns/${store.datacenter}/coordinates`, { rows: new Map(), pending: new Map() });
    this.#kind = `dns/${store.datacenter}/coordinates`;
    store.kernel.onTimer(this.#kind, () => this.#write());
  }

  get tableIndex(): number {
    return this.#store.latest("coordinates");
  }

  update(row: CoordinateRow): void {
    if (this.#slot.value.pending.size === 0) this.#store.kernel.timer(this.#updateMs, this.#kind, null);
    this.#slot.value.pending.set(row.node.toLowerCase(), row);
  }

  #write(): void {
    const index = this.#store.next();
    for (const [key, row] of this.#slot.value.pending)
      if (this.#catalog.node(row.node) !== undefined) this.#slot.value.rows.set(key, row);
    this.#slot.value.pending.clear();
    this.#store.touch(index, "coordinates");
  }

  list(): readonly CoordinateRow[] {
    return [...this.#slot.value.rows.values()].sort((a, b) => byText(a.node, b.node));
  }

  of(node: string): CoordinateRow | undefined {
    return this.#slot.value.rows.get(node.toLowerCase());
  }

  forget(node: string): void {
    this.#slot.value.rows.delete(node.toLowerCase());
  }

  /** Sorts by distance from a node; nodes without coordinates come last, in the order given. */
  sortByDistance<T>(source: string, list: readonly T[], nodeOf: (item: T) => string): readonly T[] {
    const from = this.of(source)?.coordinate;
    if (from === undefined) return list;
    const far = (item: T): number => {
      const to = this.of(nodeOf(item))?.coordinate;
      return to === undefined ? Number.POSITIVE_INFINITY : distanceS(from, to);
    };
    return list
      .map((item) => ({ item, distance: far(item) }))
      .sort((a, b) => (a.distance === b.distance ? 0 : a.distance - b.distance))
      .map(({ item }) => item);
  }
}

/** The estimated round trip between two coordinates, in seconds (Vivaldi with heights). */
function distanceS(a: Coordinate, b: Coordinate): number {
  const sum = a.Vec.reduce((total, value, at) => total + (value - (b.Vec[at] ?? 0)) ** 2, 0);
  const raw = Math.sqrt(sum) + a.Height + b.Height;
  const adjusted = raw + a.Adjustment + b.Adjustment;
  return adjusted > MIN_DISTANCE_S ? adjusted : raw;
}
