/**
 * How long a request counts as being worked on, in milliseconds of real time: one that hangs must not block
 * the others.
 */
const COUNTED_MS_MAX = 15_000;

/**
 * Limits the requests in flight. Checks that wait for operations cost a broker nothing, so many may run in
 * parallel. Requests cost it something, and a broker that answers them one by one must not be mistaken for a
 * slow one.
 */
export class Gate {
  readonly #max: number;
  #open = 0;
  readonly #urgent: (() => void)[] = [];
  readonly #patient: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Sends a request when its turn comes. An urgent one, which races with an operation, goes before those that
   * can wait.
   */
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
