import type { JsonObject } from "../../../client/http/json.ts";
import { type LiveBinding } from "../../../osb/context.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, warn } from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";
import { secretsIn, shareSecret } from "../secrets.ts";
import { BINDABLE } from "../../../osb/plan-requirements.ts";

interface Given {
  readonly instance: string;
  readonly credentials: JsonObject;
  readonly answer: Evidence;
}

async function fetchGiven(context: IsolationContext, binding: LiveBinding): Promise<Given> {
  return { instance: binding.live.id, ...(await context.credentialsOf(binding)) };
}

type Pair = readonly [Given, Given];

/** Pairs of bindings that have a secret in common. */
function sharing(all: readonly Given[]): readonly Pair[] {
  const pairs = all.flatMap((first, at) => all.slice(at + 1).map((second): Pair => [first, second]));
  return pairs.filter(([first, second]) => shareSecret(first.credentials, second.credentials));
}

async function unique(context: IsolationContext): Promise<Outcome> {
  const offer = (await context.findUsableOffer()) ?? context.osb.offer(BINDABLE);
  const [a, b] = [await context.osb.liveOf(offer), await context.osb.freshOf(offer)];
  const all: Given[] = [];
  for (const live of [a, b, a, b]) all.push(await fetchGiven(context, await context.osb.bindTo(live)));
  const evidence = all.map(({ answer }) => answer);
  if (all.every(({ credentials }) => secretsIn(credentials).length === 0))
    return notApplicable("the credentials hold no password, token or key", ...evidence.slice(0, 1));
  const pairs = sharing(all);
  const [apart] = pairs.filter(([first, second]) => first.instance !== second.instance);
  const evidenceOf = (pair: Pair): readonly Evidence[] => pair.map(({ answer }) => answer);
  if (apart !== undefined)
    return fail(
      "a secret of its own for each instance",
      "one secret in bindings of two instances",
      ...evidenceOf(apart),
    );
  const [together] = pairs;
  if (together === undefined) return pass(...evidence);
  const seen = "one secret in two bindings of an instance";
  return warn("a secret of its own for each binding", seen, ...evidenceOf(together));
}

/** IS-22: unique for each binding. */
export const uniqueCredentialsCheck = isolationCheck("IS-22", {
  requirement: "No two bindings share a secret, whether of two instances or of one.",
  instances: 2,
  run: unique,
});
