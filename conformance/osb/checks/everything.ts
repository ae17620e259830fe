import { isObject, type Json } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer, Operation } from "../../client/answer.ts";
import { isSuccess } from "../../client/request.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import { BODY_RULES, fits } from "../bodies.ts";
import { areUpdatesOffered, type OsbContext } from "../context.ts";
import { type OsbCheck, review } from "../define.ts";
import { seenOf } from "../judge.ts";

/** Rules about every answer of the run, whatever it answered. */
type Judge = (answer: Answer, context: OsbContext) => string | undefined;

/**
 * An answer of the server that a broker stands in, which knows no such route: an update where none is offered, or an id with a
 * character that the server does not let through. The specification says nothing of these.
 */
function isUnrouted({ operation, status, instanceId }: Answer, { run }: OsbContext): boolean {
  if (operation === "update" && [404, 405, 501].includes(status)) return !areUpdatesOffered(run);
  return status >= 400 && status < 500 && encodeURIComponent(instanceId) !== instanceId;
}

/** Fails with the first answers that `problem` finds something wrong with, among those that `applies` to. */
function all(expected: string, applies: (answer: Answer) => boolean, problem: Judge, absence: string) {
  return (context: OsbContext): Outcome => {
    const answers = context.run.answers.filter((answer) => applies(answer) && !isUnrouted(answer, context));
    if (answers.length === 0) return notApplicable(absence);
    const wrong = answers
      .map((answer) => ({ answer, seen: problem(answer, context) }))
      .filter(({ seen }) => seen !== undefined);
    const [first] = wrong;
    if (first === undefined) return pass(...answers.slice(0, 3));
    return fail(
      expected,
      `${first.seen} (${first.answer.operation})`,
      ...wrong.slice(0, 3).map(({ answer }) => answer),
    );
  };
}

/** That something is gone is what who deletes it wants to hear. */
const isGood = ({ operation, status }: Answer): boolean =>
  status === 410 && ["poll-instance", "poll-binding", "deprovision", "unbind"].includes(operation);
const isError = (answer: Answer): boolean => answer.status >= 400 && !isGood(answer);
const has = (member: string) => (answer: Answer) => isError(answer) && bodyOf(answer)[member] !== undefined;
const member =
  (name: string, isRight: (value: Json | undefined) => boolean): Judge =>
  (answer) => {
    const value = bodyOf(answer)[name];
    return isRight(value) ? undefined : `${name} ${JSON.stringify(value)?.slice(0, 60)}`;
  };
const isFilled = (value: Json | undefined): boolean => typeof value === "string" && value !== "";
const allowedOn =
  (...operations: readonly Operation[]): Judge =>
  (answer) =>
    operations.includes(answer.operation) ? undefined : `it comes with ${seenOf(answer)}`;

/** A bad request is the client's mistake, and a failure is not a success with an error in it. */
const appropriate: Judge = (answer) => {
  if (answer.intent === "bad" && answer.status >= 500) return String(answer.status);
  const error = isSuccess(answer) ? bodyOf(answer)["error"] : undefined;
  return typeof error === "string" ? `${answer.status} with error ${error}` : undefined;
};

/** Members that the API or its profile defines, at the top of each kind of body. */
const DEFINED: ReadonlySet<string> = new Set(
  "services credentials syslog_drain_url route_service_url volume_mounts endpoints metadata parameters service_id plan_id dashboard_url operation maintenance_info state description error instance_usable update_repeatable".split(
    " ",
  ),
);
const PREFIXED = /^[A-Za-z0-9]+([._:/-]|[a-z](?=[A-Z]))/;

const unprefixed: Judge = (answer) => {
  const stray = Object.keys(bodyOf(answer)).find((name) => !DEFINED.has(name) && !PREFIXED.test(name));
  return stray === undefined ? undefined : `member ${stray.slice(0, 40)}`;
};

const hasExtra = (answer: Answer): boolean => Object.keys(bodyOf(answer)).some((name) => !DEFINED.has(name));

const echoes: Judge = ({ request, headers }) => {
  const sent = request.headers["X-Broker-API-Request-Identity"];
  const seen = headers["x-broker-api-request-identity"];
  return seen === sent ? undefined : seen === undefined ? "no such header" : "another value";
};

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;

