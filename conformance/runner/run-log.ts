import type { Clock } from "../client/clock.ts";
import { type Acceptance, acceptanceFor, isExpired } from "./baseline.ts";
import type { Check, Outcome } from "./check.ts";
import { type Exchange, RUN_EVENT_VERSION, type RunEvent } from "./events.ts";
import { excuse, infoOf } from "./outcomes.ts";
import type { CheckResult } from "./summary.ts";

/** Gets each event of a run. */
export type RunListener = (event: RunEvent) => void;

/** What a run has found so far, excused by its baseline, and reported to a listener as it comes. */
export class RunLog {
  readonly results: CheckResult[] = [];
  /** Evidence is dear to make: redacted, shortened, with its curl lines. Without a listener it need not be made. */
  readonly isHeard: boolean;
  readonly emit: RunListener;
  readonly #baseline: readonly Acceptance[];
  readonly #clock: Clock;

  constructor(baseline: readonly Acceptance[], clock: Clock, listener: RunListener | undefined) {
    this.isHeard = listener !== undefined;
    this.emit = listener ?? (() => {});
    this.#baseline = baseline;
    this.#clock = clock;
  }

  note(text: string): void {
    this.emit({ v: RUN_EVENT_VERSION, type: "note", text });
  }

  /** The outcome of a check, as the baseline has it. */
  report(check: Check<never>, outcome: Outcome, evidence: readonly Exchange[], durationMs: number): void {
    const accepted =
      outcome.verdict === "fail" ? acceptanceFor(this.#baseline, check.id, this.#clock.nowMs()) : undefined;
    const { verdict, reason, expected, seen, followsFrom } =
      accepted === undefined ? outcome : excuse(outcome, accepted);
    const info = infoOf(check);
    const more = {
      ...(reason === undefined ? {} : { reason }),
      ...(followsFrom === undefined ? {} : { followsFrom }),
      ...(accepted === undefined ? {} : { accepted }),
    };
    this.results.push({ check: info, verdict, ...more });
    this.emit({
      v: RUN_EVENT_VERSION,
      type: "check-finished",
      check: info,
      verdict,
      ...more,
      ...(expected === undefined ? {} : { expected }),
      ...(seen === undefined ? {} : { seen }),
      durationMs,
      evidence,
    });
  }

  /** A baseline that is not looked after hides more than it should: what no longer holds is said. */
  reviewBaseline(): void {
    for (const acceptance of this.#baseline) {
      const { check, until } = acceptance;
      const result = this.results.find((each) => each.check.id === check);
      if (isExpired(acceptance, this.#clock.nowMs())) this.note(`baseline: ${check} was accepted until ${until}`);
      else if (result === undefined) this.note(`baseline: ${check} was not run`);
      else if (result.accepted === undefined) this.note(`baseline: ${check} did not fail; its entry can go`);
    }
  }
}
