import type { RandomState } from "../../kernel/index.ts";
import { type Message, TYPE } from "../wire/codec/types.ts";

/** How many answers are kept; one more empties the cache. */
const ENTRIES_MAX = 20_000;
/** Where fewer than half of as many questions were found, keeping costs more than it saves, and the next so many are not looked for. */
const REST_QUESTIONS = 1_000_000;
const ID_BYTES = 2;

/**
 * Answers as bytes, by what was asked. Kept are those that come out the same until the catalog is written to: without a shuffle, without the
 * clock, and from this datacenter alone.
 */
export class AnswerCache {
  readonly #answers = new Map<string, Uint8Array>();
  #index = -1;
  #found = 0;
  #rest = 0;

  /** Whether answers are neither looked for nor kept at present, as too many different names are asked for. */
  rests(): boolean {
    if (this.#rest === 0) return false;
    this.#rest--;
    return true;
  }

  /** The answer to a message, with its id; undefined where none is kept. `index`: of the last write to the catalog. */
  find(key: string, message: Uint8Array, index: number): Uint8Array | undefined {
    if (index !== this.#index) {
      this.#answers.clear();
      this.#index = index;
      return undefined;
    }
    const kept = this.#answers.get(key);
    if (kept === undefined) return undefined;
    this.#found++;
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
    if (this.#answers.size >= ENTRIES_MAX) {
      if (this.#found < ENTRIES_MAX / 2) this.#rest = REST_QUESTIONS;
      this.#found = 0;
      this.#answers.clear();
    }
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
