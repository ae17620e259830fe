import { hash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** Four 32-bit words: the whole state of a stream. */
export type RandomState = readonly number[];

/**
 * A named stream of pseudo-random values (xoroshiro128+). Streams forked from one seed are independent: a new consumer
 * takes a new name and disturbs nobody.
 */
export class Random {
  #generator;

  constructor(state: RandomState) {
    this.#generator = xoroshiro128plusFromState(state);
  }

  /** The stream `name` of `seed`. Equal arguments give equal streams, on every machine. */
  static fork(seed: number | string, name: string): Random {
    const bytes = Buffer.from(hash("sha256", `${seed}/${name}`, "hex"), "hex");
    return new Random([0, 4, 8, 12].map((at) => bytes.readInt32LE(at)));
  }

  get state(): RandomState {
    return this.#generator.getState();
  }

  set state(state: RandomState) {
    this.#generator = xoroshiro128plusFromState(state);
  }

  /** A whole number in `[min, max]`, both included. */
  int(min: number, max: number): number {
    return uniformInt(this.#generator, min, max);
  }

  /** A number in `[0, 1)`. */
  float(): number {
    return uniformFloat64(this.#generator);
  }

  /** True with the given probability (0 to 1). */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    if (list.length === 0) throw new RangeError("Random.pick: the list is empty");
    return list[this.int(0, list.length - 1)] as T;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.int(0, last);
      [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
    }
    return copy;
  }

  /** `digits` lower-case hexadecimal digits. */
  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += (this.#generator.next() >>> 0).toString(16).padStart(8, "0");
    return text.slice(0, digits);
  }

  /** A version 4 UUID (RFC 9562 §5.4). */
  uuid(): string {
    const text = this.hex(32);
    const variant = "89ab"[Number.parseInt(text.charAt(16), 16) & 3];
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`;
  }

  /** Random bytes for simulated secrets and payloads. */
  bytes(count: number): Uint8Array {
    return new Uint8Array(Buffer.from(this.hex(count * 2), "hex"));
  }

  /** A log-normal duration: half of the values lie below `median`; `sigma` is the spread of its logarithm. */
  lognormal(median: number, sigma: number): number {
    const gauss = Math.sqrt(-2 * Math.log(1 - this.float())) * Math.cos(2 * Math.PI * this.float());
    return median * Math.exp(sigma * gauss);
  }
}
