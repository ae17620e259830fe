import type { Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus } from "../judge.ts";
import { judgeEvery } from "../judging/every-answer.ts";
import { ANY } from "../plan-requirements.ts";

const bad = { intent: "bad" } as const;

/** A provision that declares another type than JSON, or none. */
function provisionTyped(contentType: string | null, good: readonly (number | "2xx")[], tolerated: readonly "4xx"[]) {
  return async (context: OsbContext): Promise<Outcome> => {
    const offer = context.offer(ANY);
    const answer = await context.provision(offer, context.platform.newId(), {
      headers: { "Content-Type": contentType },
      ...bad,
    });
    return expectStatus(answer, good, tolerated);
  };
}

/** Checks of spec.md, "Content Type". */
export const contentTypeChecks: readonly OsbCheck[] = [
  probe({
    id: "request-content-type-missing-tolerated",
    title: "A body without Content-Type is processed or refused with 400",
    requirement: "A broker may process a body that declares no Content-Type.",
    run: provisionTyped(null, ["2xx", 400], ["4xx"]),
  }),
  probe({
    id: "request-content-type-mismatch-400",
    title: "A body of another Content-Type is processed or refused with 400",
    requirement: "A broker that refuses a body because of its Content-Type should answer 400.",
    run: provisionTyped("text/plain", ["2xx", 400], ["4xx"]),
  }),
  review({
    id: "response-content-type-json",
    title: "Answers with a body declare application/json",
    requirement: "Responses with a body should declare application/json.",
    run: judgeEvery(
      "Content-Type application/json",
      ({ bytes }) => bytes.byteLength > 0,
      ({ headers }) =>
        /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")
          ? undefined
          : (headers["content-type"] ?? "none"),
      "no answer has a body",
    ),
  }),
];
