import { type JsonObject, sameJson } from "../../../client/http/json.ts";
import { seenOf } from "../../../osb/judge.ts";
import { isSuccess } from "../../../client/request.ts";
import { fail, type Outcome, pass, warn } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";
import { shareSecret } from "../secrets.ts";
import { BINDABLE } from "../../../osb/plan-requirements.ts";

function isGivenAway(theirs: JsonObject, own: JsonObject): boolean {
  return shareSecret(theirs, own) || (Object.keys(own).length > 0 && sameJson(theirs, own));
}

async function bindingReuse(context: IsolationContext): Promise<Outcome> {
  const offer = (await context.findUsableOffer()) ?? context.osb.offer(BINDABLE);
  const live = await context.osb.freshOf(offer);
  const owner = await context.createOwner(offer);
  const theirs = await context.credentialsOf(owner.binding);
  const before = await context.fetchIfRetrievable(owner);
  if (owner.tenant !== undefined) await context.inSession(owner.tenant, async () => {});
  const { id } = owner.binding;
  const answer = await context.osb.bind({ offer, id: live.id }, id, { intent: "bad" });
  const bound = await context.platform.settle(offer, answer);
  const expected = "409, or credentials of its own, for another instance's binding id";
  if (isSuccess(answer) && bound.state === "succeeded") {
    const own = await context.credentialsOf({ live, id, bound });
    // In the ledger the id stands for the owner's binding only.
    await context.unbindAndWait({ live, binding: { live, id, bound } });
    if (isGivenAway(theirs.credentials, own.credentials))
      return fail(expected, "the credentials of the other instance", theirs.answer, own.answer);
  }
  const harm = await context.findHarm(owner, before);
  if (harm !== undefined)
    return fail("the binding of the other instance to live on", harm.seen, answer, ...harm.evidence);
  if (isSuccess(answer) || answer.status === 409) return pass(answer);
  return (answer.status >= 500 ? fail : warn)(expected, seenOf(answer), answer);
}

/** IS-07: a binding id gives nothing away. */
export const bindingReuseCheck = isolationCheck("IS-07", {
  requirement:
    "An instance that is bound under the id of another instance's binding is refused or gets credentials of its own, never the other's.",
  instances: 2,
  run: bindingReuse,
});
