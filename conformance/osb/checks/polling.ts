import { bodyOf } from "../../http/observation.ts";
import type { Answer, Operation } from "../../platform/answer.ts";
import { maximumPollingSeconds } from "../../platform/catalog.ts";
import { idsOf, type RequestOptions, stateOf } from "../../platform/platform.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, worstOf } from "../../runner/check.ts";
import { BINDABLE, type OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { operationOf } from "../in-flight.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { type Lifecycle, allLifecycles } from "../lifecycles.ts";
import { asyncBindOffer } from "./binding.ts";
import { asyncOffer, judgeLifecycles } from "./provisioning.ts";

/** The polls of instances and of bindings obey the same rules. */
type Polled = "instance" | "binding";

const none = { instances: 0 } as const;
const bad = { intent: "bad" } as const;
const MAKING: readonly (Operation | undefined)[] = ["provision", "update", "bind"];

function plainPolls(context: OsbContext, kind: Polled): Answer[] {
  const all = context.run.answers.filter(
    ({ operation, intent, polled }) => operation === `poll-${kind}` && intent === "plain" && polled !== undefined,
  );
  return all.filter((poll, at) => !isPollOfNothing(poll, all.slice(0, at)));
}

/** A refused poll about something whose deletion was told to have ended: no platform asks, and no status is prescribed. */
function isPollOfNothing(poll: Answer, earlier: readonly Answer[]): boolean {
  const isRefused = poll.status >= 400 && poll.status < 500;
  return isDeleting(poll) && isRefused && earlier.some((other) => isSameDeletion(other, poll) && isOver(other));
}

const isSameDeletion = (a: Answer, b: Answer): boolean =>
  a.polled === b.polled && a.instanceId === b.instanceId && a.bindingId === b.bindingId;
const isOver = (poll: Answer): boolean => ["succeeded", "gone"].includes(stateOf(poll) ?? "");

function nothingPolled(kind: Polled): Outcome {
  return notApplicable(
    `no ${kind === "instance" ? "provision, update or deprovision" : "bind or unbind"} was answered 202`,
  );
}

/** Judges every plain poll of the run. */
function judgeEveryPoll(kind: Polled, judge: (poll: Answer) => Outcome | undefined) {
  return (context: OsbContext): Outcome => {
    const outcomes = plainPolls(context, kind)
      .map(judge)
      .filter((outcome) => outcome !== undefined);
    return outcomes.length > 0 ? worstOf(outcomes) : nothingPolled(kind);
  };
}

const isDeleting = ({ polled }: Answer): boolean => polled === "deprovision" || polled === "unbind";

function judgeServed(poll: Answer): Outcome {
  const isGone = isDeleting(poll) && [404, 410].includes(poll.status);
  return poll.status < 400 || isGone ? pass(poll) : fail("the endpoint to answer", seenOf(poll), poll);
}

function judgeProcessed(poll: Answer): Outcome | undefined {
  if (isDeleting(poll) && [404, 410].includes(poll.status)) return undefined;
  return expectStatus(poll, [200]);
}

const judge410 = (poll: Answer): Outcome | undefined => (MAKING.includes(poll.polled) ? expectNot410(poll) : undefined);

function expectNot410(poll: Answer): Outcome {
  return poll.status === 410
    ? fail("410 only while something is being deleted", `410 for ${poll.polled}`, poll)
    : pass(poll);
}

function judgeRetryAfter(poll: Answer): Outcome | undefined {
  const value = poll.headers["retry-after"];
  if (value === undefined) return undefined;
  const isValid = /^\d+$/.test(value) || (value.endsWith("GMT") && !Number.isNaN(Date.parse(value)));
  return isValid ? pass(poll) : fail("Retry-After in seconds or as an HTTP date", value.slice(0, 60), poll);
}

function judgeRetryAfterForm(poll: Answer): Outcome | undefined {
  const value = poll.headers["retry-after"];
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? pass(poll) : fail("Retry-After as a number of seconds", value.slice(0, 60), poll);
}

/** The operations of a lifecycle that were polled, of one kind. */
function polledEndings(lifecycle: Lifecycle, kind: Polled) {
  const isOfKind = (answer: Answer) => answer.operation === `poll-${kind}`;
  return lifecycle.after.filter(({ final }) => isOfKind(final));
}

function judgeKeptState(kind: Polled) {
  return (lifecycle: Lifecycle): Outcome | undefined => {
    const outcomes = polledEndings(lifecycle, kind).map(({ final, again }) => {
      const isKept = again.every((poll) => stateOf(poll) === stateOf(final) || isPollOfNothing(poll, [final]));
      return isKept
        ? pass(final, ...again)
        : fail(`"${stateOf(final)}" to be told again`, again.map(seenOf).join(", "), final, ...again);
    });
    return outcomes.length > 0 ? worstOf(outcomes) : undefined;
  };
}

function judgeFinalState(lifecycle: Lifecycle): Outcome | undefined {
  const outcomes = lifecycle.after.map(({ final, again }) => {
    const wrong = again.find((poll) => bodyOf(poll)["state"] === "in progress");
    return wrong === undefined
      ? pass(final, ...again)
      : fail("an ended operation to stay ended", "in progress again", final, wrong);
  });
  return outcomes.length > 0 ? worstOf(outcomes) : undefined;
}

/** An operation in its own resource that has just ended: something to poll about in unusual ways. */
async function endedOperation(context: OsbContext, kind: Polled): Promise<Answer> {
  if (kind === "instance") {
    const live = await context.liveOf(await asyncOffer(context));
    return live.provisioned.answer;
  }
  const live = await context.liveOf(await asyncBindOffer(context));
  return (await context.bound(live)).bound.answer;
}

/** A poll in a form of its own; `polled` makes it count as one that any platform sends. */
async function pollWith(
  context: OsbContext,
  kind: Polled,
  { instanceId, bindingId }: Answer,
  query: Readonly<Record<string, string>>,
  how: Pick<RequestOptions, "intent" | "polled"> = {},
): Promise<Answer> {
  return context.platform.send(`poll-${kind}`, { instanceId, bindingId, query, ...how });
}

function operationQuery(of: Answer): Record<string, string> {
  const operation = operationOf(of);
  return operation === undefined ? {} : { operation };
}

function pollMalformed(kind: Polled) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await endedOperation(context, kind);
    const outcomes: Outcome[] = [];
    for (const member of ["service_id", "plan_id", "operation"]) {
      const answer = await pollWith(context, kind, of, { ...operationQuery(of), [member]: "" }, bad);
      outcomes.push(expectStatus(answer, [200, 400], ["4xx"]));
    }
    return worstOf(outcomes);
  };
}

