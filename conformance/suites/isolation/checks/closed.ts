import type { Access } from "../../../data/step-evidence.ts";
import { type DataError, NO_NAME, type Vantage, type Reach } from "../../../data/plane.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { Offer } from "../../../client/catalog.ts";
import { type Evidence, fail, notApplicable, type Outcome, unknown } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";
import {
  atResolvedAddress,
  judgeOpenPort,
  attemptConnection,
  sharesAddress,
  unadmittedVantages,
  anonymousAccess,
  toWhom,
} from "../attempts.ts";
import type { LiveInstance } from "../../../osb/shared-instances.ts";

/** How long a network may take to close after the last binding is gone, in milliseconds. */
const CLOSE_MS_MAX = 30_000;
const CLOSE_POLL_MS = 250;

/** Tries until it is closed or time is up. */
async function waitUntilShut(context: IsolationContext, key: Access, from: Vantage, waitMsMax: number): Promise<Reach> {
  const { clock, signal } = context.platform.settings;
  const endMs = clock.nowMs() + waitMsMax;
  for (;;) {
    const reach = await attemptConnection(context, key, from);
    if (reach === "shut" || clock.nowMs() + CLOSE_POLL_MS > endMs) return reach;
    context.recorder.steps.pop();
    await clock.sleepMs(CLOSE_POLL_MS, signal);
  }
}

const UNBOUND = "an instance to be out of reach while nothing binds it";
const NOT_ADMITTED = "an instance to be out of reach of whom no binding admits";

/** Checks that nobody gets in from any of these vantages: the evidence, or the finding. */
async function judgeShutFrom(
  context: IsolationContext,
  key: Access,
  vantages: readonly Vantage[],
  expected: string,
  when: (from: Vantage) => string,
): Promise<readonly Evidence[] | Outcome> {
  const evidence: Evidence[] = [];
  for (const from of vantages) {
    const reach = await attemptConnection(context, key, from);
    evidence.push(...context.lastStep());
    if (reach !== "shut") return judgeOpenPort(reach, expected, when(from), context.lastStep());
  }
  return evidence;
}

const isOutcome = (found: readonly Evidence[] | Outcome): found is Outcome => "verdict" in found;

/** The state before the first binding, if somebody knows where the instance is; otherwise undefined. */
async function judgeBeforeFirst(
  context: IsolationContext,
  live: LiveInstance,
  vantages: readonly Vantage[],
  other: Tenant,
): Promise<readonly Evidence[] | Outcome | undefined> {
  const address = await context.recorder.plane.locate?.(live.id);
  if (address === undefined) return undefined;
  const when = (from: Vantage): string =>
    `before its first binding${from === "application" ? "" : `, ${toWhom(from)}`}`;
  return judgeShutFrom(context, anonymousAccess(address, live, other), vantages, UNBOUND, when);
}

async function closedBeforeBinding(context: IsolationContext): Promise<Outcome> {
  const offer: Offer = await context.requireUsableOffer();
  const other = await context.tenant(offer, await context.osb.liveOf(offer));
  const live = await context.osb.freshOf(offer);
  const beside = unadmittedVantages(context, other);
  const before = await judgeBeforeFirst(context, live, ["application", ...beside], other);
  // An open port is reported only once it is certain that it need not be open.
  const tenant = await context.tenant(offer, live);
  await context.inSession(tenant, async () => {});
  const control = context.lastStep();
  if (await sharesAddress(context, tenant, other))
    return notApplicable("instances share one address, which has to be open for the others", tenant.bound, other.bound);
  if (before !== undefined && isOutcome(before)) return before;
  const key = await atResolvedAddress(context, tenant);
  const bound = await judgeShutFrom(context, key, beside, NOT_ADMITTED, toWhom);
  if (isOutcome(bound)) return bound;
  await context.unbindAndWait(tenant);
  const unbound = await judgeClosing(context, key, beside);
  if (isOutcome(unbound)) return unbound;
  const whole = { live, other, isSeenBefore: before !== undefined };
  return judgeReopened(context, whole, [...(before ?? []), ...control, ...bound, ...unbound]);
}

/** After the last binding: closing may take time, but it stays closed to those who were never admitted. */
async function judgeClosing(
  context: IsolationContext,
  key: Access,
  beside: readonly Vantage[],
): Promise<readonly Evidence[] | Outcome> {
  const when = `${CLOSE_MS_MAX / 1000} s after its last binding was removed`;
  const reach = await waitUntilShut(context, key, "application", CLOSE_MS_MAX);
  const evidence = context.lastStep();
  if (reach !== "shut") return judgeOpenPort(reach, UNBOUND, when, evidence);
  const others = await judgeShutFrom(context, key, beside, UNBOUND, (from) => `${when}, ${toWhom(from)}`);
  return isOutcome(others) ? others : [...evidence, ...others];
}

/** The parts that were not examined for lack of a vantage. */
function describeUnseen({ recorder: { plane } }: IsolationContext, isSeenBefore: boolean): string {
  const early =
    "seen after a binding was removed: where an instance listens before its first one, only its operator knows";
  const near = "nobody tried it from another tenant's VM (data.tenant in drydock.yml)";
  return [...(isSeenBefore ? [] : [early]), ...(plane.hasTenantVm ? [] : [near])].join("; ");
}

/** Whether another instance can be reached now: one that is bound already, or one that has never been closed. */
async function isNeighbourUp(context: IsolationContext, other: Tenant): Promise<boolean> {
  if ((await context.recorder.tryLogin(other.access)) === undefined) return true;
  const fresh = await context.tenant(other.live.offer);
  return (await context.recorder.tryLogin(fresh.access)) === undefined;
}

/**
 * A binding that was reported as created but opens nothing. The instance was reachable before from the same
 * place, and its neighbour is reachable now, so neither the route nor a missing binding is the reason.
 */
async function judgeRefusal(
  context: IsolationContext,
  refusal: DataError,
  other: Tenant,
  evidence: readonly Evidence[],
): Promise<Outcome> {
  const isShut = refusal.fault === "unreachable" && refusal.code !== NO_NAME;
  if (!isShut || !(await isNeighbourUp(context, other)))
    return unknown(`bound again, it can't be used: ${refusal.message}`, ...evidence);
  const expected = "an instance that is bound again to be within reach";
  return fail(expected, "its port is shut", ...evidence, ...context.lastStep());
}

/** It can be reached again once it is bound: so only the missing binding had closed it. */
async function judgeReopened(
  context: IsolationContext,
  {
    live,
    other,
    isSeenBefore,
  }: { readonly live: LiveInstance; readonly other: Tenant; readonly isSeenBefore: boolean },
  evidence: readonly Evidence[],
): Promise<Outcome> {
  const again = await context.tenant(live.offer, live);
  const refusal = await context.recorder.tryLogin(again.access);
  if (refusal !== undefined) return judgeRefusal(context, refusal, other, [again.bound, ...context.lastStep()]);
  const reason = describeUnseen(context, isSeenBefore);
  return {
    verdict: "pass",
    evidence: [...evidence, ...context.lastStep()],
    ...(reason === "" ? {} : { reason }),
  };
}

/** IS-43: closed before binding. */
export const closedCheck = isolationCheck("IS-43", {
  requirement:
    "An instance without bindings can be reached neither from an application's network nor from another tenant's VM, and a bound one only from the network that its binding admits.",
  instances: 3,
  run: closedBeforeBinding,
});