function reservedIds({ run }: OsbContext): Outcome {
  const ids = run.offers.flatMap(({ service, plan }) => [service.id, plan.id]);
  const operations = run.answers.filter(({ status }) => status === 202).map((answer) => bodyOf(answer)["operation"]);
  const strings = [...ids, ...operations].filter((value) => typeof value === "string");
  const wrong = strings.find((value) => !UNRESERVED.test(value));
  return wrong === undefined ? pass(run.catalog) : fail("unreserved characters only", wrong.slice(0, 60), run.catalog);
}

/** Mistyped members of a success make it worthless to a platform. */
const wellFormed: Judge = (answer) => {
  if (!isObject(answer.json)) return answer.problem ?? "not an object";
  const rules = BODY_RULES.filter(
    ({ on, status, at, member: name, level }) =>
      on.includes(answer.operation) &&
      status.includes(answer.status) &&
      at.length === 0 &&
      name !== "" &&
      level === undefined,
  );
  const broken = rules.find(
    ({ member: name, schema }) =>
      bodyOf(answer)[name] !== undefined && bodyOf(answer)[name] !== null && !fits(schema, bodyOf(answer)[name]),
  );
  return broken === undefined ? undefined : `${broken.member} is not ${broken.words}`;
};

/** Answers slower than this are worth a warning, in milliseconds. */
const PROMPT_MS = 30_000;

/** The deletions that followed refused creations: they must find nothing. */
function refusedCreatedNothing({ run }: OsbContext): Outcome {
  const refusals = run.answers.filter(
    (answer) => isCreation(answer) && answer.status >= 400 && answer.status < 500 && answer.status !== 409,
  );
  const pairs = refusals.flatMap((refusal) => {
    const isClean = !run.answers.some(
      (other) => other !== refusal && isCreation(other) && sameThing(other, refusal) && isSuccess(other),
    );
    const deletion = run.answers.find(
      (other) => other.intent === "cleanup" && isDeletion(other) && sameThing(other, refusal),
    );
    return isClean && deletion !== undefined ? [{ refusal, deletion }] : [];
  });
  if (pairs.length === 0) return notApplicable("no refused creation was followed by a deletion");
  const stranger = run.answers.find((answer) => isOfNothing(answer, run.answers));
  if (stranger !== undefined && isSuccess(stranger))
    return notApplicable("deletions of what never was are answered with success too", stranger);
  const wrong = pairs.find(({ deletion }) => isSuccess(deletion));
  if (wrong === undefined) return pass(...pairs.slice(0, 2).flatMap(({ refusal, deletion }) => [refusal, deletion]));
  return fail(
    "a refused request to create nothing",
    `the clean-up found something (${wrong.deletion.status})`,
    wrong.refusal,
    wrong.deletion,
  );
}

/** The deletion of something that nobody asked for. */
const isOfNothing = (answer: Answer, answers: readonly Answer[]): boolean =>
  isDeletion(answer) && !answers.some((other) => isCreation(other) && sameThing(other, answer));

const isCreation = ({ operation }: Answer): boolean => operation === "provision" || operation === "bind";
const isDeletion = ({ operation }: Answer): boolean => operation === "deprovision" || operation === "unbind";
const sameThing = (a: Answer, b: Answer): boolean => a.instanceId === b.instanceId && a.bindingId === b.bindingId;

/** Nothing that a platform gave up is still there: every deletion of the clean-up was answered as the rules say. */
function cleanedUp(context: OsbContext): Outcome {
  const deletions = context.run.answers.filter(
    (answer) => answer.intent === "cleanup" && isDeletion(answer) && !isUnrouted(answer, context),
  );
  if (deletions.length === 0) return notApplicable("nothing had to be cleaned up");
  const isBusy = (answer: Answer) => answer.status === 422 && bodyOf(answer)["error"] === "ConcurrencyError";
  const wrong = deletions.filter((answer) => ![200, 202, 410].includes(answer.status) && !isBusy(answer));
  const [first] = wrong;
  return first === undefined
    ? pass(...deletions.slice(0, 3))
    : fail("each deletion to be answered 200, 202 or 410", seenOf(first), ...wrong.slice(0, 3));
}

