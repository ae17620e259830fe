import { bodyOf } from "../../client/http/observation.ts";
import { fail, type Outcome, pass, unknown, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus } from "../judge.ts";
import { learnToLook, lookFor } from "../model/presence.ts";
import { describeRefusal, kindOfRefusal } from "../model/refusals.ts";
import { obstacleTo } from "../model/stages.ts";
import { ANY } from "../plan-requirements.ts";
import { lifecycleUpTo } from "../sequences/lifecycles.ts";
import { standardAnswers } from "../sequences/standard-answers.ts";
import { isSuccess } from "../../client/request.ts";

const bad = { intent: "bad" } as const;

/** An odd id works, or is refused; it is never taken for another. */
async function provisionOddIds(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const { platform } = context;
  await learnToLook(context, "instance", offer);
  const outcomes: Outcome[] = [];
  for (const odd of [" odd", "/odd"]) {
    await platform.ledger.clean();
    const id = platform.newId();
    const answer = await context.provision(offer, `${id}${odd}`, bad);
    await platform.settle(offer, answer);
    if (kindOfRefusal(answer) === "full") return unknown(`it is answered ${describeRefusal(answer)}`, answer);
    outcomes.push(expectStatus(answer, ["2xx", "4xx"]));
    if (!isSuccess(answer)) continue;
    const shortened = await lookFor(context, { offer, instanceId: id, bindingId: "" }, "never");
    if (shortened.is === "there")
      outcomes.push(fail("an instance of this very id", "one whose id is cut short", answer, ...shortened.evidence));
    if (shortened.is === "untold") outcomes.push(shortened.outcome);
  }
  const outcome = worstOf(outcomes);
  return outcome.verdict === "fail"
    ? (obstacleTo(await lifecycleUpTo(context.shared, "provision", offer), "provision") ?? outcome)
    : outcome;
}

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;

async function judgeIds(context: OsbContext): Promise<Outcome> {
  const { run } = context;
  const ids = run.offers.flatMap(({ service, plan }) => [service.id, plan.id]);
  const operations = (await standardAnswers(context))
    .filter(({ status }) => status === 202)
    .map((answer) => bodyOf(answer)["operation"]);
  const strings = [...ids, ...operations].filter((value) => typeof value === "string");
  const wrong = strings.find((value) => !UNRESERVED.test(value));
  return wrong === undefined ? pass(run.catalog) : fail("unreserved characters only", wrong.slice(0, 60), run.catalog);
}

/** Checks of spec.md, "URL Properties". */
export const urlPropertiesChecks: readonly OsbCheck[] = [
  probe({
    id: "url-no-charset-restriction",
    title: "Ids with percent-encoded characters are served as they are or refused",
    requirement:
      "The API restricts the characters of ids in no way: a broker must neither break on an encoded id nor take it for another.",
    run: provisionOddIds,
  }),
  review({
    id: "url-ids-unreserved",
    title: "Ids and operations use unreserved characters only",
    requirement:
      "service_id, plan_id and operation values that the broker issues should use only unreserved characters of RFC 3986.",
    run: judgeIds,
  }),
];
