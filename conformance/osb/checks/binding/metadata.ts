import { isObject } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import type { Answer } from "../../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, review } from "../../define.ts";
import { bindingDescriptions, judgeBindingMetadata } from "../../judging/binding-answers.ts";

async function bindingTimes(context: OsbContext): Promise<{ answer: Answer; expires: number; renew: number }[]> {
  return (await bindingDescriptions(context)).map(({ answer }) => {
    const metadata = bodyOf(answer)["metadata"];
    const read = (name: string) =>
      isObject(metadata) ? Date.parse(String(typeof metadata[name] === "string" ? metadata[name] : "")) : Number.NaN;
    return { answer, expires: read("expires_at"), renew: read("renew_before") };
  });
}

/** Compares the times of a binding's metadata, where they are there. */
function compareTimes(
  words: string,
  needs: readonly ("expires" | "renew")[],
  isRight: (expires: number, renew: number, nowMs: number) => boolean,
) {
  return async (context: OsbContext): Promise<Outcome> => {
    const all = (await bindingTimes(context)).filter((each) => needs.every((name) => !Number.isNaN(each[name])));
    if (all.length === 0) return notApplicable("no binding came with the times");
    const nowMs = context.platform.settings.clock.nowMs();
    const wrong = all.find(({ expires, renew }) => !isRight(expires, renew, nowMs));
    return wrong === undefined
      ? pass(...all.slice(0, 2).map(({ answer }) => answer))
      : fail(words, "not so", wrong.answer);
  };
}

const CLOCK_SKEW_MS = 60_000;

/** Checks of spec.md, "Binding Metadata Object". */
export const bindingMetadataChecks: readonly OsbCheck[] = [
  review({
    id: "bind-metadata-no-connection-data",
    title: "The metadata of a bind has nothing that is needed to connect",
    requirement: "Binding metadata should hold nothing that an application needs to connect.",
    run: judgeBindingMetadata("bind"),
  }),
  review({
    id: "binding-expires-at-future",
    title: "A binding expires in the future",
    requirement: "A fresh binding should not already be expired.",
    run: compareTimes(
      "expires_at to lie in the future",
      ["expires"],
      (expires, _, nowMs) => expires > nowMs - CLOCK_SKEW_MS,
    ),
  }),
  review({
    id: "binding-renew-before-not-after-expiry",
    title: "A binding is to be renewed before it expires",
    requirement: "renew_before is not later than expires_at.",
    run: compareTimes(
      "renew_before not to be later than expires_at",
      ["expires", "renew"],
      (expires, renew) => renew <= expires,
    ),
  }),
  review({
    id: "binding-renew-window",
    title: "There is time between a binding's renewal and its expiry",
    requirement: "There should be enough time between both to create the successor.",
    run: compareTimes(
      "time between renew_before and expires_at",
      ["expires", "renew"],
      (expires, renew) => renew !== expires,
    ),
  }),
];
