import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import type { Stage } from "../model/stages.ts";
import type { Shared } from "../shared-instances.ts";
import type { Lifecycle } from "./lifecycles.ts";

/** What others can learn before the end of a lifecycle. */
interface Milestones {
  /** The first answer to each kind of request. */
  readonly answers: Readonly<Record<Stage, PromiseWithResolvers<Answer | undefined>>>;
  /** The lifecycle, once its provision has ended … */
  readonly provisioned: PromiseWithResolvers<Lifecycle>;
  /** … and once its binds have. */
  readonly bound: PromiseWithResolvers<Lifecycle>;
}

const milestones = new WeakMap<Shared, Map<string, Milestones>>();

/** The milestones of the lifecycle of a plan. */
export function milestonesOf(shared: Shared, { plan }: Offer): Milestones {
  const byPlan = milestones.get(shared) ?? new Map<string, Milestones>();
  milestones.set(shared, byPlan);
  const answer = () => Promise.withResolvers<Answer | undefined>();
  const known = byPlan.get(plan.id) ?? {
    answers: { provision: answer(), bind: answer(), unbind: answer(), deprovision: answer() },
    provisioned: Promise.withResolvers<Lifecycle>(),
    bound: Promise.withResolvers<Lifecycle>(),
  };
  byPlan.set(plan.id, known);
  return known;
}

const STAGES: readonly Stage[] = ["provision", "bind", "unbind", "deprovision"];

/** Notifies those that wait for the first answer of its kind. */
export function noteAnswer(shared: Shared, answer: Answer, offer: Offer): void {
  const stage = STAGES.find((each) => each === answer.operation);
  if (stage !== undefined) milestonesOf(shared, offer).answers[stage].resolve(answer);
}
