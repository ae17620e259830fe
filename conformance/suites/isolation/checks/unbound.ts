import type { RecordedSession } from "../../../data/recorded-session.ts";
import { DataError } from "../../../data/plane.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { type Evidence, fail, type Outcome, unknown } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";
import { judgeSpan } from "../spans.ts";

/** How long a service may take to remove a user, in milliseconds. */
const REVOKE_MS_MAX = 30_000;
const REVOKE_POLL_MS = 250;

/** Tries again until the answer is final, or time is up; returns the last answer. */
async function lastOf<T>(
  context: IsolationContext,
  isFinal: (answer: T) => boolean,
  ask: () => Promise<T>,
): Promise<T> {
  const { clock, signal } = context.platform.settings;
  const endMs = clock.nowMs() + REVOKE_MS_MAX;
  for (;;) {
    const answer = await ask();
    if (isFinal(answer) || clock.nowMs() + REVOKE_POLL_MS > endMs) return answer;
    context.recorder.steps.pop();
    await clock.sleepMs(REVOKE_POLL_MS, signal);
  }
}

async function hasEnded(session: RecordedSession): Promise<boolean> {
  try {
    await session.run({ do: "tables" });
    return false;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return error.fault === "lost";
  }
}

const outOfOrder = (how: string, evidence: readonly Evidence[]): Outcome =>
  unknown(`the service is out of order: ${how}`, ...evidence);

/** Another binding of the same instance shows that the service is up: a refusal now is deliberate. */
async function judge(context: IsolationContext, gone: Tenant, other: Tenant, open: RecordedSession): Promise<Outcome> {
  const bound = `within ${REVOKE_MS_MAX / 1000} s of its removal`;
  const isDenied = (refusal: DataError | undefined): boolean => refusal?.fault === "denied";
  const { clock } = context.platform.settings;
  const unboundMs = clock.nowMs();
  const refusal = await lastOf(context, isDenied, () => context.recorder.tryLoginOnce(gone.access));
  const evidence: Evidence[] = [...context.lastStep()];
  if (refusal === undefined) return fail(`the credentials of a binding to be refused ${bound}`, "a login", ...evidence);
  if (!isDenied(refusal)) return outOfOrder(refusal.message, evidence);
  const isCut = await lastOf(context, Boolean, () => hasEnded(open));
  evidence.push(...context.lastStep());
  if (!isCut) return fail(`the sessions of a binding to end ${bound}`, "one that goes on", ...evidence);
  const tookMs = clock.nowMs() - unboundMs;
  const control = await context.recorder.tryLogin(other.access);
  evidence.push(...context.lastStep());
  if (control !== undefined) return outOfOrder(control.message, evidence);
  return judgeSpan(context, "revocation", {
    tookMs,
    what: "time until credentials are refused and sessions have ended",
    evidence,
  });
}

async function judgeUnbound(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const live = await context.osb.liveOf(offer);
  const [gone, other] = [await context.tenant(offer, live), await context.tenant(offer, live)];
  for (const tenant of [gone, other]) await context.inSession(tenant, async () => {});
  const open = await context.recorder.open(gone.access);
  try {
    await context.unbindAndWait(gone);
    return await judge(context, gone, other, open);
  } finally {
    await open.close();
  }
}

/** IS-24: unbinding revokes. */
export const revokedCheck = isolationCheck("IS-24", {
  requirement: "Once a binding is removed, its credentials are refused and its open sessions have ended.",
  instances: 1,
  run: judgeUnbound,
});
