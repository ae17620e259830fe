import { AsyncLocalStorage } from "node:async_hooks";
import type { Host } from "../host.ts";
import type { OperationKind } from "../store/schema.ts";

/** How many operations work at a time; the pool of the store has more connections. */
const SLOTS = 4;
/** Except those that only keep a stream going, which takes little of the process. */
const SLOTTED: ReadonlySet<OperationKind> = new Set(["provision", "update", "deprovision", "bind", "unbind"]);

/**
 * How many operations may work at a time. One that waits for a backend, or sleeps, takes no place, so any number can be in progress; the places
 * limit how much of the process, and of its connections to the store, operations take away from requests.
 */
export class WorkSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count Default: `SLOTS` */
  constructor(count = SLOTS) {
    this.#free = count;
  }

  /** Waits for a place; first come, first served. */
  async acquire(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/** The place of one operation; free while any part of the operation waits for something outside. */
class Place {
  readonly #slots: WorkSlots;
  #outside = 0;
  #isOver = false;

  constructor(slots: WorkSlots) {
    this.#slots = slots;
  }

  async outside<T>(work: () => Promise<T>): Promise<T> {
    if (this.#outside++ === 0 && !this.#isOver) this.#slots.release();
    try {
      return await work();
    } finally {
      if (--this.#outside === 0 && !this.#isOver) await this.#slots.acquire();
    }
  }

  end(): void {
    this.#isOver = true;
    if (this.#outside === 0) this.#slots.release();
  }
}

const scope = new AsyncLocalStorage<Place>();

/** Does the work of an operation of this kind in a place. @param slots undefined: places are not counted */
export async function workInSlot<T>(
  kind: OperationKind,
  slots: WorkSlots | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (slots === undefined || !SLOTTED.has(kind)) return work();
  await slots.acquire();
  const place = new Place(slots);
  try {
    return await scope.run(place, work);
  } finally {
    place.end();
  }
}

const outside = <T>(work: () => Promise<T>): Promise<T> => scope.getStore()?.outside(work) ?? work();

/** Statuses whose responses have no body (Fetch, "null body status"). */
const BODILESS = new Set([204, 205, 304]);

/** A response that has come in as a whole. */
async function whole(response: Response): Promise<Response> {
  const { status, headers } = response;
  const body = await response.arrayBuffer();
  return new Response(BODILESS.has(status) ? null : body, { status, headers });
}

/** A host on which an operation that waits holds no place. A request with a signal of its own reads a stream, at its own pace. */
export const slottedHost = (host: Host): Host => ({
  fetch: (url, init) =>
    outside(async () => {
      const response = await host.fetch(url, init);
      return scope.getStore() === undefined || init?.signal ? response : whole(response);
    }),
  nowMs: () => host.nowMs(),
  sleepMs: (ms) => outside(() => host.sleepMs(ms)),
  waitMs: (ms) => outside(() => host.waitMs(ms)),
  every: (periodMs, work) => host.every(periodMs, work),
  randomBytes: (count) => host.randomBytes(count),
  track: (work) => host.track(work),
});
