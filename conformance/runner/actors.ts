import { AsyncLocalStorage } from "node:async_hooks";

/** Something at work in a run: a check, a story that checks share, a clean-up. */
interface Actor {
  /** Id of the check, or the name of the other work. */
  readonly name: string;
  /** Waits for others that have not ended. */
  blocks: number;
  /** Its work has ended, though a wait that it began may go on. */
  isOver: boolean;
}

/**
 * Which actors work in a run, and which wait for others. If all wait for others, none will ever proceed: that is how a deadlock over places differs
 * from a long wait for the broker.
 */
export class Actors {
  readonly #current = new AsyncLocalStorage<Actor>();
  readonly #whenStuck: () => void;
  #working = 0;

  /** `whenStuck` is called each time no actor is left that works. */
  constructor(whenStuck: () => void = () => {}) {
    this.#whenStuck = whenStuck;
  }

  /** The name of the actor that runs this. */
  get current(): string | undefined {
    return this.#current.getStore()?.name;
  }

  /** Whether some actor works: it has neither ended nor waits for another. */
  get areWorking(): boolean {
    return this.#working > 0;
  }

  /** Runs something as an actor of its own. */
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
