import { KernelError } from "./errors.ts";
import type { QueueEntry } from "./queue.ts";

/** A timer that is plain data. */
export interface PlainTimer {
  readonly id: number;
  readonly at: number;
  readonly order: number;
  readonly kind: string;
  readonly data: unknown;
}

/** Handlers are looked up by kind, which loses the type of their data; whoever registers a kind and whoever arms it agree on the type. */
interface TimerHandler {
  handle(data: unknown, id: number): void;
}

/** The plain timers that have not fired, and what handles each kind of them. */
export class PlainTimers {
  /** The id of the newest timer. */
  lastId = 0;
  readonly #armed = new Map<number, { readonly entry: QueueEntry; readonly timer: PlainTimer }>();
  readonly #handlers = new Map<string, TimerHandler>();

  register<T>(kind: string, handler: (data: T, id: number) => void): void {
    this.#handlers.set(kind, { handle: handler });
  }

  /** @throws KernelError KERNEL_UNKNOWN_TIMER where nothing handles the kind */
  check(kind: string): void {
    this.#handlerOf(kind);
  }

  /** Gives a queue entry a timer to fire. */
  arm(timer: PlainTimer, entry: QueueEntry): void {
    entry.timer = timer;
    this.#armed.set(timer.id, { entry, timer });
  }

  cancel(id: number): void {
    const armed = this.#armed.get(id);
    if (armed === undefined) return;
    armed.entry.timer = undefined;
    this.#armed.delete(id);
  }

  fire(timer: PlainTimer): void {
    this.#armed.delete(timer.id);
    this.#handlerOf(timer.kind).handle(timer.data, timer.id);
  }

  /** The timers that have not fired, in the order in which they were armed. */
  list(): readonly PlainTimer[] {
    return [...this.#armed.values()].map(({ timer }) => timer);
  }

  /** Drops all timers; the next id follows `lastId`. */
  reset(lastId: number): void {
    this.lastId = lastId;
    this.#armed.clear();
  }

  #handlerOf(kind: string): TimerHandler {
    const handler = this.#handlers.get(kind);
    if (handler === undefined) throw new KernelError("KERNEL_UNKNOWN_TIMER", kind);
    return handler;
  }
}
