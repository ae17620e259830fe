import { maximumPollingSeconds } from "../../client/catalog.ts";
import { fail, type Outcome, pass } from "../../runner/check.ts";
import { type OsbCheck, probe } from "../define.ts";
import { judgeLifecycles } from "../judging/lifecycles.ts";
import type { Lifecycle } from "../sequences/lifecycles.ts";

function judgeDuration(lifecycle: Lifecycle): Outcome | undefined {
  const seconds = maximumPollingSeconds(lifecycle.offer);
  const all = [lifecycle.provision, ...lifecycle.binds, lifecycle.unbind, lifecycle.deprovision].filter(
    (each) => each !== undefined,
  );
  const polled = all.filter(({ answer }) => answer.status === 202);
  if (seconds === undefined || polled.length === 0) return undefined;
  const late = polled.find(({ state }) => state === "timed-out");
  if (late === undefined) return pass(...polled.slice(0, 2).map(({ answer }) => answer));
  return fail(`an end within ${seconds} s`, "still in progress", late.answer, ...late.polls.slice(-2));
}

/** Checks of spec.md, "Polling Interval and Duration". */
export const pollingIntervalAndDurationChecks: readonly OsbCheck[] = [
  probe({
    id: "maximum-polling-duration-respected",
    title: "Operations end within the plan's maximum_polling_duration",
    requirement: "Operations should finish within the plan's maximum_polling_duration.",
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, judgeDuration, { unmet: "no plan with a maximum_polling_duration answered 202" }),
  }),
];
