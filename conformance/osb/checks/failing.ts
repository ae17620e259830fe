import { sameJson } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { type OsbClient } from "../../client/osb-client.ts";
import { isSuccess } from "../../client/request.ts";
import { NoAnswer } from "../../client/no-answer.ts";
import { type EndedOperation } from "../../client/polling.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted } from "../../runner/check.ts";
import { ANY, changesOf, type OsbContext, updatable } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";

/** What a broker does when what stands behind it fails. Needs a backend that can be broken on purpose. */
const alone = { exclusive: true } as const;

async function broken<T>(context: OsbContext, act: () => Promise<T>): Promise<T> {
  const { fail: breakIt, heal } = context.run.backend;
  if (breakIt === undefined || heal === undefined) {
    throw new Verdicted(notApplicable("there is no way to make the backend fail (hooks fail and heal in drydock.yml)"));
  }
  await breakIt();
  try {
    return await act();
  } finally {
    await heal();
  }
}

interface Failure {
  readonly offer: Offer;
  readonly failed: EndedOperation;
  /** The clean-up that a platform sends afterwards. */
  readonly deletion: Answer;
}

/** A provision that fails, and the deletion that follows it. */
function failedProvision(context: OsbContext): Promise<Failure> {
  return context.shared.once("failed provision", async (platform: OsbClient) => {
    const told = context.with(platform);
    const offer = told.offer(ANY);
    const id = platform.newId();
    const failed = await broken(told, async () => platform.settle(offer, await told.provision(offer, id)));
    const deletion = await platform.deprovision(offer, id);
    await platform.settle(offer, deletion);
    return { offer, failed, deletion };
  });
}

async function afterAsync(context: OsbContext): Promise<Outcome> {
  const { failed, deletion } = await failedProvision(context);
  if (failed.state !== "failed" || failed.answer.status !== 202)
    return notApplicable(`no operation failed: ${seenOf(failed.answer)}`, failed.answer);
  return expectStatus(deletion, [200, 202, 410]);
}

async function after5xx(context: OsbContext): Promise<Outcome> {
  const { failed, deletion } = await failedProvision(context);
  if (failed.answer.status < 500) return notApplicable(`no 5xx was provoked: ${seenOf(failed.answer)}`, failed.answer);
  return expectStatus(deletion, [200, 202, 410]);
}

interface FailedUpdate {
  readonly before: Answer | undefined;
  readonly failed: EndedOperation;
  readonly after: Answer | undefined;
}

function failedUpdate(context: OsbContext): Promise<FailedUpdate> {
  return context.shared.once("failed update", async (platform: OsbClient) => {
    const told = context.with(platform);
    const live = await told.fresh(updatable(told.run));
    const before = await told.fetched(live);
    const body = changesOf(told.run, live.offer)[0]?.body ?? {};
    const failed = await broken(told, async () => platform.settle(live.offer, await told.update(live, body)));
    return { before, failed, after: await told.fetched(live) };
  });
}

async function unchangedAfter5xx(context: OsbContext): Promise<Outcome> {
  const { before, failed, after } = await failedUpdate(context);
  if (failed.answer.status < 500) return notApplicable(`no 5xx was provoked: ${seenOf(failed.answer)}`, failed.answer);
  if (before === undefined || after === undefined) return notApplicable("instances are not retrievable", failed.answer);
  if (sameJson(before.json, after.json)) return pass(before, failed.answer, after);
  return fail("a failed update to change nothing", "another answer to GET", before, failed.answer, after);
}

async function hintsOfFailedUpdate(context: OsbContext): Promise<Outcome> {
  const { failed } = await failedUpdate(context);
  const last = failed.polls.at(-1) ?? failed.answer;
  if (failed.state === "succeeded") return notApplicable("no update failed", failed.answer);
  const hints = ["instance_usable", "update_repeatable"]
    .map((member) => bodyOf(last)[member])
    .filter((value) => value !== undefined);
  if (hints.length === 0) return notApplicable("the failure carries no hints", last);
  return hints.every((value) => typeof value === "boolean")
    ? pass(last)
    : fail("booleans", JSON.stringify(hints), last);
}

async function hintsOfFailedDeletion(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(ANY);
  const { platform } = context;
  const failed = await broken(context, async () =>
    platform.settle(live.offer, await platform.deprovision(live.offer, live.id)),
  );
  const last = failed.polls.at(-1) ?? failed.answer;
  if (failed.state === "succeeded" || failed.state === "gone")
    return notApplicable("no deletion failed", failed.answer);
  const body = bodyOf(last);
  if (body["update_repeatable"] !== undefined) return fail("no update_repeatable", "it is there", last);
  const usable = body["instance_usable"];
  return usable === undefined || typeof usable === "boolean"
    ? pass(last)
    : fail("a boolean instance_usable", JSON.stringify(usable), last);
}

/** How long an abandoned request has to arrive where instances are made, in milliseconds. */
const HEAD_START_MS = 1_000;

/** The client walks away in the middle; then the platform deletes what may have come to be. */
async function afterLostReply(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const { platform } = context;
  const id = platform.newId();
  const answered = await context.provision(offer, id, { abandon: true }).catch((error: unknown) => {
    if (error instanceof NoAnswer && error.fault === "abandoned") return undefined;
    throw error;
  });
  if (answered !== undefined) return notApplicable("the broker answered before the client was gone", answered);
  // The deletion must not overtake the request: then it would be right that there is no such thing.
  await platform.settings.clock.sleepMs(HEAD_START_MS);
  const deletion = await platform.deprovision(offer, id);
  const { state } = await platform.settle(offer, deletion);
  const again = await platform.deprovision(offer, id);
  await platform.settle(offer, again);
  if (![200, 202, 410, 422].includes(deletion.status))
    return fail("the clean-up to be answered 200, 202 or 410", seenOf(deletion), deletion, again);
  const isOver = deletion.status === 410 || state === "succeeded" || state === "gone";
  return isOver && isSuccess(again)
    ? fail("nothing to be left after the clean-up", `the next deletion answers ${seenOf(again)}`, deletion, again)
    : pass(deletion, again);
}

export const failingChecks: readonly OsbCheck[] = [
  probe("orphan-delete-after-failed-async-provision", afterAsync, alone),
  probe("orphan-delete-after-5xx-provision", after5xx, alone),
  probe(["update-5xx-applies-nothing", "error-5xx-no-change"], unchangedAfter5xx, alone),
  probe("update-failed-instance-usable", hintsOfFailedUpdate, alone),
  probe("deprovision-failed-instance-usable", hintsOfFailedDeletion, alone),
  probe("orphan-delete-after-timeout", afterLostReply),
];
