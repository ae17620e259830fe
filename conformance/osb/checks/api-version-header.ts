import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { fetchCatalogWith } from "../sequences/requests.ts";

async function fetchOtherMajors(context: OsbContext): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const version of ["1.0", "3.0"])
    answers.push(await fetchCatalogWith(context, { "X-Broker-API-Version": version }));
  return answers;
}

async function judgeVersionRefusal(context: OsbContext): Promise<Outcome> {
  const refusal = (await fetchOtherMajors(context)).find(({ status }) => status === 412);
  if (refusal === undefined) return notApplicable("the broker accepts every version");
  const words = Object.entries(bodyOf(refusal)).some(
    ([name, value]) => /^description$/i.test(name) && typeof value === "string" && value !== "",
  );
  const namesOne = /\b2\.(\d|x)/i.test(Buffer.from(refusal.bytes).toString());
  return words || namesOne ? pass(refusal) : fail("a description of what to use", "none", refusal);
}

async function sendLowerCaseVersion(context: OsbContext): Promise<Outcome> {
  const headers = { "X-Broker-API-Version": null, "x-broker-api-version": `2.${context.minor}` };
  const answer = await fetchCatalogWith(context, headers);
  return answer.status === context.run.catalog.status
    ? pass(answer)
    : fail(String(context.run.catalog.status), seenOf(answer), answer);
}

/** Checks of spec.md, "API Version Header". */
export const apiVersionHeaderChecks: readonly OsbCheck[] = [
  probe({
    id: "api-version-unsupported-412",
    title: "An unsupported API version is served or refused with 412",
    requirement: "A broker that cannot serve the version in X-Broker-API-Version may refuse the request with 412.",
    needs: { instances: 0 },
    run: async (context) =>
      worstOf((await fetchOtherMajors(context)).map((answer) => expectStatus(answer, ["2xx", 412]))),
  }),
  probe({
    id: "api-version-unsupported-message",
    title: "The refusal of an API version says which version to use",
    requirement: "A broker that refuses a version tells the operator which version to use.",
    needs: { instances: 0 },
    run: judgeVersionRefusal,
  }),
  probe({
    id: "api-version-missing-400",
    title: "A request without X-Broker-API-Version is served or refused with 400",
    requirement: "A broker may answer 400 when the version header is absent, or process the request all the same.",
    needs: { instances: 0 },
    run: async (context) =>
      expectStatus(await fetchCatalogWith(context, { "X-Broker-API-Version": null }), ["2xx", 400, 412]),
  }),
  probe({
    id: "api-version-header-case-insensitive",
    title: "X-Broker-API-Version is recognised in any letter case",
    requirement: "Header names are HTTP names: x-broker-api-version in any letter case is the same header.",
    needs: { instances: 0 },
    run: sendLowerCaseVersion,
  }),
];
