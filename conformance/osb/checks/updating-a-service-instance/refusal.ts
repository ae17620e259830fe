import type { JsonObject } from "../../../client/http/json.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { RETRIEVABLE } from "../../plan-requirements.ts";
import { acceptedUpdate, declaredRecords, planChangeRecords, type UpdateRecord } from "../../sequences/updates.ts";
import type { LiveInstance } from "../../shared-instances.ts";
import { orNone } from "../../variations/plans.ts";
import { changedMember } from "../../variations/read-back.ts";
import { refusedUpdates } from "../../variations/refused-updates.ts";
import { type Tried, worstTried } from "../../variations/tried.ts";

const isRefusal = ({ status }: { readonly status: number }): boolean => status >= 400 && status < 500;

/** An ordinary update that was refused, and the traces that it left. */
function judgeRecord({ change, before, settled: { answer }, after }: UpdateRecord): Tried | undefined {
  if (!isRefusal(answer) || before === undefined || after === undefined) return undefined;
  const changed = changedMember(before, after);
  const outcome =
    changed === undefined
      ? pass(before, answer, after)
      : fail("a refused update to change nothing", `another ${changed} in the answer to GET`, before, answer, after);
  return { words: change.words, outcome };
}

async function judgeRefused(context: OsbContext, live: LiveInstance, body: JsonObject): Promise<Outcome> {
  const before = await context.fetchInstance(live);
  const hasBegun = await context.watchOperations(live);
  const answer = await context.update(live, body, { intent: "bad" });
  await context.platform.settle(live.offer, answer);
  if (!isRefusal(answer)) return notApplicable(`the request was not refused: ${answer.status}`, answer);
  const begun = await hasBegun();
  if (begun !== undefined) return fail("a refused update to begin nothing", "something in progress", answer, begun);
  const after = await context.fetchInstance(live);
  if (before === undefined || after === undefined) return notApplicable("the instance cannot be fetched", answer);
  const changed = changedMember(before, after);
  if (changed === undefined) return pass(before, answer, after);
  return fail("a refused update to change nothing", `another ${changed} in the answer to GET`, before, answer, after);
}

/** Each kind of refusal, on an instance that has not been changed. */
async function judgeKinds(context: OsbContext): Promise<readonly Tried[]> {
  const record = await acceptedUpdate(context, RETRIEVABLE);
  const { offer } = record.live;
  const tried: Tried[] = [];
  // An instance of its own: on a shared one, another check may have had the same refused update applied already.
  let live = await context.freshOf(offer);
  for (const { words, body } of refusedUpdates(context, record)) {
    const outcome = await judgeRefused(context, live, body);
    tried.push({ words, outcome });
    if (outcome.verdict !== "pass") live = await context.freshOf(offer);
  }
  return tried;
}

async function judgeAll(context: OsbContext): Promise<Outcome> {
  context.offer(RETRIEVABLE);
  const [declared, changed, kinds] = await Promise.all([
    orNone(() => declaredRecords(context, RETRIEVABLE)),
    orNone(() => planChangeRecords(context)),
    orNone(() => judgeKinds(context)),
  ]);
  const refused = [...declared, ...changed].flatMap((record) => judgeRecord(record) ?? []);
  return worstTried([...refused, ...kinds], "no update of an instance that can be fetched was refused");
}

/** Checks of spec.md, "Updating a Service Instance": updates that are refused. */
export const updatingInstanceRefusalChecks: readonly OsbCheck[] = [
  probe({
    id: "update-4xx-applies-nothing",
    title: "A refused update applies nothing",
    requirement: "An update that is answered 4xx applies none of the requested changes, whatever it is refused for.",
    run: judgeAll,
  }),
];