function pollInvalid(kind: Polled) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await endedOperation(context, kind);
    const answer = await pollWith(context, kind, of, { operation: "drydock-no-such-operation" }, bad);
    return expectStatus(answer, [200, 400, 404], ["4xx"]);
  };
}

function pollWithoutHints(kind: Polled) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await endedOperation(context, kind);
    const bare = await pollWith(context, kind, of, operationQuery(of));
    const full = await context.platform.poll(await asyncOfferOf(context, kind), of);
    if (bare.status === full.status) return pass(bare, full);
    return fail(`the answer with the hints (${full.status})`, seenOf(bare), bare, full);
  };
}

const asyncOfferOf = (context: OsbContext, kind: Polled) =>
  kind === "instance" ? asyncOffer(context) : asyncBindOffer(context);

function pollRoundTrip(kind: Polled) {
  return async (context: OsbContext): Promise<Outcome> => {
    const offer = await asyncOfferOf(context, kind);
    const of = await endedOperation(context, kind);
    if (operationOf(of) === undefined) return notApplicable("no operation was returned", of);
    return expectStatus(
      await pollWith(context, kind, of, { ...idsOf(offer), ...operationQuery(of) }, { polled: of.operation }),
      [200],
    );
  };
}

async function pollUnknownInstance(context: OsbContext): Promise<Outcome> {
  const answer = await context.platform.send("poll-instance", { instanceId: context.platform.newId(), intent: "bad" });
  return expectStatus(answer, [404]);
}

