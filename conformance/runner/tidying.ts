import type { Actors } from "./actors.ts";

/** Removals in the background of a run. */
export class Tidying {
  readonly #actors: Actors;
  readonly #running = new Set<Promise<void>>();

  constructor(actors: Actors) {
    this.#actors = actors;
  }

  /** Begins to remove something. What can't be removed stays in its ledger, which lists it at the end of the run. */
  begin(what: string, work: () => Promise<void>): void {
    const running = this.#actors
      .act(`removal: ${what}`, work)
      .catch(() => {})
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits until every removal that was begun has ended. */
  async end(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
