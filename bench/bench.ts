/**
 * The form of a benchmark: a figure, and the figure of a baseline measured in the same run on the same machine. Only the
 * ratio travels between machines; the aim is for the figure, on two cores of a common server.
 */
interface Measurement {
  readonly value: number;
  readonly unit: string;
  readonly baseline: { readonly name: string; readonly value: number };
}

export interface Benchmark {
  readonly name: string;
  /** In words, and as a bound on the value, or on its ratio to the baseline. */
  readonly aim?: { readonly text: string; met(value: number, ratio: number): boolean };
  measure(): Promise<Measurement>;
}

export interface Result extends Measurement {
  readonly name: string;
  /** value / baseline. */
  readonly ratio: number;
  readonly aim?: string;
  readonly met?: boolean;
}

/** Calls `work` at least `roundsMin` times and for at least `msMin`; returns the best rate of operations per second. */
export function bestRate(operations: number, work: () => void, roundsMin = 5, msMin = 500): number {
  let best = 0;
  const begin = performance.now();
  for (let round = 0; round < roundsMin || performance.now() - begin < msMin; round++) {
    const start = performance.now();
    work();
    best = Math.max(best, (operations / (performance.now() - start)) * 1000);
  }
  return best;
}

export async function bestRateAsync(operations: number, work: () => Promise<void>, rounds = 3): Promise<number> {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    best = Math.max(best, (operations / (performance.now() - start)) * 1000);
  }
  return best;
}

/** Bytes of live heap after a full collection; needs `node --expose-gc`. */
export function liveBytes(): number {
  if (globalThis.gc === undefined) throw new Error("memory is measured under node --expose-gc");
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

export async function runBenchmark(benchmark: Benchmark): Promise<Result> {
  const measurement = await benchmark.measure();
  const ratio = measurement.value / measurement.baseline.value;
  const aim = benchmark.aim && { aim: benchmark.aim.text, met: benchmark.aim.met(measurement.value, ratio) };
  return { name: benchmark.name, ...measurement, ratio, ...aim };
}
