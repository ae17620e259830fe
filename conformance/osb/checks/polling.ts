import { bodyOf } from "../../client/http/observation.ts";
import type { Answer, Operation } from "../../client/answer.ts";
import { maximumPollingSeconds } from "../../client/catalog.ts";
import { planIds, type RequestOptions } from "../../client/request.ts";
import { stateOf } from "../../client/polling.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, worstOf } from "../../runner/check.ts";
import { BINDABLE, type OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { operationOf } from "../in-flight.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { type Life, lives } from "../stories.ts";
import { asyncBindOffer } from "./binding.ts";
import { asyncOffer, eachLife } from "./provisioning.ts";

/** The polls of instances and of bindings obey the same rules. */
type Kind = "instance" | "binding";

const none = { instances: 0 } as const;
const bad = { intent: "bad" } as const;
const MAKING: readonly (Operation | undefined)[] = ["provision", "update", "bind"];

function polls(context: OsbContext, kind: Kind): Answer[] {
  const all = context.run.answers.filter(
    ({ operation, intent, polled }) => operation === `poll-${kind}` && intent === "plain" && polled !== undefined,
  );
  return all.filter((poll, at) => !isOfNothing(poll, all.slice(0, at)));
}

/** A refused poll about something whose deletion was told to have ended: no platform asks, and no status is prescribed. */
function isOfNothing(poll: Answer, earlier: readonly Answer[]): boolean {
  const isRefused = poll.status >= 400 && poll.status < 500;
  return isDeleting(poll) && isRefused && earlier.some((other) => isSameDeletion(other, poll) && isOver(other));
}

const isSameDeletion = (a: Answer, b: Answer): boolean =>
  a.polled === b.polled && a.instanceId === b.instanceId && a.bindingId === b.bindingId;
const isOver = (poll: Answer): boolean => ["succeeded", "gone"].includes(stateOf(poll) ?? "");

function nonePolled(kind: Kind): Outcome {
  return notApplicable(
    `no ${kind === "instance" ? "provision, update or deprovision" : "bind or unbind"} was answered 202`,
  );
}

/** Judges every plain poll of the run. */
function everyPoll(kind: Kind, judge: (poll: Answer) => Outcome | undefined) {
  return (context: OsbContext): Outcome => {
    const outcomes = polls(context, kind)
      .map(judge)
      .filter((outcome) => outcome !== undefined);
    return outcomes.length > 0 ? worstOf(outcomes) : nonePolled(kind);
  };
}

const isDeleting = ({ polled }: Answer): boolean => polled === "deprovision" || polled === "unbind";

function served(poll: Answer): Outcome {
  const isGone = isDeleting(poll) && [404, 410].includes(poll.status);
  return poll.status < 400 || isGone ? pass(poll) : fail("the endpoint to answer", seenOf(poll), poll);
}

function processed(poll: Answer): Outcome | undefined {
  if (isDeleting(poll) && [404, 410].includes(poll.status)) return undefined;
  return expectStatus(poll, [200]);
}

const onlyDeleting = (poll: Answer): Outcome | undefined =>
  MAKING.includes(poll.polled) ? expectNot410(poll) : undefined;

function expectNot410(poll: Answer): Outcome {
  return poll.status === 410
    ? fail("410 only while something is being deleted", `410 for ${poll.polled}`, poll)
    : pass(poll);
}

function retryAfter(poll: Answer): Outcome | undefined {
  const value = poll.headers["retry-after"];
  if (value === undefined) return undefined;
  const isValid = /^\d+$/.test(value) || (value.endsWith("GMT") && !Number.isNaN(Date.parse(value)));
  return isValid ? pass(poll) : fail("Retry-After in seconds or as an HTTP date", value.slice(0, 60), poll);
}

function retryAfterDuration(poll: Answer): Outcome | undefined {
  const value = poll.headers["retry-after"];
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? pass(poll) : fail("Retry-After as a number of seconds", value.slice(0, 60), poll);
}

/** The operations of a life that were polled, of one kind. */
function endings(life: Life, kind: Kind) {
  const isOfKind = (answer: Answer) => answer.operation === `poll-${kind}`;
  return life.after.filter(({ final }) => isOfKind(final));
}

function stateKept(kind: Kind) {
  return (life: Life): Outcome | undefined => {
    const outcomes = endings(life, kind).map(({ final, again }) => {
      const isKept = again.every((poll) => stateOf(poll) === stateOf(final) || isOfNothing(poll, [final]));
      return isKept
        ? pass(final, ...again)
        : fail(`"${stateOf(final)}" to be told again`, again.map(seenOf).join(", "), final, ...again);
    });
    return outcomes.length > 0 ? worstOf(outcomes) : undefined;
  };
}

function finalIsFinal(life: Life): Outcome | undefined {
  const outcomes = life.after.map(({ final, again }) => {
    const wrong = again.find((poll) => bodyOf(poll)["state"] === "in progress");
    return wrong === undefined
      ? pass(final, ...again)
      : fail("an ended operation to stay ended", "in progress again", final, wrong);
  });
  return outcomes.length > 0 ? worstOf(outcomes) : undefined;
}

/** An operation in its own resource that has just ended: something to poll about in unusual ways. */
async function ended(context: OsbContext, kind: Kind): Promise<Answer> {
  if (kind === "instance") {
    const live = await context.liveOf(await asyncOffer(context));
    return live.provisioned.answer;
  }
  const live = await context.liveOf(await asyncBindOffer(context));
  return (await context.bound(live)).bound.answer;
}

/** A poll in a form of its own; `polled` makes it count as one that any platform sends. */
async function ask(
  context: OsbContext,
  kind: Kind,
  { instanceId, bindingId }: Answer,
  query: Readonly<Record<string, string>>,
  how: Pick<RequestOptions, "intent" | "polled"> = {},
): Promise<Answer> {
  return context.platform.send(`poll-${kind}`, { instanceId, bindingId, query, ...how });
}

function withOperation(of: Answer): Record<string, string> {
  const operation = operationOf(of);
  return operation === undefined ? {} : { operation };
}

function malformed(kind: Kind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await ended(context, kind);
    const outcomes: Outcome[] = [];
    for (const member of ["service_id", "plan_id", "operation"]) {
      const answer = await ask(context, kind, of, { ...withOperation(of), [member]: "" }, bad);
      outcomes.push(expectStatus(answer, [200, 400], ["4xx"]));
    }
    return worstOf(outcomes);
  };
}

