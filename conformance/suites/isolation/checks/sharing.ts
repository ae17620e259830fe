import { isObject } from "../../../client/http/json.ts";
import type { Vantage } from "../../../data/plane.ts";
import { isSuccess } from "../../../client/request.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { attemptConnection, judgeOpenPort, toWhom, unadmittedVantages } from "../attempts.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";

/** How long an unshared instance may still let in whom it was shared with, in milliseconds. */
const UNSHARED_MS_MAX = 60_000;
const POLL_MS = 1000;

/** A space of the same organization, to which the instance is shared. */
const RECIPIENT = "5d5b5a4e-0000-4000-8000-0000000000cc";

/**
 * Binds as an application of another space does: OSB expresses sharing only through the context of the bind
 * (2.15, "Binding").
 */
async function bindFromElsewhere(context: IsolationContext, owner: Tenant) {
  const { offer } = owner.live;
  const usual = context.osb.bindBody(offer);
  const given = isObject(usual["context"]) ? usual["context"] : {};
  const id = context.platform.newId();
  const answer = await context.osb.bind(owner.live, id, {
    body: { ...usual, context: { ...given, space_guid: RECIPIENT } },
  });
  return { id, answer };
}

/** A share admits only whoever is bound, its access ends with it, and the owner keeps its own access. */
async function judgeShared(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const metadata = isObject(offer.service.raw["metadata"]) ? offer.service.raw["metadata"] : {};
  if (metadata["shareable"] !== true) return notApplicable("the catalog shares no instances", context.run.catalog);
  const [owner, other] = [await context.tenant(offer), await context.tenant(offer)];
  await context.inSession(owner, async () => {});
  const evidence: Evidence[] = [...context.lastStep()];
  const shut: Vantage[] = [];
  for (const from of unadmittedVantages(context, other))
    if ((await attemptConnection(context, owner.access, from)) === "shut") shut.push(from);
  const { id, answer } = await bindFromElsewhere(context, owner);
  evidence.push(answer);
  if (!isSuccess(answer))
    return fail("an instance that can be shared to be bound from another space", String(answer.status), answer);
  const bound = await context.platform.settle(offer, answer);
  // What was open before does not result from the share.
  for (const from of shut) {
    const reach = await attemptConnection(context, owner.access, from);
    if (reach === "shut") continue;
    const expected = "a share to open its instance to the applications of the space, and to nobody else";
    return judgeOpenPort(reach, expected, `${toWhom(from)}, since it was shared`, context.lastStep());
  }
  const binding = { id, live: owner.live, bound };
  const shared = await context.loginOf(binding);
  if (shared === undefined) return notApplicable("the binding of a shared instance gives no credentials", answer);
  await context.platform.settle(offer, await context.platform.unbind(offer, owner.live.id, id));
  const { clock } = context.platform.settings;
  const endMs = clock.nowMs() + UNSHARED_MS_MAX;
  while ((await context.recorder.tryLoginOnce(shared)) === undefined) {
    if (clock.nowMs() > endMs)
      return fail(
        `what a share gave to end within ${UNSHARED_MS_MAX / 1000} s of it`,
        "its credentials let in",
        ...context.lastStep(),
      );
    await clock.sleepMs(POLL_MS);
  }
  evidence.push(...context.lastStep());
  const kept = await context.recorder.tryLogin(owner.access);
  evidence.push(...context.lastStep());
  return kept === undefined
    ? pass(...evidence)
    : fail("its owner to keep what it had when a share ends", kept.message, ...evidence);
}

/** IS-21: sharing gives what was declared, and no more. */
export const shareCheck = isolationCheck("IS-21", {
  requirement:
    "An instance that is bound from another space opens to nobody but that space's applications; when the share ends so do its credentials, and the owner's stay.",
  instances: 2,
  run: judgeShared,
});
