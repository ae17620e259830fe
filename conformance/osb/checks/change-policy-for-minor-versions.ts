import type { JsonObject } from "../../client/http/json.ts";
import { followsFrom, type Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { seenOf } from "../judge.ts";
import { ANY } from "../plan-requirements.ts";
import { contextOf } from "../request-bodies.ts";
import { provisionAndBindWith } from "../sequences/requests.ts";
import { refusalOfUnknownMembers, UNKNOWN_HALT } from "../variations/unknown-members.ts";

/** Members of 2.16 in the version of the run, as an older broker would meet them. */
async function sendNewerMembers(context: OsbContext): Promise<Outcome> {
  const annotated = {
    organization_annotations: { "drydock.example/a": "b" },
    instance_annotations: { "drydock.example/a": "b" },
  };
  const change = (body: JsonObject) =>
    "context" in body ? { ...body, context: { ...contextOf(context.run), ...annotated } } : { ...body, ...annotated };
  const outcome = await provisionAndBindWith(context, change);
  if (outcome.verdict !== "fail" || context.minor < 14) return outcome;
  const halt = await refusalOfUnknownMembers(context, context.offer(ANY));
  if (halt === undefined) return outcome;
  const reason = `members that no version defines are answered ${seenOf(halt)} too`;
  return followsFrom(UNKNOWN_HALT, reason, ...(outcome.evidence ?? []), halt);
}

/** Checks of spec.md, "Change Policy for Minor Versions". */
export const changePolicyForMinorVersionsChecks: readonly OsbCheck[] = [
  probe({
    id: "minor-version-fields-ignored",
    title: "Members of a newer minor version are ignored, not refused",
    requirement: "A broker skips request members that a newer 2.x version introduced instead of refusing the request.",
    run: sendNewerMembers,
  }),
];
