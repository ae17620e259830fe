import { hash } from "node:crypto";

/** One state change of the world. `data` is plain JSON and holds no secret. */
export interface JournalEvent {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  /** Kernel time, ms since the Unix epoch. */
  readonly time: number;
  /** The simulator that changed: `nova`, `bosh`, `dns`, `dataservices`, `kernel` … */
  readonly source: string;
  /** The kind of event: `server.create`, `task.done` … */
  readonly kind: string;
  /** The id or name of what it happened to. */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A journal as it was at some time. */
export interface JournalMark {
  readonly seq: number;
  readonly chain: string;
  readonly pending: string;
  readonly events: readonly JournalEvent[];
}

const LINES_PER_LINK = 64;

/**
 * The only log of the world. Its running digest, a SHA-256 chain over every event since the start, is the fingerprint
 * of a run: same seed, same digest.
 */
export class Journal {
  /** Events kept for readers; older ones stay in the digest alone. */
  readonly #eventsMax: number;
  #seq = 0;
  #chain = "";
  #pending = "";
  #pendingLines = 0;
  #events: JournalEvent[] = [];
  readonly #listeners = new Set<(event: JournalEvent) => void>();

  constructor(eventsMax = 100_000) {
    this.#eventsMax = eventsMax;
  }

  record(
    time: number,
    source: string,
    kind: string,
    subject: string,
    data: Readonly<Record<string, unknown>> = {},
  ): void {
    const event: JournalEvent = { seq: ++this.#seq, time, source, kind, subject, data };
    this.#pending += `${JSON.stringify(event)}\n`;
    if (++this.#pendingLines === LINES_PER_LINK) this.#link();
    this.#events.push(event);
    if (this.#events.length > this.#eventsMax * 1.25) this.#events.splice(0, this.#events.length - this.#eventsMax);
    for (const listener of this.#listeners) listener(event);
  }

  #link(): void {
    this.#chain = hash("sha256", this.#chain + this.#pending, "hex");
    this.#pending = "";
    this.#pendingLines = 0;
  }

  /** The digest of all events so far: 64 hexadecimal digits. Reading it does not change it. */
  get digest(): string {
    return hash("sha256", `${this.#chain}${this.#pending}${this.#seq}`, "hex");
  }

  get seq(): number {
    return this.#seq;
  }

  /** The newest events (at most the `eventsMax` given at the start), oldest first. Read only. */
  get events(): readonly JournalEvent[] {
    return this.#events;
  }

  /** Calls `listener` for each event from now on; the function returned removes it. A listener must not change the world. */
  listen(listener: (event: JournalEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  mark(): JournalMark {
    return { seq: this.#seq, chain: this.#chain, pending: this.#pending, events: [...this.#events] };
  }

  /** Goes back to a mark. */
  rewind(mark: JournalMark): void {
    this.#seq = mark.seq;
    this.#chain = mark.chain;
    this.#pending = mark.pending;
    this.#pendingLines = mark.pending.split("\n").length - 1;
    this.#events = [...mark.events];
  }
}
