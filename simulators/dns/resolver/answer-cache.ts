import type { RandomState } from "../../kernel/index.ts";
import { type Message, TYPE } from "../wire/codec/types.ts";

/** How many answers are kept; one more empties the cache. */
const ENTRIES_MAX = 50_000;
const ID_BYTES = 2;

/**
 * Answers as bytes, by what was asked. Kept are those that come out the same until the catalog is written to: without a shuffle, without the
 * clock, and from this datacenter alone.
 */
export class AnswerCache {
  readonly #answers = new Map<string, Uint8Array>();
  #index = -1;

  /** The answer to a message, with its id; undefined where none is kept. `index`: of the last write to the catalog. */
  find(key: string, message: Uint8Array, index: number): Uint8Array | undefined {
    if (index !== this.#index) {
      this.#answers.clear();
      this.#index = index;
      return undefined;
    }
    const kept = this.#answers.get(key);
    if (kept === undefined) return undefined;
    const answer = Buffer.allocUnsafe(kept.length);
    answer.set(kept);
    answer[0] = message[0] ?? 0;
    answer[1] = message[1] ?? 0;
    return answer;
  }

  clear(): void {
    this.#answers.clear();
  }

  keep(key: string, answer: Uint8Array): void {
    if (this.#answers.size >= ENTRIES_MAX) this.#answers.clear();
    this.#answers.set(key, answer);
  }
}

/** What is asked, apart from the id. */
export const cacheKeyOf = (message: Uint8Array, transport: string): string =>
  transport + Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("latin1", ID_BYTES);

/** Whether an answer has nothing of the clock: the serial of an SOA is it. */
export const isTimeless = ({ answer, authority }: Message): boolean =>
  authority.length === 0 && answer.length > 0 && answer.every(({ type }) => type !== TYPE.SOA);

/** Whether nothing was drawn from a stream between two looks at it. */
export const isUndrawn = (before: RandomState, after: RandomState): boolean =>
  before.every((word, at) => word === after[at]);
