import { type Evidence, fail, type Outcome, unknown } from "../../../runner/check.ts";
import { attemptConnection, judgeOpenPort } from "../attempts.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { judgeSpan } from "../spans.ts";

/** How long a VM and its rules may take to be as before, in milliseconds. */
const CONVERGED_MS_MAX = 600_000;
const POLL_MS = 1000;

/** A VM is recreated at another address: bound applications get in again, and nobody else does at any moment. */
async function judgeMoved(context: IsolationContext): Promise<Outcome> {
  context.requireFault("recreate-vm");
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  await context.inSession(tenant, async () => {});
  const evidence: Evidence[] = [...context.lastStep()];
  const { clock, signal } = context.platform.settings;
  const isWatched = context.recorder.plane.hasOutsider;
  const movedMs = clock.nowMs();
  return context.withFault("recreate-vm", tenant.live.id, async () => {
    for (;;) {
      if (isWatched) {
        const reach = await attemptConnection(context, tenant.access, "outsider");
        const step = context.lastStep();
        if (reach === "open")
          return judgeOpenPort(
            reach,
            "a VM that is made again to be shut to whom no binding admits",
            "to an outsider",
            step,
          );
      }
      const refusal = await context.recorder.tryLoginOnce(tenant.access);
      const tookMs = clock.nowMs() - movedMs;
      const last = context.lastStep();
      if (refusal === undefined)
        return judgeSpan(context, "opening", {
          what: "time without access after a change of address",
          tookMs,
          evidence: [...evidence, ...last],
        });
      if (refusal.fault === "nowhere") return unknown(refusal.message, ...last);
      if (tookMs > CONVERGED_MS_MAX)
        return fail(
          `a binding to lead to its instance within ${CONVERGED_MS_MAX / 1000} s of the VM's being made again`,
          refusal.message,
          ...evidence,
          ...last,
        );
      await clock.sleepMs(POLL_MS, signal);
    }
  });
}

/** IS-45: a VM that is made again is open as before. */
export const movedCheck = isolationCheck("IS-45", {
  requirement:
    "When a VM is made again at another address its bindings lead there before long, and nobody else gets in meanwhile.",
  exclusive: true,
  run: judgeMoved,
});
