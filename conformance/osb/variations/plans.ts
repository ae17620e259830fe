import { type Offer, schemaOf, type SchemaUse } from "../../client/catalog.ts";
import { type Outcome, Verdicted, worstOf } from "../../runner/check.ts";
import { Berth } from "../../runner/berth.ts";
import { OsbContext } from "../context.ts";
import type { PlanRequirement } from "../plan-requirements.ts";

/** How many plans one check tries, at most; the first of each offering come first. */
const PLANS_MAX = 6;

/**
 * The plans on which a check tries what may differ between plans: all that meet the requirements, or the first alone if the run asks for that.
 *
 * @throws Verdicted not applicable if there is none
 */
export function plansToTry(context: OsbContext, ...requirements: readonly PlanRequirement[]): readonly Offer[] {
  const { run } = context;
  const first = context.offer(...requirements);
  if (run.plans === "first") return [first];
  const fitting = run.offers.filter((offer) => requirements.every((requirement) => requirement.fits(offer)));
  const leads = fitting.filter((offer, at) => fitting.findIndex((each) => each.service.id === offer.service.id) === at);
  return [...leads, ...fitting.filter((offer) => !leads.includes(offer))].slice(0, PLANS_MAX);
}

/**
 * The first plan, and with it the first whose parameters the broker can judge otherwise: one without a published schema if the first has one, or
 * vice versa. The first alone if the run asks for that.
 *
 * @throws Verdicted not applicable if there is none
 */
export function plansUnlike(
  context: OsbContext,
  use: SchemaUse,
  ...requirements: readonly PlanRequirement[]
): readonly Offer[] {
  const [first, ...rest] = plansToTry(context, ...requirements);
  if (first === undefined) return [];
  const hasSchema = (offer: Offer): boolean => schemaOf(offer, use) !== undefined;
  const unlike = rest.find((offer) => hasSchema(offer) !== hasSchema(first));
  return unlike === undefined ? [first] : [first, unlike];
}

/** From this many instances at once, plans are judged in parallel. */
const ROOMY = 2 * PLANS_MAX;

/** What ends a check on one plan is that plan's outcome, and does not end the others. */
export async function outcomeOf(judge: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof Verdicted) return error.outcome;
    throw error;
  }
}

/** What was played; nothing if the broker does not offer it. */
export async function orNone<T>(play: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await play();
  } catch (error) {
    if (error instanceof Verdicted && error.outcome.verdict === "not-applicable") return [];
    throw error;
  }
}

/** The same outcome, naming its plan. */
export function nameThePlan({ plan }: Offer, outcome: Outcome): Outcome {
  const { verdict, reason } = outcome;
  if (verdict === "pass" || reason === undefined || reason.startsWith('plan "')) return outcome;
  return { ...outcome, reason: `plan "${plan.name}": ${reason}` };
}

/** One after the other, each in the room of the one before. */
async function inTurn(
  context: OsbContext,
  offers: readonly Offer[],
  judge: (own: OsbContext, offer: Offer) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const offer of offers) {
    const outcome = await judge(context, offer);
    outcomes.push(outcome);
    if (offer !== offers.at(-1)) await context.release(outcome);
  }
  return outcomes;
}

/** With a client of its own, so that a plan's room is free once that plan is judged, and not only when all are. */
async function judgeAlone(
  { platform, run, shared }: OsbContext,
  offer: Offer,
  judge: (own: OsbContext, offer: Offer) => Promise<Outcome>,
): Promise<Outcome> {
  const berth = new Berth(run.quota, "check", 1);
  const own = new OsbContext(platform.part(berth), shared, run);
  try {
    const outcome = await judge(own, offer);
    await own.close(outcome);
    return outcome;
  } finally {
    await own.platform.end();
    await own.platform.ledger.clean();
    berth.close();
  }
}

/** All at once. If one throws, the others end first: none runs on after its check is over. */
async function sideBySide(
  context: OsbContext,
  offers: readonly Offer[],
  judge: (own: OsbContext, offer: Offer) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const { actors } = context.run.quota;
  const name = actors.current ?? "plans side by side";
  const judging = offers.map((offer) => actors.act(name, () => judgeAlone(context, offer, judge)));
  await actors.waitFor(Promise.allSettled(judging));
  return Promise.all(judging);
}

/**
 * Judges each plan that meets the requirements, side by side if there is room; the worst outcome counts, and names its plan. `judge` gets the
 * context that it must use.
 *
 * @throws Verdicted not applicable if there is none
 */
export async function onEachPlan(
  context: OsbContext,
  requirements: readonly PlanRequirement[],
  judge: (own: OsbContext, offer: Offer) => Promise<Outcome>,
): Promise<Outcome> {
  const offers = plansToTry(context, ...requirements);
  const judgeOne = async (own: OsbContext, offer: Offer): Promise<Outcome> => {
    const outcome = await outcomeOf(() => judge(own, offer));
    return offers.length > 1 ? nameThePlan(offer, outcome) : outcome;
  };
  const isRoomy = context.run.quota.max >= ROOMY;
  return worstOf(isRoomy ? await sideBySide(context, offers, judgeOne) : await inTurn(context, offers, judgeOne));
}
