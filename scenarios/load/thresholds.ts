import type { LoadTally } from "./figures.ts";
import type { Durations } from "./histogram.ts";
import { LOAD_OPERATIONS, type LoadOperation } from "./mix.ts";
import { formatMicros, parseDuration, parseRate, QuantityError } from "./quantities.ts";

/** The result of a threshold for a run. */
export interface ThresholdResult {
  readonly threshold: string;
  readonly met: boolean;
  /** The measurement, for people. */
  readonly measured: string;
}

/** A bound on what a load run measures. */
export interface Threshold {
  readonly text: string;
  judge(tally: LoadTally, elapsedMs: number): ThresholdResult;
}

const THRESHOLD: RegExp =
  /^(?:(?<operation>[a-z]+):)?(?<figure>(?:(?:reply|finished):)?(?:p\d+(?:\.\d+)?|max|mean)|errors|starved|rate)\s*(?<sign><=|<|>=|>)\s*(?<bound>\S+)$/;
const EXPECTED =
  "a figure and a bound, such as p99<500ms, bind:p95<200ms, provision:finished:p99<30s, reply:max<1s, errors<1%, rate>45/s";

type Compare = (a: number, b: number) => boolean;

const COMPARE: Readonly<Record<string, Compare>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

interface Parts {
  readonly text: string;
  readonly operation: LoadOperation | undefined;
  readonly figure: string;
  readonly compare: Compare;
  readonly bound: string;
}

function split(text: string): Parts {
  const { operation, figure = "", sign = "", bound = "" } = THRESHOLD.exec(text)?.groups ?? {};
  const known = LOAD_OPERATIONS.find((each) => each === operation);
  const compare = COMPARE[sign];
  if (compare === undefined || (operation !== undefined && known === undefined))
    throw new QuantityError("the threshold", text, EXPECTED);
  return { text, operation: known, figure, compare, bound };
}

/** Reads a threshold. @throws QuantityError */
export function parseThreshold(text: string): Threshold {
  const parts = split(text.trim());
  if (parts.figure === "errors" || parts.figure === "starved") return shareThreshold(parts, parts.figure);
  return parts.figure === "rate" ? rateThreshold(parts) : durationThreshold(parts);
}

function shareThreshold({ text, operation, compare, bound }: Parts, figure: "errors" | "starved"): Threshold {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(bound)?.[1];
  if (share === undefined) throw new QuantityError("the threshold", text, "a share such as 1%");
  return {
    text,
    judge(tally) {
      const all = operation === undefined ? [...tally.operations.values()] : [tally.of(operation)];
      const sum = (each: (of: (typeof all)[number]) => number): number =>
        all.reduce((total, of) => total + each(of), 0);
      const due = sum(({ sent, starved }) => (figure === "errors" ? sent : sent + starved));
      const had = sum((each) => (figure === "errors" ? each.failures : each.starved));
      const percent = due === 0 ? 0 : (100 * had) / due;
      const met = due > 0 && compare(percent, Number(share));
      return { threshold: text, met, measured: due === 0 ? "nothing was sent" : `${percent.toFixed(2)} %` };
    },
  };
}

function rateThreshold({ text, operation, compare, bound }: Parts): Threshold {
  const rate = parseRate(bound);
  return {
    text,
    judge(tally, elapsedMs) {
      const answered = operation === undefined ? tally.sum((each) => each.answered) : tally.of(operation).answered;
      const measured = answered / (elapsedMs / 1000);
      return { threshold: text, met: compare(measured, rate), measured: `${measured.toFixed(1)}/s` };
    },
  };
}

function durationThreshold({ text, operation, figure, compare, bound }: Parts): Threshold {
  const boundMicros = parseDuration(bound) * 1000;
  const [first = "", second] = figure.split(":");
  const which = second === undefined ? "latency" : first === "reply" ? "reply" : "finished";
  const statistic = second ?? first;
  const measure = (durations: Durations): number => {
    if (statistic === "max") return durations.max;
    return statistic === "mean" ? durations.mean : durations.at(Number(statistic.slice(1)));
  };
  return {
    text,
    judge(tally) {
      const durations = operation === undefined ? tally.together(which) : tally.of(operation)[which];
      // A figure without measurements meets no bound.
      if (durations.count === 0) return { threshold: text, met: false, measured: "nothing was measured" };
      const micros = measure(durations);
      return { threshold: text, met: compare(micros, boundMicros), measured: formatMicros(micros) };
    },
  };
}
