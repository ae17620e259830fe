import Type, { type Static } from "typebox";
import type { LoadTally } from "./figures.ts";
import { Durations } from "./histogram.ts";
import { formatMicros } from "./quantities.ts";

/** The progress of a load run; plain data. */
export const Glance = Type.Object({
  sent: Type.Integer(),
  answered: Type.Integer(),
  errors: Type.Integer(),
  /** How many orders are waiting for answers. */
  waiting: Type.Integer(),
  /** Histogram of the latencies of the previous second. */
  latency: Type.String(),
  /** Histogram of the generator's lateness so far. */
  lateness: Type.String(),
});
export type Glance = Static<typeof Glance>;

/** Takes a glance at a run. */
export function glanceAt(tally: LoadTally, waiting: number, nowMs: number): Glance {
  const second = tally.timeline[Math.floor(nowMs / 1000) - 1];
  return {
    sent: tally.sum(({ sent }) => sent),
    answered: tally.sum(({ answered }) => answered),
    errors: tally.sum(({ failures }) => failures),
    waiting,
    latency: (second?.latency ?? new Durations(2)).encode(),
    lateness: tally.lateness.encode(),
  };
}

/** One line for a person, from a glance at each process. */
export function describeGlances(glances: readonly Glance[], nowMs: number): string {
  const sum = (of: (glance: Glance) => number): number => glances.reduce((total, each) => total + of(each), 0);
  const [latency, lateness] = [new Durations(2), new Durations()];
  for (const each of glances) {
    latency.add(Durations.decode(each.latency));
    lateness.add(Durations.decode(each.lateness));
  }
  return [
    `${Math.round(nowMs / 1000)} s: ${sum(({ sent }) => sent)} sent, ${sum(({ answered }) => answered)} answered`,
    `${sum(({ errors }) => errors)} errors, ${sum(({ waiting }) => waiting)} waiting`,
    `p50 ${formatMicros(latency.at(50))}, p99 ${formatMicros(latency.at(99))}`,
    `late by ${formatMicros(lateness.at(99))}`,
  ].join(", ");
}
