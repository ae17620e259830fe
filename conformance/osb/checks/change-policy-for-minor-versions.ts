import type { JsonObject } from "../../client/http/json.ts";
import type { Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { contextOf } from "../request-bodies.ts";
import { provisionAndBindWith } from "../sequences/requests.ts";

/** Members of 2.16 in the version of the run, as an older broker would meet them. */
async function sendNewerMembers(context: OsbContext): Promise<Outcome> {
  const annotated = {
    organization_annotations: { "drydock.example/a": "b" },
    instance_annotations: { "drydock.example/a": "b" },
  };
  const change = (body: JsonObject) =>
    "context" in body ? { ...body, context: { ...contextOf(context.run), ...annotated } } : { ...body, ...annotated };
  return provisionAndBindWith(context, change);
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
