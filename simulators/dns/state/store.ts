import { type Kernel, Signal, type Slot } from "../../kernel/index.ts";

interface StoreState {
  /** The index of the last write, as in a Raft log. */
  index: number;
  /** When each table, or each service, was last written. */
  readonly touched: Map<string, number>;
}

/** The name under which captures hold the last write of each table. */
const TOUCHED = "touched";

/** The write counter of one datacenter: each write has an index, each table remembers its last, and readers that wait are woken. */
export class Store {
  readonly kernel: Kernel;
  readonly datacenter: string;
  /** Fires at each write. */
  readonly changed: Signal<number>;
  readonly #slot: Slot<StoreState>;

  constructor(kernel: Kernel, datacenter: string) {
    this.kernel = kernel;
    this.datacenter = datacenter;
    this.changed = new Signal<number>(kernel);
    this.#slot = kernel.slot(`dns/${datacenter}/index`, { index: 1, touched: new Map() });
  }

  /** A part of the state of the servers, which their own snapshots hold as well. */
  slot<T>(name: string, initial: T): Slot<T> {
    const slot = this.kernel.slot(name, initial);
    this.#parts.set(name, slot);
    return slot;
  }

  readonly #parts = new Map<string, Slot<unknown>>();

  /** Everything that the servers have agreed on, as plain data. */
  capture(): ReadonlyMap<string, unknown> {
    const parts = [...this.#parts].map(([name, slot]) => [name, slot.value] as const);
    return structuredClone(new Map([...parts, [TOUCHED, this.#slot.value.touched] as const]));
  }

  /** Goes back to what was captured; indexes continue from where they are. */
  bringBack(captured: ReadonlyMap<string, unknown>): void {
    const { touched } = this.#slot.value;
    const before = captured.get(TOUCHED);
    for (const [name, slot] of this.#parts) if (captured.has(name)) slot.value = structuredClone(captured.get(name));
    touched.clear();
    if (before instanceof Map) for (const [table, index] of before) touched.set(String(table), Number(index));
    this.next();
    this.record("snapshot.restore", this.datacenter);
  }

  get index(): number {
    return this.#slot.value.index;
  }

  /** Begins a write and answers with its index. */
  next(): number {
    const index = ++this.#slot.value.index;
    // Waiters run in events of their own, once the write is done.
    this.changed.fire(index);
    return index;
  }

  touch(index: number, ...tables: readonly string[]): void {
    for (const table of tables) this.#slot.value.touched.set(table, index);
  }

  forget(table: string): void {
    this.#slot.value.touched.delete(table);
  }

  touchedAt(table: string): number | undefined {
    return this.#slot.value.touched.get(table);
  }

  /** The index of the latest write to any of these tables; 0 for none. */
  latest(...tables: readonly string[]): number {
    let latest = 0;
    for (const table of tables) latest = Math.max(latest, this.#slot.value.touched.get(table) ?? 0);
    return latest;
  }

  record(kind: string, subject: string, data?: Readonly<Record<string, unknown>>): void {
    this.kernel.record("dns", kind, subject, data);
  }
}