async function pollUnknownBinding(context: OsbContext): Promise<Outcome> {
  const hasAsync = (await allLifecycles(context.shared)).some(({ binds }) =>
    binds.some(({ answer }) => answer.status === 202),
  );
  if (!hasAsync) throw new Verdicted(notApplicable("no bind was answered 202: the route need not exist"));
  const live = await context.live(BINDABLE);
  const bindingId = context.platform.newId();
  return expectStatus(
    await context.platform.send("poll-binding", { instanceId: live.id, bindingId, intent: "bad" }),
    [404],
  );
}

/** `instance_usable` belongs to failed updates and deletions, `update_repeatable` to failed updates. */
function judgeHints(member: "instance_usable" | "update_repeatable", allowed: readonly string[]) {
  return (context: OsbContext): Outcome => {
    const all = context.run.answers.filter(
      (answer) => answer.operation === "poll-instance" && bodyOf(answer)[member] !== undefined,
    );
    if (all.length === 0) return notApplicable(`no poll has ${member}`);
    const wrong = all.find(({ polled }) => polled !== undefined && !allowed.includes(polled));
    if (wrong !== undefined)
      return fail(`${member} for ${allowed.join(" or ")} only`, `it comes with ${wrong.polled}`, wrong);
    const early = all.find((answer) => bodyOf(answer)["state"] !== "failed");
    return early === undefined
      ? pass(...all.slice(0, 2))
      : { ...fail(`${member} with a failure only`, "another state", early), verdict: "warn" };
  };
}

function judgeDuration(lifecycle: Lifecycle): Outcome | undefined {
  const seconds = maximumPollingSeconds(lifecycle.offer);
  const all = [lifecycle.provision, ...lifecycle.binds, lifecycle.unbind, lifecycle.deprovision].filter(
    (each) => each !== undefined,
  );
  const polled = all.filter(({ answer }) => answer.status === 202);
  if (seconds === undefined || polled.length === 0) return undefined;
  const late = polled.find(({ state }) => state === "timed-out");
  if (late === undefined) return pass(...polled.slice(0, 2).map(({ answer }) => answer));
  return fail(`an end within ${seconds} s`, "still in progress", late.answer, ...late.polls.slice(-2));
}

function pollChecks(kind: Polled): OsbCheck[] {
  const id = (rest: string) => `lastop-${kind}-${rest}`;
  return [
    review(id("available"), judgeEveryPoll(kind, judgeServed)),
    review(id("200"), judgeEveryPoll(kind, judgeProcessed)),
    review(id("410-only-deleting"), judgeEveryPoll(kind, judge410)),
    review(id("retry-after"), judgeEveryPoll(kind, judgeRetryAfter)),
    probe(id("400-malformed"), pollMalformed(kind)),
    probe(id("400-invalid"), pollInvalid(kind)),
    probe(id("service-plan-optional"), pollWithoutHints(kind)),
    probe(id("state-kept"), (context) => judgeLifecycles(context, judgeKeptState(kind)), none),
  ];
}

export const pollingChecks: readonly OsbCheck[] = [
  ...pollChecks("instance"),
  probe("lastop-instance-404-unknown", pollUnknownInstance, none),
  probe("lastop-operation-roundtrip", pollRoundTrip("instance")),
  review("lastop-instance-retry-after-duration", judgeEveryPoll("instance", judgeRetryAfterForm)),
  probe("lastop-instance-final-is-final", (context) => judgeLifecycles(context, judgeFinalState), none),
  review("lastop-instance-usable-type", judgeHints("instance_usable", ["update", "deprovision"]), {
    id: "lastop-instance-usable-place",
  }),
  review("lastop-update-repeatable-type", judgeHints("update_repeatable", ["update"]), {
    id: "lastop-update-repeatable-place",
  }),
  ...pollChecks("binding"),
  probe("lastop-binding-404-unknown", pollUnknownBinding),
  probe("lastop-binding-operation-roundtrip", pollRoundTrip("binding")),
  probe("maximum-polling-duration-respected", (context) => judgeLifecycles(context, judgeDuration), none),
];
