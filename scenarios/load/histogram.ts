import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";

/** An hour; longer waits count as an hour. */
const MICROS_MAX = 3_600_000_000;

/** Counts of durations, in whole µs, exact to a fraction of their value. They merge without loss, even across processes and languages. */
export class Durations {
  readonly #histogram: Histogram;

  /** @param digits significant decimal digits that are kept. Default 3 */
  constructor(digits: 1 | 2 | 3 = 3, histogram?: Histogram) {
    this.#histogram =
      histogram ??
      build({
        bitBucketSize: 32,
        autoResize: true,
        lowestDiscernibleValue: 1,
        highestTrackableValue: 2,
        numberOfSignificantValueDigits: digits,
      });
  }

  /** Counts a duration in ms. */
  record(ms: number): void {
    this.#histogram.recordValue(Math.min(MICROS_MAX, Math.max(0, Math.round(ms * 1000))));
  }

  /** Adds what another has counted. */
  add(other: Durations): void {
    if (other.count > 0) this.#histogram.add(other.#histogram);
  }

  /** How many durations were counted. */
  get count(): number {
    return this.#histogram.totalCount;
  }

  /** The longest, in µs; 0 if none was counted. */
  get max(): number {
    return this.count === 0 ? 0 : this.#histogram.maxValue;
  }

  /** The mean, in µs; 0 if none was counted. */
  get mean(): number {
    return this.count === 0 ? 0 : this.#histogram.mean;
  }

  /** The duration in µs that `percentile` per cent do not exceed; 0 if none was counted. */
  at(percentile: number): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile);
  }

  /** The form of the HdrHistogram libraries of all languages: compressed V2, base64. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  /** Reads what `encode` wrote. @throws Error for any other text */
  static decode(text: string): Durations {
    return new Durations(3, decodeFromCompressedBase64(text, 32));
  }
}
