import { AsyncLocalStorage } from "node:async_hooks";

/** Somebody at work in a run: a check, a story that checks share, a clean-up. */
interface Actor {
  /** Id of the check, or the name of what else is done. */
  readonly name: string;
  /** Waits for others that have not ended. */
  blocks: number;
  /** What it did has ended, though a wait that it began may go on. */
  isOver: boolean;
}

/**
 * Who is at work in a run, and who waits for others. Where everybody waits for others, nobody will ever go on: that is how a
 * deadlock over places differs from a long wait for the broker.
 */
export class Actors {
  readonly #current = new AsyncLocalStorage<Actor>();
  readonly #whenStuck: () => void;
  #working = 0;

  /** `whenStuck` is called each time that nobody is left who works. */
  constructor(whenStuck: () => void = () => {}) {
    this.#whenStuck = whenStuck;
  }

  /** The name of whoever runs this. */
  get current(): string | undefined {
    return this.#current.getStore()?.name;
  }

  /** Whether somebody works: neither has ended nor waits for another. */
  get areWorking(): boolean {
    return this.#working > 0;
  }

  /** Does something in the name of an actor of its own. */
  async act<T>(name: string, work: () => Promise<T>): Promise<T> {
    const actor: Actor = { name, blocks: 0, isOver: false };
    this.#working++;
    try {
      return await this.#current.run(actor, work);
    } finally {
      actor.isOver = true;
      if (actor.blocks === 0) this.#leave();
    }
  }

  /** Waits for what others do. */
  async waitFor<T>(others: Promise<T>): Promise<T> {
    const actor = this.#current.getStore();
    if (actor === undefined || actor.isOver) return others;
    if (actor.blocks++ === 0) this.#leave();
    try {
      return await others;
    } finally {
      if (--actor.blocks === 0 && !actor.isOver) this.#working++;
    }
  }

  #leave(): void {
    if (--this.#working === 0) this.#whenStuck();
  }
}
