import { refuse, REFUSALS } from "./errors.ts";
import { bytesOf, EMPTY, isEmpty, type Value, type ValueOf, type ValueType } from "./values.ts";

/** How many databases a server has. */
export const DATABASES = 16;

interface Entry {
  readonly value: Value;
  /** When the key expires, in ms since the epoch; undefined: never. */
  expiresMs: number | undefined;
}

/** The memory that a tenant may use, and the policy when it is full. */
interface MemoryLimit {
  /** 0 for no limit. */
  readonly bytesMax: number;
  /** Like redis.conf's `maxmemory-policy`. */
  readonly policy: string;
}

/** The keys of one database. An expired key is invisible to everybody, and removed when it is looked at. */
export class Database {
  readonly index: number;
  readonly #entries = new Map<string, Entry>();
  readonly #keyspace: Keyspace;

  constructor(keyspace: Keyspace, index: number) {
    this.#keyspace = keyspace;
    this.index = index;
  }

  /** The value of a key; undefined if there is none. */
  get(key: string): Value | undefined {
    return this.#entry(key)?.value;
  }

  /** The value of a key that holds this kind, or undefined. @throws CommandError WRONGTYPE */
  read<T extends ValueType>(key: string, type: T): ValueOf<T> | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    return isOfType(value, type) ? value : refuse(REFUSALS.wrongType);
  }

  /** The value of a key that holds this kind, created if there is none. @throws CommandError WRONGTYPE */
  open<T extends keyof typeof EMPTY>(key: string, type: T): ValueOf<T> {
    const there = this.read(key, type);
    if (there !== undefined) return there;
    const value: ValueOf<T> = EMPTY[type]();
    this.#entries.set(key, { value, expiresMs: undefined });
    return value;
  }

  /** Sets the value of a key, and removes its expiry unless that is kept. */
  put(key: string, value: Value, expiresMs?: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, expiresMs });
    this.noteChange(key);
  }

  /** Notes that the value of a key has changed; an empty collection is removed. */
  noteChange(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && isEmpty(entry.value)) this.#entries.delete(key);
    this.#keyspace.noteTouch(this.index, key);
  }

  /** Removes a key; true if it existed. */
  remove(key: string): boolean {
    if (this.#entry(key) === undefined) return false;
    this.#entries.delete(key);
    this.#keyspace.noteTouch(this.index, key);
    return true;
  }

  /** When a key expires, in ms; undefined for a key without expiry, or a missing one. */
  expiryOf(key: string): number | undefined {
    return this.#entry(key)?.expiresMs;
  }

  /** Sets when a key expires, in ms; undefined: never. A time in the past removes it. */
  expire(key: string, ms: number | undefined): void {
    const entry = this.#entry(key);
    if (entry === undefined) return;
    entry.expiresMs = ms;
    if (this.#entry(key) !== undefined) this.#keyspace.noteTouch(this.index, key);
  }

  /** The existing keys. */
  keys(): readonly string[] {
    return [...this.#entries.keys()].filter((key) => this.#entry(key) !== undefined);
  }

  get size(): number {
    return this.keys().length;
  }

  /** Keys and values with their expiry. */
  *entries(): Generator<readonly [string, Value, number | undefined]> {
    for (const key of this.keys()) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) yield [key, entry.value, entry.expiresMs];
    }
  }

  clear(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      this.#keyspace.noteTouch(this.index, key);
    }
  }

  /** The key that was written longest ago, among all or among those that expire. */
  oldest(isVolatile: boolean): string | undefined {
    for (const [key, { expiresMs }] of this.#entries) if (!isVolatile || expiresMs !== undefined) return key;
    return undefined;
  }

  #entry(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresMs === undefined || entry.expiresMs > this.#keyspace.nowMs) return entry;
    this.#entries.delete(key);
    this.#keyspace.noteTouch(this.index, key);
    return undefined;
  }
}

const isOfType = <T extends ValueType>(value: Value, type: T): value is ValueOf<T> => value.type === type;

/** The contents of a server. Time stands still within a command: its caller sets `nowMs` before. */
export class Keyspace {
  readonly databases: Database[];
  nowMs = 0;
  limit: MemoryLimit = { bytesMax: 0, policy: "noeviction" };
  /** Keys touched since the dispatcher last took them, as `database key`. */
  readonly #touched = new Set<string>();
  readonly #sizes = new Map<string, number>();
  readonly #unmeasured = new Set<string>();
  #bytes = 0;

  constructor() {
    this.databases = Array.from({ length: DATABASES }, (_, index) => new Database(this, index));
  }

  /** @throws CommandError for a number beyond the databases */
  database(index: number): Database {
    return this.databases[index] ?? refuse("ERR DB index is out of range");
  }

  noteTouch(index: number, key: string): void {
    this.#touched.add(nameOf(index, key));
    this.#unmeasured.add(nameOf(index, key));
  }

  /** The keys touched since the last call, as `nameOf` names them. */
  takeTouched(): readonly string[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  /** The approximate size of the data, in bytes. Only touched keys are measured again. */
  bytes(): number {
    for (const name of this.#unmeasured) {
      const [index, key] = partsOf(name);
      const value = this.databases[index]?.get(key);
      const size = value === undefined ? 0 : bytesOf(key, value);
      this.#bytes += size - (this.#sizes.get(name) ?? 0);
      if (size === 0) this.#sizes.delete(name);
      else this.#sizes.set(name, size);
    }
    this.#unmeasured.clear();
    return this.#bytes;
  }

  /** Makes room according to the policy; false if it can't, so that a command that needs memory is refused. */
  makeRoom(): boolean {
    const { bytesMax, policy } = this.limit;
    if (bytesMax === 0) return true;
    while (this.bytes() > bytesMax) {
      if (policy === "noeviction") return false;
      const isVolatile = policy.startsWith("volatile");
      const from = this.databases.find((each) => each.oldest(isVolatile) !== undefined);
      const key = from?.oldest(isVolatile);
      if (from === undefined || key === undefined) return false;
      from.remove(key);
    }
    return true;
  }
}

/** A key with its database, as one text. */
export const nameOf = (index: number, key: string): string => `${index} ${key}`;

function partsOf(name: string): readonly [number, string] {
  const at = name.indexOf(" ");
  return [Number(name.slice(0, at)), name.slice(at + 1)];
}
