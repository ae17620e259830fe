import type { Answer, Operation } from "../../client/answer.ts";
import { isObject } from "../../client/http/json.ts";
import type { Offer } from "../../client/catalog.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, Verdicted, worstOf } from "../../runner/check.ts";
import { basicHeader } from "../../client/target.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";
import { judgeEncryption } from "../judging/encryption.ts";
import { learnToLook, lookFor } from "../model/presence.ts";
import { obstacleTo } from "../model/stages.ts";
import { lifecycleUpTo } from "../sequences/lifecycles.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import { isSuccess, deletionQuery, planIds } from "../../client/request.ts";

function basicCredentials(context: OsbContext): { username: string; password: string } {
  const { auth } = context.platform.settings.target;
  if (auth.kind === "basic") return auth;
  throw new Verdicted(
    notApplicable(auth.kind === "none" ? "no credentials are in use" : "another mechanism is agreed"),
  );
}

const ENDPOINTS: readonly Operation[] = [
  "catalog",
  "poll-instance",
  "poll-binding",
  "fetch-instance",
  "fetch-binding",
  "provision",
  "update",
  "bind",
  "unbind",
  "deprovision",
];

/** An instance and, where the plan has bindings, a binding that the requests are about: refusing an id proves nothing. */
interface ProtectedResource {
  readonly offer: Offer;
  readonly instanceId: string;
  readonly bindingId: string;
  /** Why neither is there. */
  readonly obstacle: Outcome | undefined;
}

type Headers = Readonly<Record<string, string | null>>;

/** The query of a deletion as this version has it. */
function deletionQueryFor({ minor }: OsbContext, operation: Operation, offer: Offer): Record<string, string> {
  return operation === "deprovision" || minor >= 14 ? deletionQuery(offer) : planIds(offer);
}

/** A request to an endpoint, valid but for these headers. The creations are of something new. */
function sendWithHeaders(
  context: OsbContext,
  operation: Operation,
  place: ProtectedResource,
  headers: Headers,
): Promise<Answer> {
  const { platform } = context;
  const { offer, instanceId, bindingId } = place;
  const options = { headers, intent: "bad" } as const;
  const live = { offer, id: instanceId };
  if (operation === "provision") return context.provision(offer, platform.newId(), options);
  if (operation === "bind") return context.bind(live, platform.newId(), options);
  if (operation === "update") return context.update(live, { service_id: offer.service.id }, options);
  const isDeletion = operation === "deprovision" || operation === "unbind";
  const query = isDeletion ? { query: deletionQueryFor(context, operation, offer) } : {};
  return platform.send(operation, { ...options, ...query, instanceId, bindingId });
}

/** Endpoints that a broker need not have. */
const OPTIONAL_ENDPOINTS: readonly Operation[] = [
  "poll-instance",
  "poll-binding",
  "fetch-instance",
  "fetch-binding",
  "update",
];

/** What is sent in place of the right credentials, and the check whose finding it is. */
interface Intruder {
  readonly judgedBy: "auth-enforced-every-endpoint" | "auth-401-wrong-password" | "auth-401-wrong-user";
  readonly authorization: string | null;
}

const nobody: Intruder = { judgedBy: "auth-enforced-every-endpoint", authorization: null };

const withWrongPassword = (context: OsbContext): Intruder | undefined => {
  const { auth } = context.platform.settings.target;
  if (auth.kind !== "basic") return undefined;
  return { judgedBy: "auth-401-wrong-password", authorization: basicHeader(auth.username, "drydock-wrong") };
};

/** What the one before has deleted is gone for the next who is let in. */
const isLetIn = (answer: Answer): boolean =>
  isSuccess(answer) || (answer.status === 410 && ["unbind", "deprovision"].includes(answer.operation));

/** 401 on each endpoint. One that serves nobody, whoever asks, guards nothing. */
async function expect401(
  context: OsbContext,
  operation: Operation,
  place: ProtectedResource,
  intruder: Intruder,
): Promise<Outcome> {
  const send = (headers: Headers) => sendWithHeaders(context, operation, place, headers);
  const answer = await send({ Authorization: intruder.authorization });
  if (answer.status === 401) return pass(answer);
  if (OPTIONAL_ENDPOINTS.includes(operation) && (answer.status >= 400 || !isObject(answer.json))) {
    const proper = await send({});
    if (proper.status === answer.status) return notApplicable(`${operation} is not served`, answer, proper);
  }
  if (place.obstacle !== undefined && !isSuccess(answer)) return place.obstacle;
  const outcome = fail(`401 from ${operation}`, seenOf(answer), answer);
  // An endpoint that lets in whoever asks is one fault, and a wrong status for all that are turned away is another.
  const other = isSuccess(answer) ? nobody : withWrongPassword(context);
  if (other === undefined || other.judgedBy === intruder.judgedBy) return outcome;
  const same = await send({ Authorization: other.authorization });
  const isSame = isSuccess(answer) ? isLetIn(same) : same.status === answer.status;
  return isSame
    ? followsFrom(other.judgedBy, `${operation} is answered ${seenOf(same)} there too`, answer, same)
    : outcome;
}

