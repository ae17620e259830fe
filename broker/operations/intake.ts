import type { Host } from "../host.ts";

/** Orders are dense when more than this many have come within `WINDOW_MS`: 100 a second. */
const DENSE_ORDERS = 50;
const WINDOW_MS = 500;
/** While they are, one operation begins in this time. */
const BEGIN_MS = 100;
/** After that, this many begin in this time before it is checked whether orders are coming again: a flood of work would keep them waiting. */
const RELEASED = 10;
const RELEASE_MS = 20;
/** How long an operation waits at most, whatever comes after it. */
const WAIT_MS_MAX = 10_000;

/**
 * Accepts orders before work on them begins. While orders come densely, as when a platform creates hundreds of instances, operations begin one
 * after the other at a low rate, so that who orders does not wait for what was ordered before; once that is over, or after ten seconds, they begin.
 * First come, first served. A process has one thread: what it works on meanwhile, it takes from those who order.
 */
export class Intake {
  readonly #host: Pick<Host, "nowMs" | "waitMs">;
  /** When the last orders came, ms since the Unix epoch; as many as make them dense. */
  readonly #orders: number[] = [];
  readonly #waiting: { readonly sinceMs: number; readonly begin: () => void }[] = [];
  #isPacing = false;

  constructor(host: Pick<Host, "nowMs" | "waitMs">) {
    this.#host = host;
  }

  /** Whether orders come densely at present. */
  get #isDense(): boolean {
    const [oldest = Number.NEGATIVE_INFINITY] = this.#orders;
    return this.#orders.length > DENSE_ORDERS && this.#host.nowMs() - oldest <= WINDOW_MS;
  }

  /** Whether what waits may wait on: orders come densely, and the first has not waited for too long. */
  get #isPatient(): boolean {
    const [first] = this.#waiting;
    return this.#isDense && (first === undefined || this.#host.nowMs() - first.sinceMs < WAIT_MS_MAX);
  }

  /** Resolves when the operation of an order may begin. */
  async admit(): Promise<void> {
    this.#orders.push(this.#host.nowMs());
    if (this.#orders.length > DENSE_ORDERS + 1) this.#orders.shift();
    if (!this.#isPacing && !this.#isDense) return;
    const sinceMs = this.#host.nowMs();
    const turn = new Promise<void>((begin) => this.#waiting.push({ sinceMs, begin }));
    if (!this.#isPacing) void this.#pace();
    await turn;
  }

  async #pace(): Promise<void> {
    this.#isPacing = true;
    while (this.#waiting.length > 0) {
      await this.#host.waitMs(this.#isPatient ? BEGIN_MS : RELEASE_MS);
      const ready = this.#waiting.splice(0, this.#isPatient ? 1 : RELEASED);
      for (const { begin } of ready) begin();
    }
    this.#isPacing = false;
  }
}
