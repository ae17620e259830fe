import { byText, type Slot } from "../../kernel/index.ts";
import type { Store } from "./store.ts";

/** A key with its value. */
export interface KvRow {
  readonly key: string;
  readonly value: Uint8Array;
  /** An unsigned number of 64 bits. */
  readonly flags: bigint;
  /** How often the lock has changed hands. */
  readonly lockIndex: number;
  /** Who holds the lock; empty for nobody. */
  readonly session: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

interface KvState {
  readonly rows: Map<string, KvRow>;
  /** Deleted keys or prefixes, with the time: readers of a prefix must see that it changed. */
  readonly tombstones: Map<string, { readonly index: number; readonly atMs: number }>;
  /** Until when a key can't be locked, ms since the Unix epoch. */
  readonly lockDelays: Map<string, number>;
}

const TOMBSTONE_MS_MAX = 15 * 60_000;

/** The write that is asked for; its index is that of the check-and-set. */
export interface KvWrite {
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  readonly session: string;
  readonly index: number;
}

const isSameRow = (a: KvRow, b: KvRow): boolean =>
  a.lockIndex === b.lockIndex &&
  a.flags === b.flags &&
  a.session === b.session &&
  Buffer.compare(a.value, b.value) === 0;

/** Consul's key/value store. Writes take the index of their log entry, since a transaction has one for several. */
export class KeyValues {
  readonly #store: Store;
  readonly #slot: Slot<KvState>;

  constructor(store: Store) {
    this.#store = store;
    this.#slot = store.slot(`dns/${store.datacenter}/kv`, {
      rows: new Map(),
      tombstones: new Map(),
      lockDelays: new Map(),
    });
  }

  get(key: string): KvRow | undefined {
    return this.#slot.value.rows.get(key);
  }

  /** Rows whose key begins with the prefix, by key. */
  listUnder(prefix: string): readonly KvRow[] {
    return [...this.#slot.value.rows.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => byText(a.key, b.key));
  }

  /** The index that a reader of these rows waits on; that of the whole table when there is nothing under the prefix. */
  indexUnder(prefix: string, rows: readonly KvRow[]): number {
    const whole = this.tableIndex;
    if (prefix === "") return whole;
    let latest = 0;
    for (const { modifyIndex } of rows) latest = Math.max(latest, modifyIndex);
    for (const [key, { index }] of this.#slot.value.tombstones)
      if (key.startsWith(prefix)) latest = Math.max(latest, index);
    return latest === 0 ? whole : latest;
  }

  get tableIndex(): number {
    return this.#store.latest("kvs", "tombstones");
  }

  heldBy(session: string): readonly KvRow[] {
    return [...this.#slot.value.rows.values()].filter((row) => row.session === session);
  }

  #put(row: KvRow, index: number): void {
    const known = this.get(row.key);
    if (known !== undefined && isSameRow(known, row)) return;
    this.#slot.value.rows.set(row.key, { ...row, modifyIndex: index });
    this.#store.touch(index, "kvs");
    this.#store.record("kv.set", row.key);
  }

  /** Writes a value; the holder of the lock keeps it. */
  set({ key, value, flags }: KvWrite, index: number): void {
    const known = this.get(key);
    const session = known?.session ?? "";
    this.#put(
      { key, value, flags, session, lockIndex: 0, createIndex: known?.createIndex ?? index, modifyIndex: index },
      index,
    );
  }

  /** Check and set: index 0 means that the key must not exist. */
  setIf(write: KvWrite, index: number): boolean {
    if ((this.get(write.key)?.modifyIndex ?? 0) !== write.index) return false;
    this.set(write, index);
    return true;
  }

  /** Takes the lock of a key for an existing session; `false` when another has it. */
  lock({ key, value, flags, session }: KvWrite, index: number): boolean {
    const known = this.get(key);
    if (known !== undefined && known.session !== "" && known.session !== session) return false;
    const isHeld = known !== undefined && known.session === session;
    const lockIndex = known === undefined ? 1 : isHeld ? known.lockIndex : known.lockIndex + 1;
    this.#put(
      { key, value, flags, session, lockIndex, createIndex: known?.createIndex ?? index, modifyIndex: index },
      index,
    );
    return true;
  }

  unlock({ key, value, flags, session }: KvWrite, index: number): boolean {
    const known = this.get(key);
    if (known === undefined || known.session !== session) return false;
    this.#put({ ...known, value, flags, session: "" }, index);
    return true;
  }

  /** True until the delay after a lost lock has passed. */
  isDelayed(key: string): boolean {
    const until = this.#slot.value.lockDelays.get(key);
    if (until === undefined) return false;
    if (until > this.#store.kernel.nowMs) return true;
    this.#slot.value.lockDelays.delete(key);
    return false;
  }

  delete(key: string, index: number): void {
    if (!this.#slot.value.rows.delete(key)) return;
    this.#leaveTombstone(key, index);
  }

  deleteIf(key: string, modifyIndex: number, index: number): boolean {
    const known = this.get(key);
    if (known === undefined) return true;
    if (known.modifyIndex !== modifyIndex) return false;
    this.delete(key, index);
    return true;
  }

  deleteUnder(prefix: string, index: number): void {
    const rows = this.listUnder(prefix);
    for (const { key } of rows) this.#slot.value.rows.delete(key);
    if (rows.length > 0) this.#leaveTombstone(prefix, index);
  }

  #leaveTombstone(key: string, index: number): void {
    const { tombstones } = this.#slot.value;
    const now = this.#store.kernel.nowMs;
    for (const [old, { atMs }] of tombstones) {
      if (now - atMs < TOMBSTONE_MS_MAX) break;
      tombstones.delete(old);
    }
    tombstones.delete(key);
    tombstones.set(key, { index, atMs: now });
    this.#store.touch(index, "kvs", "tombstones");
    this.#store.record("kv.delete", key);
  }

  /** Releases, or deletes, what a dead session held, and prevents new locks on it for a while. */
  releaseLocksOf(session: string, behavior: "release" | "delete", delayMs: number, index: number): void {
    for (const row of this.heldBy(session)) {
      if (behavior === "delete") this.delete(row.key, index);
      else this.#put({ ...row, session: "" }, index);
      if (delayMs > 0) this.#slot.value.lockDelays.set(row.key, this.#store.kernel.nowMs + delayMs);
    }
  }

  /** A copy to come back to when a transaction fails. */
  capture(): () => void {
    const { rows, tombstones, lockDelays } = this.#slot.value;
    const copy = { rows: new Map(rows), tombstones: new Map(tombstones), lockDelays: new Map(lockDelays) };
    return () => {
      this.#slot.value = copy;
    };
  }
}
