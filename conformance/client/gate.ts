/** How long a request counts as one that the broker works on, in milliseconds of real time: one that hangs holds up nobody. */
const COUNTED_MS_MAX = 15_000;

/**
 * Lets so many requests through at once. Checks that wait for operations cost a broker nothing, so many may run side by side; requests
 * cost it something, and one that answers one after the other must not be taken for a slow one.
 */
export class Gate {
  readonly #max: number;
  #open = 0;
  readonly #urgent: (() => void)[] = [];
  readonly #patient: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Sends when it is its turn; what is urgent, because it races with an operation, goes before what can wait. */
  async pass<T>(isUrgent: boolean, send: () => Promise<T>): Promise<T> {
    if (this.#open >= this.#max) {
      const queue = isUrgent ? this.#urgent : this.#patient;
      await new Promise<void>((admit) => void queue.push(admit));
    }
    this.#open++;
    let isCounted = true;
    const leave = (): void => {
      if (!isCounted) return;
      isCounted = false;
      clearTimeout(timer);
      this.#open--;
      (this.#urgent.shift() ?? this.#patient.shift())?.();
    };
    const timer = setTimeout(leave, COUNTED_MS_MAX);
    try {
      return await send();
    } finally {
      leave();
    }
  }
}
