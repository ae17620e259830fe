import type { Slip } from "./slip.ts";

const LOAD = ["scenarios/load"];
const EXTERNAL = ["scenarios/external"];
const CAMPAIGN = ["scenarios/campaign"];

/** Slips in load runs, in the judgement of external brokers, and in campaigns. */
export const LOAD_SLIPS: readonly Slip[] = [
  {
    id: "load-ramp-too-steep",
    breaks: "the rate of an open model changes evenly until the end of the run",
    file: "scenarios/load/arrivals.ts",
    from: "(rampTo - rate) / (2 * seconds)",
    to: "(rampTo - rate) / seconds",
    tests: LOAD,
  },
  {
    id: "load-latency-from-sending",
    breaks: "latency counts from when a request was due, not from when it was sent",
    file: "scenarios/load/performer.ts",
    from: "    tally.latency.record(nowMs - dueMs);\n",
    to: "    tally.latency.record(nowMs - Math.max(dueMs, sentMs + 250));\n",
    tests: LOAD,
  },
  {
    id: "load-threshold-without-figure-met",
    breaks: "a figure without measurements meets no bound",
    file: "scenarios/load/thresholds.ts",
    from: 'met: false, measured: "nothing was measured"',
    to: 'met: true, measured: "nothing was measured"',
    tests: LOAD,
  },
  {
    id: "load-skipped-requests-valid",
    breaks: "a run that skipped due requests is invalid",
    file: "scenarios/load/validity.ts",
    from: "if (tally.dropped > 0)",
    to: "if (tally.dropped > 100_000)",
    tests: LOAD,
  },
  {
    id: "load-busy-instance-leased",
    breaks: "an instance is leased to one operation at a time",
    file: "scenarios/load/population.ts",
    from: "each !== undefined && !each.isBusy && fits(each)",
    to: "each !== undefined && fits(each)",
    tests: LOAD,
  },
  {
    id: "load-deletes-bound-instance",
    breaks: "an instance with bindings is never deleted",
    file: "scenarios/load/orders.ts",
    from: "bindings.length === 0 : () => true",
    to: "bindings.length >= 0 : () => true",
    tests: LOAD,
  },
  {
    id: "load-minute-of-a-rate",
    breaks: "a rate per minute is a sixtieth of the same rate per second",
    file: "scenarios/load/quantities.ts",
    from: '["/m", 1 / 60]',
    to: '["/m", 1 / 6]',
    tests: LOAD,
  },
  {
    id: "external-left-deployments-pass",
    breaks: "a deployment that no instance accounts for is found",
    file: "scenarios/external/judge.ts",
    from: "added.length !== standing.length",
    to: "added.length < standing.length",
    tests: EXTERNAL,
  },
  {
    id: "external-listing-has-gone-instance",
    breaks: "a listing that still has a deleted instance is found",
    file: "scenarios/external/judge.ts",
    from: '.filter(({ id }) => own.get(id)?.phase === "gone")',
    to: '.filter(({ id }) => own.get(id)?.phase === "going")',
    tests: EXTERNAL,
  },
  {
    id: "external-lost-answer-refused",
    breaks: "a 500 leaves the outcome of an order open",
    file: "scenarios/external/customer.ts",
    from: "reply.status >= 500 || reply.status === 408",
    to: "reply.status > 500 || reply.status === 408",
    tests: EXTERNAL,
  },
  {
    id: "campaign-unit-too-large",
    breaks: "no unit holds more seeds than asked for",
    file: "scenarios/campaign/unit.ts",
    from: "last.count < size",
    to: "last.count <= size",
    tests: CAMPAIGN,
  },
  {
    id: "campaign-split-loses-seeds",
    breaks: "a split unit loses no seed",
    file: "scenarios/campaign/unit.ts",
    from: "from: unit.from + first",
    to: "from: unit.from",
    tests: CAMPAIGN,
  },
];
