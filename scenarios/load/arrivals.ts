/** When requests are due in an open model, in which no customer waits for another's answer. */
interface Arrivals {
  /** Requests per second at the beginning. */
  readonly rate: number;
  /** Requests per second at the end; in between, the rate changes evenly. Default: `rate`. */
  readonly rampTo?: number;
  readonly forMs: number;
  /** `even`: at equal intervals; `poisson`: independent of each other, as from many customers. */
  readonly spacing: "even" | "poisson";
  /** Fraction of the first interval after which the first request is due, so that several generators do not send in step. Default 0. */
  readonly phase?: number;
}

/**
 * Yields the due times in ms from the beginning, in order. With a rate that goes from a to b within T, the number of requests until t is
 * N(t) = a·t + (b − a)·t² / 2T; the i-th is due where N(t) is i.
 *
 * @param draw returns a number from 0 to below 1
 */
export function* dueTimes(arrivals: Arrivals, draw: () => number): Generator<number> {
  const { rate, rampTo = rate, forMs, spacing, phase = 0 } = arrivals;
  const seconds = forMs / 1000;
  const growth = (rampTo - rate) / (2 * seconds);
  for (let number = phase; ; number += spacing === "even" ? 1 : -Math.log(1 - draw())) {
    const atS = solve(growth, rate, number);
    if (atS === undefined || atS >= seconds) return;
    yield atS * 1000;
  }
}

/** The smaller t ≥ 0 with growth·t² + rate·t = number; undefined if that many are never reached. */
function solve(growth: number, rate: number, number: number): number | undefined {
  if (growth === 0) return rate === 0 ? undefined : number / rate;
  const root = rate * rate + 4 * growth * number;
  // This form loses no digits when growth is small.
  return root < 0 ? undefined : (2 * number) / (rate + Math.sqrt(root)) || 0;
}

/** How many requests are due in all, for even spacing. */
export const countExpected = ({ rate, rampTo = rate, forMs }: Arrivals): number =>
  ((rate + rampTo) / 2) * (forMs / 1000);