/** With both modes in one broker, the answers of one kind of request can be compared. */
function legacyBodies({ run }: OsbContext): Outcome {
  const provisions = run.answers.filter(({ operation, intent }) => operation === "provision" && intent === "plain");
  const done = provisions.find(({ status }) => status === 201);
  const begun = provisions.find(({ status }) => status === 202);
  if (done === undefined || begun === undefined) return notApplicable("the broker does not answer both 201 and 202");
  const missing = Object.keys(bodyOf(done)).find((name) => !(name in bodyOf(begun)));
  return missing === undefined
    ? pass(done, begun)
    : fail("the members of a 201 in the 202", `no ${missing}`, done, begun);
}

const everything = () => true;

export const everythingChecks: readonly OsbCheck[] = [
  review(
    "error-appropriate-status",
    all("a 4xx for a bad request, and no success with an error", everything, appropriate, "no answers"),
  ),
  review(
    "error-code-nonempty",
    all("error to be a string that is not empty", has("error"), member("error", isFilled), "no error has a code"),
  ),
  review(
    "error-code-single-word",
    all(
      "error to be one word",
      (answer) => has("error")(answer) && isFilled(bodyOf(answer)["error"]),
      member("error", (value) => /^[A-Za-z][A-Za-z0-9]*$/.test(String(value as string))),
      "no error has a code",
    ),
  ),
  review(
    "error-description-nonempty",
    all(
      "description to be a string that is not empty",
      has("description"),
      member("description", isFilled),
      "no error has a description",
    ),
  ),
  review(
    "error-instance-usable-type",
    all(
      "a boolean",
      has("instance_usable"),
      member("instance_usable", (value) => typeof value === "boolean"),
      "no error has instance_usable",
    ),
  ),
  review(
    ["error-instance-usable-scope", "deprovision-failed-instance-usable"],
    all(
      "instance_usable for update and deprovision only",
      has("instance_usable"),
      allowedOn("update", "deprovision", "poll-instance"),
      "no error has instance_usable",
    ),
  ),
  review(
    "error-update-repeatable-type",
    all(
      "a boolean",
      has("update_repeatable"),
      member("update_repeatable", (value) => typeof value === "boolean"),
      "no error has update_repeatable",
    ),
  ),
  review(
    "error-update-repeatable-scope",
    all(
      "update_repeatable for update only",
      has("update_repeatable"),
      allowedOn("update", "poll-instance"),
      "no error has update_repeatable",
    ),
  ),
  review(
    "error-legacy-json-object-bodies",
    all(
      "a JSON object",
      ({ status }) => status !== 304,
      (answer) => (isObject(answer.json) ? undefined : (answer.problem ?? "another kind of JSON")),
      "no answers",
    ),
  ),
  review(
    "response-content-type-json",
    all(
      "Content-Type application/json",
      ({ bytes }) => bytes.byteLength > 0,
      ({ headers }) =>
        /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")
          ? undefined
          : (headers["content-type"] ?? "none"),
      "no answer has a body",
    ),
  ),
  review(
    "request-identity-echoed",
    all(
      "the request identity in the answer",
      ({ request }) => request.headers["X-Broker-API-Request-Identity"] !== undefined,
      echoes,
      "no identity was sent",
    ),
  ),
  review(
    "vendor-response-fields-prefixed",
    all(
      "a prefix before members of the vendor's own",
      (answer) => answer.operation !== "catalog" && hasExtra(answer),
      unprefixed,
      "no unknown members were seen",
    ),
  ),
  review("url-ids-unreserved", reservedIds),
  review(
    "broker-well-formed-success-bodies",
    all(
      "a well-formed body",
      ({ operation, status, bytes }) =>
        isSuccess({ status }) && (bytes.byteLength > 0 || operation === "provision" || operation === "bind"),
      wellFormed,
      "no success was seen",
    ),
  ),
  review(
    "respond-promptly",
    all(
      `an answer within ${PROMPT_MS} ms`,
      everything,
      ({ elapsedMs }) => (elapsedMs <= PROMPT_MS ? undefined : `${Math.round(elapsedMs)} ms`),
      "no answers",
    ),
  ),
  review("error-4xx-no-change", refusedCreatedNothing),
  review("async-legacy-202-body-like-sync", legacyBodies),
  review("orphan-broker-knows-only-platform-resources", cleanedUp),
];
