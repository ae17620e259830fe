import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { followsFrom, type Outcome } from "../../runner/check.ts";
import type { Shared } from "../shared-instances.ts";
import { lifecycleOf } from "../sequences/lifecycles.ts";
import { seenOf } from "../judge.ts";

const JUDGED_BY = { provision: "provision-creates-resource", bind: "bind-201" } as const;

/** Interim: o-model's model/ordinary.ts takes its place. */
export async function unlessOrdinaryRefused(
  shared: Shared,
  stage: keyof typeof JUDGED_BY,
  offer: Offer,
  { answer, outcome }: { readonly answer: Answer; readonly outcome: Outcome },
): Promise<Outcome> {
  if (answer.status < 400 || answer.status >= 500) return outcome;
  return (await ordinaryRefusalOf(shared, stage, offer, answer)) ?? outcome;
}

/** What follows from an ordinary request that is refused; undefined where it is accepted. */
export async function ordinaryRefusalOf(
  shared: Shared,
  stage: keyof typeof JUDGED_BY,
  offer: Offer,
  ...answers: readonly Answer[]
): Promise<Outcome | undefined> {
  const { provision, binds } = await lifecycleOf(shared, offer);
  const ended = stage === "provision" ? provision : binds[0];
  if (ended === undefined || ended.state !== "refused") return undefined;
  const reason = `an ordinary ${stage} is refused as well: ${seenOf(ended.answer)}`;
  return followsFrom(JUDGED_BY[stage], reason, ...answers, ended.answer);
}
