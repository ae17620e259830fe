import { bodyOf } from "../../client/http/observation.ts";
import { fail, type Outcome, pass, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus } from "../judge.ts";
import { ANY } from "../plan-requirements.ts";
import { isSuccess } from "../../client/request.ts";

const bad = { intent: "bad" } as const;

/** An odd id works, or is refused; it is never taken for another. */
async function provisionOddIds(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const { platform } = context;
  const outcomes: Outcome[] = [];
  for (const odd of [" odd", "/odd"]) {
    await platform.ledger.clean();
    const id = platform.newId();
    const answer = await context.provision(offer, `${id}${odd}`, bad);
    await platform.settle(offer, answer);
    outcomes.push(expectStatus(answer, ["2xx", "4xx"]));
    if (!isSuccess(answer)) continue;
    const shortened = await platform.deprovision(offer, id);
    if (shortened.status !== 200 && shortened.status !== 202) continue;
    await platform.settle(offer, shortened);
    outcomes.push(fail("an instance of this very id", "one whose id is cut short", answer, shortened));
  }
  return worstOf(outcomes);
}

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;

function judgeIds({ run }: OsbContext): Outcome {
  const ids = run.offers.flatMap(({ service, plan }) => [service.id, plan.id]);
  const operations = run.answers.filter(({ status }) => status === 202).map((answer) => bodyOf(answer)["operation"]);
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
