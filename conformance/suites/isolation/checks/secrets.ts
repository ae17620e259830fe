import { fail, notApplicable, type Outcome, pass, unknown } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { describeWeakness, type Sample } from "../predictable.ts";
import { secretsIn } from "../secrets.ts";

/** How many bindings' secrets are compared: enough to show a pattern, without being a burden. */
const SAMPLE = 16;

async function judgePredictable(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const [a, b] = [await context.osb.liveOf(offer), await context.osb.freshOf(offer)];
  const samples: Sample[] = [];
  const evidence = [];
  for (let at = 0; at < SAMPLE; at++) {
    const binding = await context.osb.bindTo(at % 2 === 0 ? a : b);
    const { credentials, answer } = await context.credentialsOf(binding);
    const [secret] = secretsIn(credentials);
    if (secret === undefined) return notApplicable("the credentials hold no password, token or key", answer);
    samples.push({ secret, ids: [binding.live.id, binding.id] });
    evidence.push(answer);
  }
  const weakness = describeWeakness(samples);
  if (weakness === undefined) return { ...pass(...evidence.slice(0, 4)), reason: `${SAMPLE} secrets of two instances` };
  return weakness.isSure
    ? fail("secrets that nobody can predict", weakness.text, ...evidence.slice(0, 3))
    : unknown(weakness.text, ...evidence.slice(0, 3));
}

/** IS-23: secrets can't be predicted. */
export const predictableCheck = isolationCheck("IS-23", {
  requirement:
    "The secrets of bindings are as good as 128 random bits: long enough, without pattern, sequence or common part, and not derived from any id.",
  instances: 2,
  run: judgePredictable,
});
