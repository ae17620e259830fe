import type { RunEvent } from "../../conformance/runner/events.ts";
import { SentRows } from "./changes.ts";
import { LiveChecks } from "./checks.ts";
import type { LiveExchange, LiveMessage, Row } from "./feed.ts";
import { Latencies } from "./latency.ts";
import type { LiveCloud } from "./source.ts";

/** The least time between two messages of one kind, in ms. */
const TICK_MS = 250;
/** Looking at a large cloud takes time; at most one part in this many is spent on it. */
const IDLE_SHARE = 10;
/** The laws are checked this many times less often than the rows. */
const LAWS_MS = 1000;
/** How many past events and requests a late viewer still gets, and how many are sent at once. */
const EVENTS_MAX = 5000;
const EXCHANGES_MAX = 2000;
/** Rows in one message; more would block the page. */
const ROWS_MAX = 2000;

/** A viewer: it receives messages, and the hub keeps how much of the journal it has. */
interface Viewer {
  send(message: LiveMessage, seq: number): void;
  /** The newest event that it has. */
  seq: number;
}

/** The page's title and what it says about its subject, without secrets. */
export interface LiveTitle {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, text: string])[];
}

const rowMessages = (put: readonly Row[], gone: readonly string[], isFresh: boolean): LiveMessage[] => {
  const messages: LiveMessage[] = [];
  for (let from = 0; from === 0 || from < put.length; from += ROWS_MAX) {
    const first = from === 0;
    messages.push({
      type: "rows",
      put: put.slice(from, from + ROWS_MAX),
      gone: first ? gone : [],
      isFresh: first && isFresh,
    });
  }
  return messages;
};

/** Collects what happens and sends it to viewers, at most four times a second, and only while somebody is watching. */
export class Hub {
  readonly cloud: LiveCloud | undefined;
  readonly #title: LiveTitle;
  readonly #viewers = new Set<Viewer>();
  readonly #sent = new SentRows();
  readonly #checks = new LiveChecks();
  readonly #latencies = new Latencies();
  #exchanges: LiveExchange[] = [];
  #newExchanges: LiveExchange[] = [];
  #timer: NodeJS.Timeout | undefined;
  #version = -1;
  #lawsVersion = -1;
  #lawsAtMs = Number.NEGATIVE_INFINITY;
  #broken: readonly string[] = [];
  #texts = new Map<string, string>();

  constructor(title: LiveTitle, cloud: LiveCloud | undefined) {
    this.#title = title;
    this.cloud = cloud;
  }

  /** A request that a service has answered. */
  hear(exchange: LiveExchange): void {
    this.#latencies.add(exchange);
    this.#newExchanges.push(exchange);
    if (this.#newExchanges.length > EXCHANGES_MAX) this.#newExchanges.splice(0, EXCHANGES_MAX / 2);
  }

  /** Takes in an event of a run. */
  take(event: RunEvent): void {
    this.#checks.take(event);
  }

  /** Sends a viewer everything there is and then every change, until the returned function is called. */
  add(viewer: Viewer): () => void {
    const { title, facts } = this.#title;
    const { cloud } = this;
    const tell = (message: LiveMessage): void => viewer.send(message, viewer.seq);
    tell({ type: "hello", title, facts, hasCloud: cloud !== undefined });
    if (cloud !== undefined) {
      this.#lookAtRows(cloud);
      for (const message of rowMessages(this.#sent.all, [], true)) tell(message);
      tell({ type: "laws", broken: this.#broken });
      for (const message of this.#small(cloud)) tell(message);
      this.#sendEvents(viewer, cloud);
    }
    tell({ type: "exchanges", exchanges: this.#exchanges });
    tell({ type: "latency", latency: this.#latencies.list() });
    tell({ type: "checks", checks: this.#checks.list(), headline: this.#checks.headline });
    this.#viewers.add(viewer);
    this.#timer ??= setTimeout(() => this.#tick(), TICK_MS);
    return () => this.#viewers.delete(viewer);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#viewers.clear();
  }

  #tell(message: LiveMessage): void {
    for (const viewer of this.#viewers) viewer.send(message, viewer.seq);
  }

  #tick(): void {
    this.#timer = undefined;
    if (this.#viewers.size === 0) return;
    const startMs = performance.now();
    const { cloud } = this;
    if (cloud !== undefined) this.#tellOfCloud(cloud);
    this.#tellOfRequests();
    const checks = this.#checks.drain();
    if (checks.length > 0) this.#tell({ type: "checks", checks, headline: this.#checks.headline });
    const tookMs = performance.now() - startMs;
    this.#timer = setTimeout(() => this.#tick(), Math.max(TICK_MS, tookMs * IDLE_SHARE));
  }

  #tellOfRequests(): void {
    if (this.#newExchanges.length === 0) return;
    this.#tell({ type: "exchanges", exchanges: this.#newExchanges });
    this.#exchanges = [...this.#exchanges, ...this.#newExchanges].slice(-EXCHANGES_MAX);
    this.#newExchanges = [];
    this.#tell({ type: "latency", latency: this.#latencies.list() });
  }

  #tellOfCloud(cloud: LiveCloud): void {
    const changes = this.#lookAtRows(cloud);
    if (changes.put.length > 0 || changes.gone.length > 0)
      for (const message of rowMessages(changes.put, changes.gone, false)) this.#tell(message);
    this.#lookAtLaws(cloud);
    for (const message of this.#small(cloud)) if (this.#isNew(message)) this.#tell(message);
    for (const viewer of this.#viewers) this.#sendEvents(viewer, cloud);
  }

  /** Messages small enough to be made every time; they are sent if they differ. */
  #small(cloud: LiveCloud): readonly LiveMessage[] {
    return [
      { type: "clock", clock: cloud.clock() },
      { type: "faults", rules: cloud.rules() },
    ];
  }

  #isNew(message: LiveMessage): boolean {
    const text = JSON.stringify(message);
    const isNew = this.#texts.get(message.type) !== text;
    this.#texts.set(message.type, text);
    return isNew;
  }

  #lookAtRows(cloud: LiveCloud): ReturnType<SentRows["update"]> {
    const { version } = cloud;
    if (version === this.#version) return { put: [], gone: [] };
    this.#version = version;
    return this.#sent.update(cloud.rows());
  }

  #lookAtLaws(cloud: LiveCloud): void {
    const nowMs = performance.now();
    if (cloud.version === this.#lawsVersion || nowMs - this.#lawsAtMs < LAWS_MS) return;
    this.#lawsVersion = cloud.version;
    const broken = cloud.brokenLaws();
    this.#lawsAtMs = performance.now() + (performance.now() - nowMs) * IDLE_SHARE;
    if (JSON.stringify(broken) === JSON.stringify(this.#broken)) return;
    this.#broken = broken;
    this.#tell({ type: "laws", broken });
  }

  /** Sends a viewer the events that it does not have, as far as they are kept. A restored cloud has fewer events than before. */
  #sendEvents(viewer: Viewer, cloud: LiveCloud): void {
    const all = cloud.events();
    const newest = all.at(-1)?.seq ?? 0;
    if (newest < viewer.seq) viewer.seq = 0;
    if (newest === viewer.seq) return;
    const first = all[0]?.seq ?? 1;
    const events = all.slice(Math.max(0, viewer.seq + 1 - first)).slice(-EVENTS_MAX);
    viewer.seq = newest;
    viewer.send({ type: "events", events }, newest);
  }
}
