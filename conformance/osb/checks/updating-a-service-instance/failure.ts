import { sameJson } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { seenOf } from "../../judge.ts";
import { failUpdate } from "../../sequences/broken-backend.ts";

async function judgeAfterFailedUpdate(context: OsbContext): Promise<Outcome> {
  const { before, failed, after } = await failUpdate(context);
  if (failed.answer.status < 500)
    return notApplicable(
      `it is about an update that is answered 5xx, and with its backend broken this broker answers ${seenOf(failed.answer)}`,
      failed.answer,
    );
  if (before === undefined || after === undefined) return notApplicable("instances are not retrievable", failed.answer);
  if (sameJson(before.json, after.json)) return pass(before, failed.answer, after);
  return fail("a failed update to change nothing", "another answer to GET", before, failed.answer, after);
}

async function judgeHintsOfUpdate(context: OsbContext): Promise<Outcome> {
  const { failed } = await failUpdate(context);
  const last = failed.polls.at(-1) ?? failed.answer;
  if (failed.state === "succeeded") return notApplicable("no update failed", failed.answer);
  const hints = ["instance_usable", "update_repeatable"]
    .map((member) => bodyOf(last)[member])
    .filter((value) => value !== undefined);
  if (hints.length === 0)
    return notApplicable(
      "it compares the hints of a failed update (instance_usable, update_repeatable), and the failure has none",
      last,
    );
  return hints.every((value) => typeof value === "boolean")
    ? pass(last)
    : fail("booleans", JSON.stringify(hints), last);
}

/** Checks of spec.md, "Updating a Service Instance": updates that fail. */
export const updatingInstanceFailureChecks: readonly OsbCheck[] = [
  probe({
    id: "update-5xx-applies-nothing",
    title: "An update answered 5xx applies nothing",
    requirement: "An update that is answered 5xx applies none of the requested changes.",
    clauses: ["update-5xx-applies-nothing", "error-5xx-no-change"],
    needs: { exclusive: true },
    run: judgeAfterFailedUpdate,
  }),
  probe({
    id: "update-failed-instance-usable",
    title: "A failed update hints with booleans",
    requirement: "A failed update may say whether the instance is usable and the update repeatable; both are booleans.",
    needs: { exclusive: true },
    run: judgeHintsOfUpdate,
  }),
];
