import { sameJson } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { followsFrom, type Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { followsFromFact } from "../model/fact.ts";
import { describeRefusal } from "../model/refusals.ts";
import { acceptsOrdinary, unlessOrdinaryRefused } from "../model/ordinary.ts";
import { expectStatus, type StatusRule } from "../judge.ts";
import { isSuccess } from "../../client/request.ts";
import type { LiveInstance } from "../shared-instances.ts";
import { attemptProvision } from "./attempts.ts";
import { tryEach } from "./attempts-at-once.ts";
import { tryBinds } from "./binds.ts";
import { optionsOf, type Row } from "./row.ts";
import { orSilence } from "./silence.ts";
import { type Tried, worstTried } from "./tried.ts";

function judgeAnswer({ good, tolerated = [], isPermission = false }: Row, answer: Answer): Outcome {
  if (!isPermission || answer.status < 500) return expectStatus(answer, good, tolerated);
  return followsFrom("error-appropriate-status", `a bad request is answered ${answer.status}`, answer);
}

/**
 * An accusation stands unless the ordinary request is refused as well, or makes the broker fail in the very same way: a failure in other words is a
 * finding of its own.
 */
export async function unlessOrdinaryFails(
  context: OsbContext,
  stage: "provision" | "bind",
  offer: Offer,
  answer: Answer,
  outcome: Outcome,
): Promise<Outcome> {
  if (answer.status < 500) return unlessOrdinaryRefused(context.shared, stage, offer, { answer, outcome });
  const fact = await acceptsOrdinary(context.shared, stage, offer);
  const isAlike = fact.evidence.some(({ status, json }) => status === answer.status && sameJson(json, answer.json));
  if (fact.value !== false || !isAlike) return outcome;
  return followsFromFact(fact, `an ordinary ${stage} fails in the same way: ${answer.status}`, answer);
}

/** A refusal counts only if the ordinary request is accepted, and also the one for the plan that is named instead of another. */
async function judgeRow(
  context: OsbContext,
  stage: "provision" | "bind",
  offer: Offer,
  row: Row,
  answer: Answer,
): Promise<Tried> {
  const outcome = judgeAnswer(row, answer);
  const own = await unlessOrdinaryFails(context, stage, offer, answer, outcome);
  const named = context.run.offers.find(({ plan }) => plan.id === row.body?.["plan_id"]);
  if (own !== outcome || named === undefined || named.plan.id === offer.plan.id)
    return { words: row.words, outcome: own };
  return { words: row.words, outcome: await unlessOrdinaryFails(context, stage, named, answer, outcome) };
}

const tryProvision = (context: OsbContext, offer: Offer, row: Row): Promise<Tried> =>
  orSilence(context, "provision", row, async () =>
    judgeRow(context, "provision", offer, row, await attemptProvision(context, offer, optionsOf(row))),
  );

/** Tries provisions that are wrong in one way each, side by side. */
export async function judgeProvisions(context: OsbContext, offer: Offer, rows: readonly Row[]): Promise<Outcome> {
  return worstTried(await tryEach(context, rows, (row) => tryProvision(context, offer, row)));
}

/** Tries binds that are wrong in one way each. */
export async function judgeBinds(context: OsbContext, live: LiveInstance, rows: readonly Row[]): Promise<Outcome> {
  const tried = await tryBinds(context, live, rows, (row, answer) =>
    judgeRow(context, "bind", live.offer, row, answer),
  );
  return worstTried(tried);
}

async function tryUpdate(
  context: OsbContext,
  live: LiveInstance,
  row: Row,
  judge: (answer: Answer) => Outcome,
): Promise<Tried & { readonly isChanged: boolean }> {
  let isChanged = false;
  const tried = await orSilence(context, "update", row, async () => {
    const answer = await context.update(live, row.body ?? {}, optionsOf(row));
    isChanged = isSuccess(answer);
    await context.platform.settle(live.offer, answer);
    return { words: row.words, outcome: judge(answer) };
  });
  return { ...tried, isChanged: isChanged || tried.isSilent === true };
}

/**
 * Tries an update on the instance on which the rows before it were tried. If the answer is wrong, that may be because one of those was accepted;
 * the update is tried again on another instance.
 */
async function tryUpdateInTurn(
  context: OsbContext,
  offer: Offer,
  row: Row,
  { judge, changed }: { readonly judge: (answer: Answer) => Outcome; readonly changed: Set<LiveInstance> },
): Promise<Tried> {
  const live = await context.liveOf(offer);
  const wasChanged = changed.has(live);
  const first = await tryUpdate(context, live, row, judge);
  if (first.isChanged) changed.add(live);
  if (first.isSilent === true || first.outcome.verdict === "pass") return first;
  if (changed.delete(live)) context.markChanged(live);
  return wasChanged ? tryUpdateInTurn(context, offer, row, { judge, changed }) : first;
}

/**
 * Tries updates that are wrong in one way each, up to the first that is never answered: the wait for the next may be as long. Only to be called if
 * an update is accepted.
 */
export async function judgeUpdates(
  context: OsbContext,
  offer: Offer,
  rows: readonly Row[],
  judge: (row: Row, answer: Answer) => Outcome = judgeAnswer,
): Promise<Outcome> {
  const tried: Tried[] = [];
  const changed = new Set<LiveInstance>();
  for (const row of rows) {
    const one = await tryUpdateInTurn(context, offer, row, { judge: (answer) => judge(row, answer), changed });
    tried.push(one);
    if (one.isSilent === true) break;
  }
  for (const live of changed) context.markChanged(live);
  return worstTried(tried);
}

/** What follows from an ordinary request that is refused; undefined if it is accepted. */
async function obstacleTo(
  context: OsbContext,
  stage: "provision" | "bind",
  offer: Offer,
): Promise<Outcome | undefined> {
  const fact = await acceptsOrdinary(context.shared, stage, offer);
  if (fact.value !== false) return undefined;
  const [refusal] = fact.evidence;
  const words = refusal === undefined ? "refused as well" : `answered ${describeRefusal(refusal)}`;
  return followsFromFact(fact, `an ordinary ${stage} is ${words}`);
}

/** A request without an optional member is processed, or refused for a reason: it must not make the broker fail. */
const PROCESSED: readonly StatusRule[] = ["2xx", "4xx"];

/** Tries provisions that each lack one of the members that a platform may leave out. */
export async function judgeLeanProvisions(
  context: OsbContext,
  offer: Offer,
  rows: readonly Pick<Row, "words" | "body">[],
): Promise<Outcome> {
  const obstacle = await obstacleTo(context, "provision", offer);
  if (obstacle !== undefined) return obstacle;
  const tried = await tryEach(context, rows, (row) =>
    orSilence(context, "provision", { ...row, good: PROCESSED }, async () => ({
      words: row.words,
      outcome: expectStatus(await attemptProvision(context, offer, { body: row.body ?? {} }), PROCESSED),
    })),
  );
  return worstTried(tried, "an ordinary request has nothing that could be left out");
}

/** Tries binds that each lack one of the members that a platform may leave out. */
export async function judgeLeanBinds(
  context: OsbContext,
  live: LiveInstance,
  rows: readonly Pick<Row, "words" | "body">[],
): Promise<Outcome> {
  const obstacle = await obstacleTo(context, "bind", live.offer);
  if (obstacle !== undefined) return obstacle;
  const lean = rows.map((row): Row => ({ ...row, good: PROCESSED, intent: "plain" }));
  const tried = await tryBinds(context, live, lean, async ({ words }, answer) => ({
    words,
    outcome: expectStatus(answer, PROCESSED),
  }));
  return worstTried(tried, "an ordinary request has nothing that could be left out");
}
