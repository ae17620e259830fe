import { type Body, Kernel } from "../simulators/kernel/index.ts";
import { type Benchmark, bestRate } from "./bench.ts";

const EVENTS = 500_000;
const MILLION = { text: ">= 1,000,000/s", met: (value: number) => value >= 1_000_000 };

/** A bare array of callbacks, called in turn: the cost of an event when no order has to be kept. */
function bareCallbacks(): void {
  let left = EVENTS;
  const queue = [(): void => {}];
  const again = (): void => {
    if (left-- > 0) queue.push(again);
  };
  for (let each = 0; each < 100; each++) queue.push(again);
  for (let at = 0; at < queue.length; at++) queue[at]?.();
}

/** Bare generators, resumed in turn. */
function bareGenerators(): void {
  function* walk(): Generator<number, void, unknown> {
    for (let step = 0; step < EVENTS / 1000; step++) yield step & 7;
  }
  let alive = Array.from({ length: 1000 }, walk);
  while (alive.length > 0) alive = alive.filter((each) => !each.next().done);
}

function callbacks(): void {
  const kernel = new Kernel();
  let left = EVENTS;
  const again = (): void => {
    if (left-- > 0) kernel.schedule(1 + (left & 7), again);
  };
  for (let each = 0; each < 100; each++) again();
  kernel.runToEnd();
}

function generators(): void {
  const kernel = new Kernel();
  function* walk(): Body {
    for (let step = 0; step < EVENTS / 1000; step++) yield 1 + (step & 7);
  }
  for (let each = 0; each < 1000; each++) kernel.spawn("walk", walk());
  kernel.runToEnd();
}

const rate = (name: string, work: () => void, baselineName: string, baseline: () => void): Benchmark => ({
  name,
  aim: MILLION,
  measure: async () => ({
    value: bestRate(EVENTS, work),
    unit: "events/s",
    baseline: { name: baselineName, value: bestRate(EVENTS, baseline) },
  }),
});

export const KERNEL_BENCHMARKS: readonly Benchmark[] = [
  rate("kernel callbacks", callbacks, "a bare array of callbacks", bareCallbacks),
  rate("kernel generator resumptions", generators, "bare generators in turn", bareGenerators),
];
