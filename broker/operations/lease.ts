import { AsyncLocalStorage } from "node:async_hooks";
import { LeaseLostError } from "../errors.ts";
import type { Host } from "../host.ts";

/** How often to look for a sign of the store while waiting for one. */
const LOOK_MS = 200;

/**
 * What this process knows about its lease on an operation. The store decides who holds it; between two answers of the store, this process relies on
 * less than the whole lease, so that it has stopped before anybody else begins.
 */
export class OperationLease {
  readonly operationId: string;
  readonly fence: number;
  readonly #host: Pick<Host, "nowMs" | "waitMs">;
  readonly #validMs: number;
  #untilMs: number;
  #isLost = false;

  /** @param leaseMs infinite if nobody else can take it */
  constructor(operationId: string, fence: number, host: Pick<Host, "nowMs" | "waitMs">, leaseMs: number) {
    this.operationId = operationId;
    this.fence = fence;
    this.#host = host;
    this.#validMs = leaseMs * TRUSTED_SHARE;
    this.#untilMs = host.nowMs() + this.#validMs;
  }

  /** @param sinceMs when the store was asked, in ms since the Unix epoch */
  prolong(sinceMs: number): void {
    this.#untilMs = sinceMs + this.#validMs;
  }

  lose(): void {
    this.#isLost = true;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Resolves while it is certainly held; waits if the store has not confirmed it for too long. @throws LeaseLostError */
  async hold(): Promise<void> {
    while (!this.#isLost && this.#host.nowMs() >= this.#untilMs) await this.#host.waitMs(LOOK_MS);
    if (this.#isLost) throw new LeaseLostError(this.operationId);
  }
}

/** The share of a lease on which a process relies after an answer of the store. The rest is for requests that are on their way. */
const TRUSTED_SHARE = 2 / 3;

/** The operation on whose behalf something is done, if any. */
const scope = new AsyncLocalStorage<OperationLease>();

/** Does work on behalf of an operation. */
export const workUnder = <T>(lease: OperationLease, work: () => Promise<T>): Promise<T> => scope.run(lease, work);

/** A host over which nothing is sent on behalf of an operation that this process no longer holds. */
export const leasedHost = (host: Host): Host => ({
  fetch: async (url, init) => {
    await scope.getStore()?.hold();
    return host.fetch(url, init);
  },
  nowMs: () => host.nowMs(),
  sleepMs: (ms) => host.sleepMs(ms),
  waitMs: (ms) => host.waitMs(ms),
  every: (periodMs, work) => host.every(periodMs, work),
  randomBytes: (count) => host.randomBytes(count),
  track: (work) => host.track(work),
});
