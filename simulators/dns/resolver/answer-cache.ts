import type { RandomState } from "../../kernel/index.ts";
import { type Message, TYPE } from "../wire/codec/types.ts";

/** How many answers are kept; one more empties the cache. */
const ENTRIES_MAX = 20_000;
/** If fewer than half of this many questions hit the cache, caching costs more than it saves, and the next this many bypass it. */
const REST_QUESTIONS = 1_000_000;
const ID_BYTES = 2;

/**
 * Answers as bytes, by their question. Only answers that stay the same until the catalog is written to are kept: without a shuffle, without the
 * clock, and from this datacenter alone.
 */
export class AnswerCache {
  readonly #answers = new Map<string, Uint8Array>();
  #index = -1;
  #found = 0;
  #rest = 0;

  /** Whether the cache is bypassed at present, because too many different names are asked for. */
  rests(): boolean {
    if (this.#rest === 0) return false;
    this.#rest--;
    return true;
  }

  /** The answer to a message, with the message's id; undefined if none is kept. `index`: of the last write to the catalog. */
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

/** A message without its id. */
export const cacheKeyOf = (message: Uint8Array, transport: string): string =>
  transport + Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("latin1", ID_BYTES);

/** Whether an answer does not depend on the clock, as the serial of an SOA does. */
export const isTimeless = ({ answer, authority }: Message): boolean =>
  authority.length === 0 && answer.length > 0 && answer.every(({ type }) => type !== TYPE.SOA);

/** Whether nothing was drawn from a random stream between two observations of it. */
export const isUndrawn = (before: RandomState, after: RandomState): boolean =>
  before.every((word, at) => word === after[at]);
