import type { Answer } from "../../../client/answer.ts";
import type { Offer } from "../../../client/catalog.ts";
import { sameJson } from "../../../client/http/json.ts";
import { type Evidence, notApplicable, type Outcome, pass, Verdicted, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { expectStatus } from "../../judge.ts";
import { ANY } from "../../plan-requirements.ts";
import { acceptedUpdate, type UpdateRecord } from "../../sequences/updates.ts";
import { judgeUpdates } from "../../variations/judging.ts";
import { orNone, plansUnlike } from "../../variations/plans.ts";
import type { Row } from "../../variations/row.ts";
import { parameterRows, typedRows } from "../../variations/wrong-types.ts";

const MALFORMED = ['{"service_id": "', "[]", "null", ""];

/** Bodies that are not JSON objects. */
const TEXT_ROWS: readonly Row[] = MALFORMED.map((text) => ({
  words: text === "" ? "no body" : `the body ${text}`,
  text,
  good: [400],
  tolerated: [415, 422],
}));

/** On the plan of an update that is accepted, and with wrong parameters on one whose parameters are looked at otherwise. */
export async function updateMalformed(context: OsbContext): Promise<Outcome> {
  const first = await acceptedOrRefused(context);
  if ("refusal" in first) return refusedMalformed(context, first.refusal);
  const { offer } = first.live;
  const typed = typedRows("update", context.minor, first.change.body);
  const outcome = await judgeUpdates(context, offer, [...TEXT_ROWS, ...typed]);
  const [unlike] = plansUnlike(context, "update", ANY).filter(({ plan }) => plan.id !== offer.plan.id);
  if (outcome.verdict === "fail" || unlike === undefined) return outcome;
  await context.release(outcome);
  const requirement = { unmet: "it takes no update", fits: ({ plan }: Offer) => plan.id === unlike.plan.id };
  const [other] = await orNone<UpdateRecord>(async () => [await acceptedUpdate(context, requirement)]);
  if (other === undefined) return outcome;
  const rows = parameterRows("update", context.minor, other.change.body);
  return worstOf([outcome, await judgeUpdates(context, other.live.offer, rows)]);
}

/** An update that is accepted; if none is, the answer to an ordinary one, if known. */
async function acceptedOrRefused(
  context: OsbContext,
): Promise<UpdateRecord | { readonly refusal: Evidence | undefined }> {
  try {
    return await acceptedUpdate(context);
  } catch (error) {
    if (!(error instanceof Verdicted) || error.outcome.verdict !== "not-applicable") throw error;
    return { refusal: error.outcome.evidence?.[0] };
  }
}

/**
 * If no update is accepted, the broker may refuse each PATCH as it likes; it must neither accept it nor fail because of the mistake in it. If it
 * fails in the very same way without a mistake, the mistake is not the reason.
 */
async function refusedMalformed(context: OsbContext, ordinary: Evidence | undefined): Promise<Outcome> {
  const offer = context.offer(ANY);
  const typed = typedRows("update", context.minor, { service_id: offer.service.id });
  const rows: readonly Row[] = [...TEXT_ROWS, ...typed].map((row) => ({ ...row, good: ["4xx", 501], tolerated: [] }));
  const isAlike = ({ status, json }: Answer): boolean =>
    ordinary !== undefined && "status" in ordinary && ordinary.status === status && sameJson(ordinary.json, json);
  const outcome = await judgeUpdates(context, offer, rows, (row, answer) =>
    isAlike(answer) ? pass(answer) : expectStatus(answer, row.good),
  );
  return outcome.verdict === "pass" ? notApplicable("no update is accepted: every PATCH may be refused") : outcome;
}