function invalid(kind: Kind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await ended(context, kind);
    const answer = await ask(context, kind, of, { operation: "drydock-no-such-operation" }, bad);
    return expectStatus(answer, [200, 400, 404], ["4xx"]);
  };
}

function hintsOptional(kind: Kind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const of = await ended(context, kind);
    const bare = await ask(context, kind, of, withOperation(of));
    const full = await context.platform.poll(await offerOf(context, kind), of);
    if (bare.status === full.status) return pass(bare, full);
    return fail(`the answer with the hints (${full.status})`, seenOf(bare), bare, full);
  };
}

const offerOf = (context: OsbContext, kind: Kind) =>
  kind === "instance" ? asyncOffer(context) : asyncBindOffer(context);

function roundTrip(kind: Kind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const offer = await offerOf(context, kind);
    const of = await ended(context, kind);
    if (operationOf(of) === undefined) return notApplicable("no operation was returned", of);
    return expectStatus(
      await ask(context, kind, of, { ...planIds(offer), ...withOperation(of) }, { polled: of.operation }),
      [200],
    );
  };
}

async function unknownInstance(context: OsbContext): Promise<Outcome> {
  const answer = await context.platform.send("poll-instance", { instanceId: context.platform.newId(), intent: "bad" });
  return expectStatus(answer, [404]);
}

async function unknownBinding(context: OsbContext): Promise<Outcome> {
  const hasAsync = (await lives(context.shared)).some(({ binds }) => binds.some(({ answer }) => answer.status === 202));
  if (!hasAsync) throw new Verdicted(notApplicable("no bind was answered 202: the route need not exist"));
  const live = await context.live(BINDABLE);
  const bindingId = context.platform.newId();
  return expectStatus(
    await context.platform.send("poll-binding", { instanceId: live.id, bindingId, intent: "bad" }),
    [404],
  );
}

/** `instance_usable` belongs to failed updates and deletions, `update_repeatable` to failed updates. */
function hintsInPlace(member: "instance_usable" | "update_repeatable", allowed: readonly string[]) {
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

function inTime(life: Life): Outcome | undefined {
  const seconds = maximumPollingSeconds(life.offer);
  const all = [life.provision, ...life.binds, life.unbind, life.deprovision].filter((each) => each !== undefined);
  const polled = all.filter(({ answer }) => answer.status === 202);
  if (seconds === undefined || polled.length === 0) return undefined;
  const late = polled.find(({ state }) => state === "timed-out");
  if (late === undefined) return pass(...polled.slice(0, 2).map(({ answer }) => answer));
  return fail(`an end within ${seconds} s`, "still in progress", late.answer, ...late.polls.slice(-2));
}

function pollChecks(kind: Kind): OsbCheck[] {
  const id = (rest: string) => `lastop-${kind}-${rest}`;
  return [
    review(id("available"), everyPoll(kind, served)),
    review(id("200"), everyPoll(kind, processed)),
    review(id("410-only-deleting"), everyPoll(kind, onlyDeleting)),
    review(id("retry-after"), everyPoll(kind, retryAfter)),
    probe(id("400-malformed"), malformed(kind)),
    probe(id("400-invalid"), invalid(kind)),
    probe(id("service-plan-optional"), hintsOptional(kind)),
    probe(id("state-kept"), (context) => eachLife(context, stateKept(kind)), none),
  ];
}

export const pollingChecks: readonly OsbCheck[] = [
  ...pollChecks("instance"),
  probe("lastop-instance-404-unknown", unknownInstance, none),
  probe("lastop-operation-roundtrip", roundTrip("instance")),
  review("lastop-instance-retry-after-duration", everyPoll("instance", retryAfterDuration)),
  probe("lastop-instance-final-is-final", (context) => eachLife(context, finalIsFinal), none),
  review("lastop-instance-usable-type", hintsInPlace("instance_usable", ["update", "deprovision"]), {
    id: "lastop-instance-usable-place",
  }),
  review("lastop-update-repeatable-type", hintsInPlace("update_repeatable", ["update"]), {
    id: "lastop-update-repeatable-place",
  }),
  ...pollChecks("binding"),
  probe("lastop-binding-404-unknown", unknownBinding),
  probe("lastop-binding-operation-roundtrip", roundTrip("binding")),
  probe("maximum-polling-duration-respected", (context) => eachLife(context, inTime), none),
];