/** What the requests are about; where no instance can be had they are about none, and then a 4xx may be for that reason. */
async function protectedPlace(context: OsbContext): Promise<ProtectedResource> {
  const { platform } = context;
  const offer = context.offer(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  const stage = BINDABLE.fits(offer) ? "bind" : "provision";
  const obstacle = obstacleTo(await lifecycleUpTo(context.shared, stage, offer), stage);
  if (obstacle !== undefined) return { offer, instanceId: platform.newId(), bindingId: platform.newId(), obstacle };
  const live = await context.freshOf(offer);
  const bindingId = stage === "bind" ? (await context.bindTo(live)).id : platform.newId();
  return { offer, instanceId: live.id, bindingId, obstacle: undefined };
}

async function expect401Everywhere(context: OsbContext, intruder: Intruder): Promise<Outcome> {
  const place = await protectedPlace(context);
  const isBindable = BINDABLE.fits(place.offer);
  const outcomes: Outcome[] = [];
  for (const operation of ENDPOINTS) {
    const isAboutBindings = operation.endsWith("bind") || operation.endsWith("binding");
    if (isBindable || !isAboutBindings) outcomes.push(await expect401(context, operation, place, intruder));
  }
  return worstOf(outcomes);
}

/** A catalog that is served to whoever asks is served with any header. */
async function judgeMalformedHeader({ platform }: OsbContext, authorization: string): Promise<Outcome> {
  const ask = (value: string | null) => platform.send("catalog", { headers: { Authorization: value }, intent: "bad" });
  const answer = await ask(authorization);
  const outcome = expectStatus(answer, [401]);
  if (!isSuccess(answer)) return outcome;
  const without = await ask(null);
  return isSuccess(without)
    ? followsFrom(nobody.judgedBy, `the catalog is answered ${seenOf(without)} without any header too`, answer, without)
    : outcome;
}

async function judgeRefusedMutations(context: OsbContext): Promise<Outcome> {
  basicCredentials(context);
  await learnToLook(context, "instance", context.offer(ANY));
  const live = await context.fresh(ANY);
  const { platform } = context;
  const denied = { headers: { Authorization: null }, intent: "bad" } as const;
  const hasBegun = await context.watchOperations(live);
  const deletionDenied = await platform.send("deprovision", {
    instanceId: live.id,
    query: deletionQuery(live.offer),
    ...denied,
  });
  const created = platform.newId();
  const provisionDenied = await context.provision(live.offer, created, denied);
  if (isSuccess(deletionDenied) || isSuccess(provisionDenied))
    return notApplicable("the requests were not refused", deletionDenied, provisionDenied);
  const begun = await hasBegun();
  if (begun !== undefined) return fail("nothing to have begun", "something in progress", deletionDenied, begun);
  const kept = await lookFor(context, { offer: live.offer, instanceId: live.id, bindingId: "" }, "deleted");
  if (kept.is === "absent")
    return fail("the instance to be still there", "it is gone", deletionDenied, ...kept.evidence);
  const made = await lookFor(context, { offer: live.offer, instanceId: created, bindingId: "" }, "never");
  if (made.is === "there")
    return fail("nothing to have been created", "it is there", provisionDenied, ...made.evidence);
  if (kept.is === "untold") return kept.outcome;
  if (made.is === "untold") return made.outcome;
  return pass(deletionDenied, ...kept.evidence, provisionDenied, ...made.evidence);
}

function judgeProtection(context: OsbContext): Outcome {
  const { target } = context.platform.settings;
  const outcome = judgeEncryption(context);
  const isOpen = outcome.verdict === "pass" && target.auth.kind === "none";
  return isOpen ? fail("credentials", "none in use", context.run.catalog) : outcome;
}

/** Checks of spec.md, "Platform to Service Broker Authentication". */
export const authenticationChecks: readonly OsbCheck[] = [
  review({
    id: "auth-tls-recommended",
    title: "The broker is reached by TLS and with credentials",
    requirement: "Traffic between platform and broker should be encrypted and authenticated.",
    run: judgeProtection,
  }),
  review({
    id: "auth-tls-must-2-14",
    title: "A broker of version 2.14 is reached by TLS",
    requirement: "Version 2.14 alone demanded TLS; the next version withdrew it, so a violation is a warning.",
    level: "SHOULD",
    run: judgeEncryption,
  }),
  probe({
    id: "auth-enforced-every-endpoint",
    title: "Every endpoint refuses a request without credentials with 401",
    requirement: "Where authentication is in use, every endpoint of the API checks it.",
    run: async (context) =>
      context.platform.settings.target.auth.kind === "none"
        ? notApplicable("no credentials are in use")
        : expect401Everywhere(context, nobody),
  }),
  probe({
    id: "auth-401-wrong-password",
    title: "Every endpoint refuses a wrong password with 401",
    requirement: "A request with a wrong password is answered 401.",
    run: (context) => {
      basicCredentials(context);
      return expect401Everywhere(context, withWrongPassword(context) ?? nobody);
    },
  }),
  probe({
    id: "auth-401-wrong-user",
    title: "Every endpoint refuses an unknown user with 401",
    requirement: "A request of an unknown user is answered 401.",
    run: (context) => {
      const { password } = basicCredentials(context);
      const authorization = basicHeader("drydock-nobody", password);
      return expect401Everywhere(context, { judgedBy: "auth-401-wrong-user", authorization });
    },
  }),
  probe({
    id: "auth-401-malformed-header",
    title: "An Authorization header that cannot be decoded is answered 401",
    requirement: "An Authorization header that cannot be decoded is a failed authentication, so 401.",
    needs: { instances: 0 },
    run: async (context) => {
      basicCredentials(context);
      const outcomes: Outcome[] = [];
      for (const authorization of ["Basic !!!", "Bearer x", "Basic"])
        outcomes.push(await judgeMalformedHeader(context, authorization));
      return worstOf(outcomes);
    },
  }),
  probe({
    id: "auth-failure-has-no-effect",
    title: "A request refused with 401 changes nothing",
    requirement: "A provision or deprovision that is refused for want of credentials leaves the resources unchanged.",
    run: judgeRefusedMutations,
  }),
];
