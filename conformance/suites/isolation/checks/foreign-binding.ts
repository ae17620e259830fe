import { isObject } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { hasStatus, seenOf } from "../../../osb/judge.ts";
import type { Answer } from "../../../client/answer.ts";
import { planIds } from "../../../client/request.ts";
import { fail, type Outcome, pass, warn, worstOf } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext, Owner } from "../context.ts";
import { BINDABLE } from "../../../osb/plan-requirements.ts";
import type { LiveInstance } from "../../../osb/shared-instances.ts";

type Probe = "fetch-binding" | "poll-binding" | "unbind";

/** The same request about a nonexistent binding: the answer of a broker that knows nothing. */
interface Probed {
  readonly foreign: Answer;
  readonly control: Answer;
}

async function probe(
  context: IsolationContext,
  via: LiveInstance,
  bindingId: string,
  operation: Probe,
): Promise<Probed> {
  const { platform } = context;
  const query =
    operation === "unbind"
      ? platform.deletionOf(via.offer, via.id)
      : operation === "poll-binding"
        ? planIds(via.offer)
        : {};
  const ask = (id: string): Promise<Answer> =>
    platform.send(operation, { instanceId: via.id, bindingId: id, query, intent: "bad" });
  const foreign = await ask(bindingId);
  if (foreign.status === 202) await platform.settle(via.offer, foreign);
  return { foreign, control: await ask(platform.newId()) };
}

const GONE = [404, 410] as const;

/**
 * 404 and 410 are right. Any other answer that a nonexistent binding gets too keeps the tenants apart as
 * well: unusual, and left to the OSB suite. An answer that only the foreign binding gets reveals that it
 * exists: a warning if it is a refusal, otherwise a breach, as are credentials in any answer.
 */
function judge({ foreign, control }: Probed): Outcome {
  const expected = `${foreign.request.method} of another instance's binding to be answered 404 or 410`;
  if (isObject(bodyOf(foreign)["credentials"])) return fail(expected, "credentials", foreign, control);
  if (hasStatus(foreign, GONE) || foreign.status === control.status) return pass(foreign, control);
  const isRefused = foreign.status >= 400 && foreign.status < 500;
  return (isRefused ? warn : fail)(expected, seenOf(foreign), foreign, control);
}

async function foreignBinding(context: IsolationContext): Promise<Outcome> {
  const offer = (await context.findUsableOffer()) ?? context.osb.offer(BINDABLE);
  const via = await context.osb.liveOf(offer);
  const owner = await context.createOwner(offer);
  const before = await context.fetchIfRetrievable(owner);
  if (owner.tenant !== undefined) await context.inSession(owner.tenant, async () => {});
  const outcomes: Outcome[] = [];
  for (const operation of ["fetch-binding", "poll-binding", "unbind"] as const) {
    const probed = await probe(context, via, owner.binding.id, operation);
    outcomes.push(judge(probed));
    const harm = await context.findHarm(owner, before);
    if (harm !== undefined) return fail("the binding to live on", harm.seen, probed.foreign, ...harm.evidence);
  }
  const worst = worstOf(outcomes);
  return worst.verdict === "pass" ? stillThere(context, owner, outcomes) : worst;
}

/** If bindings can neither be fetched nor used, the final unbind shows whether it was still there. */
async function stillThere(
  context: IsolationContext,
  { live, binding }: Owner,
  passed: readonly Outcome[],
): Promise<Outcome> {
  const last = await context.platform.unbind(live.offer, live.id, binding.id);
  if (last.status === 202) await context.platform.settle(live.offer, last);
  if (hasStatus(last, GONE))
    return fail("the binding to live on", `its owner removes it and is answered ${last.status}`, last);
  return pass(...passed.flatMap(({ evidence }) => evidence?.slice(0, 1) ?? []), last);
}

/** IS-06: a binding belongs to its instance. */
export const foreignBindingCheck = isolationCheck("IS-06", {
  requirement:
    "A binding that is fetched, polled or removed by way of another instance is not found there, and stays where it is.",
  instances: 2,
  run: foreignBinding,
});
