import { isArray, isObject, sameJson, type Json, type JsonObject } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { isBindable, type Offer, requires } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, warn, worstOf } from "../../runner/check.ts";
import { BINDABLE, type OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { conflictingBind, flightOfBind, flightOfProvision, inFlight } from "../in-flight.ts";
import { expectError, expectStatus, needsMore, seenOf, unlessRefusedAnyway } from "../judge.ts";
import { type Life, lifeOf, lives } from "../stories.ts";
import { updateRefusal } from "./updating.ts";
import { asyncOffer, eachLife, judgeResent, judgeSameOperation, withViolation } from "./provisioning.ts";

const bad = { intent: "bad" } as const;
const none = { instances: 0 } as const;
const INFORMATION = ["credentials", "syslog_drain_url", "route_service_url", "volume_mounts"];
const PERMISSIONS: readonly (readonly [string, string])[] = [
  ["syslog_drain_url", "syslog_drain"],
  ["route_service_url", "route_forwarding"],
  ["volume_mounts", "volume_mount"],
];

/** A plan whose binding was seen to be asynchronous. */
export async function asyncBindOffer(context: OsbContext): Promise<Offer> {
  context.offer(BINDABLE);
  const all = await lives(context.shared);
  const life = all.find(({ binds }) => binds[0]?.answer.status === 202);
  if (life !== undefined) return life.offer;
  const answers = all.flatMap(({ binds }) => binds.map(({ answer }) => answer));
  throw new Verdicted(notApplicable("no bind was answered 202: binding is synchronous", ...answers.slice(0, 3)));
}

/** The answers that tell about a binding: the 201, or the fetch after an asynchronous bind. */
function tellings({ binds, fetchedBindings }: Life): Answer[] {
  return binds.flatMap(({ answer }, at) => {
    const fetched = fetchedBindings[at];
    if (answer.status === 201) return [answer];
    return answer.status === 202 && fetched?.status === 200 ? [fetched] : [];
  });
}

/** Every answer of the run that describes a binding. */
const described = (context: OsbContext): Answer[] =>
  context.run.answers.filter(
    ({ operation, status }) =>
      (operation === "bind" && (status === 200 || status === 201)) || (operation === "fetch-binding" && status === 200),
  );

function serviceOf(context: OsbContext, answer: Answer): Offer | undefined {
  const provisioned = context.run.answers.find(
    ({ operation, instanceId, sent }) =>
      operation === "provision" && instanceId === answer.instanceId && sent["service_id"] !== undefined,
  );
  const id = provisioned?.sent["service_id"] ?? answer.sent["service_id"];
  return context.run.offers.find(({ service }) => service.id === id);
}

/** A member that only an offering with the permission may return. */
function declared(operations: readonly string[], pairs: readonly (readonly [string, string])[]) {
  return (context: OsbContext): Outcome => {
    const answers = described(context).filter(({ operation }) => operations.includes(operation));
    const seen = answers.flatMap((answer) =>
      pairs.filter(([member]) => isThere(bodyOf(answer)[member])).map((pair) => ({ answer, pair })),
    );
    if (seen.length === 0) return notApplicable(`no answer has ${pairs.map(([member]) => member).join(", ")}`);
    const wrong = seen.find(({ answer, pair }) => {
      const offer = serviceOf(context, answer);
      return offer !== undefined && !requires(offer, pair[1]);
    });
    if (wrong === undefined) return pass(...seen.slice(0, 2).map(({ answer }) => answer));
    return fail(
      `${wrong.pair[0]} only from an offering that requires ${wrong.pair[1]}`,
      "it came without",
      wrong.answer,
    );
  };
}

const isThere = (value: Json | undefined): boolean => value !== undefined && value !== null;

/** An offering with a permission returns the member that goes with it. */
function memberFor(permission: string, member: string, isRight: (value: Json | undefined) => boolean) {
  return (context: OsbContext) => {
    const words = `no bindable offering requires ${permission}`;
    context.offer({ words, fits: (offer) => isBindable(offer) && requires(offer, permission) });
    return eachLife(context, (life) => {
      const telling = tellings(life)[0];
      if (!requires(life.offer, permission) || telling === undefined) return undefined;
      return isRight(bodyOf(telling)[member])
        ? pass(telling)
        : fail(`${member} from a service that requires ${permission}`, "none", telling);
    });
  };
}

const isCredentialService = ({ offer }: Life): boolean =>
  isBindable(offer) && !PERMISSIONS.some(([, permission]) => requires(offer, permission));

function credentialsReturned(life: Life): Outcome | undefined {
  const bind = life.binds[0]?.answer;
  if (!isCredentialService(life) || bind?.status !== 201) return undefined;
  return isThere(bodyOf(bind)["credentials"]) ? pass(bind) : fail("credentials in the 201", "none", bind);
}

function credentialsFetched(life: Life): Outcome | undefined {
  const [bind, fetched] = [life.binds[0]?.answer, life.fetchedBindings[0]];
  if (!isCredentialService(life) || bind?.status !== 202 || fetched?.status !== 200) return undefined;
  return isThere(bodyOf(fetched)["credentials"])
    ? pass(bind, fetched)
    : fail("credentials in the first fetch", "none", bind, fetched);
}

function informed(life: Life): Outcome | undefined {
  const [bind, fetched] = [life.binds[0]?.answer, life.fetchedBindings[0]];
  if (bind === undefined || !isSuccess(bind) || requires(life.offer, "route_forwarding")) return undefined;
  if (bind.status === 202 && fetched === undefined) return undefined;
  const evidence = [bind, ...(fetched ? [fetched] : [])];
  const isTold = evidence.some((answer) => INFORMATION.some((member) => isThere(bodyOf(answer)[member])));
  return isTold ? pass(...evidence) : fail(`one of ${INFORMATION.join(", ")}`, "none of them", ...evidence);
}

function credentialsDiffer(life: Life): Outcome | undefined {
  const [first, second] = tellings(life);
  if (first === undefined || second === undefined) return undefined;
  const [one, two] = [bodyOf(first)["credentials"], bodyOf(second)["credentials"]];
  if (!isThere(one) || !isThere(two)) return undefined;
  return sameJson(one, two)
    ? fail("credentials of its own for each binding", "the same for two", first, second)
    : pass(first, second);
}

function sameWhenFetched({ binds, fetchedBindings }: Life): Outcome | undefined {
  const [bind, fetched] = [binds[0]?.answer, fetchedBindings[0]];
  if (bind?.status !== 201 || fetched?.status !== 200) return undefined;
  const [given, later] = [bodyOf(bind)["credentials"], bodyOf(fetched)["credentials"]];
  if (!isThere(given) || !isThere(later)) return undefined;
  return sameJson(given, later) ? pass(bind, fetched) : fail("the credentials of the 201", "other ones", bind, fetched);
}

function withEndpoints(life: Life): Outcome | undefined {
  const telling = tellings(life)[0];
  const { credentials, endpoints } = telling === undefined ? {} : bodyOf(telling);
  if (telling === undefined || !isThere(credentials)) return undefined;
  if (isThere(endpoints)) return pass(telling);
  return namesAddress(credentials)
    ? fail("endpoints beside the credentials", "none", telling)
    : notApplicable("the credentials name nothing on a network", telling);
}

const ADDRESS = /^(.*[_-])?(ur[il]s?|hosts?|host_?names?|ip|ports?|address(es)?|servers?|endpoints?|nodes?|dsn)$/i;

/** Whether some member, at any depth, is called like an address or looks like a URI. */
function namesAddress(value: Json | undefined): boolean {
  if (typeof value === "string") return value.includes("://");
  if (isArray(value)) return value.some(namesAddress);
  return isObject(value) && Object.entries(value).some(([name, item]) => ADDRESS.test(name) || namesAddress(item));
}

/** Hosts that credentials name: members called so, and the host of a URI. */
function hostsIn(credentials: JsonObject): string[] {
  return Object.entries(credentials).flatMap(([name, value]) => {
    if (typeof value !== "string") return [];
    if (/^(host|hostname)$/i.test(name)) return [value];
    const url = /^(uri|url)$/i.test(name) ? URL.parse(value) : null;
    return url === null || url.hostname === "" ? [] : [url.hostname];
  });
}

function hostsListed(life: Life): Outcome | undefined {
  const telling = tellings(life)[0];
  const { credentials, endpoints } = telling === undefined ? {} : bodyOf(telling);
  if (telling === undefined || !isObject(credentials) || !isArray(endpoints)) return undefined;
  const listed = endpoints.map((endpoint) => (isObject(endpoint) ? endpoint["host"] : undefined));
  const missing = hostsIn(credentials).find((host) => !listed.includes(host));
  return missing === undefined
    ? pass(telling)
    : warn("the hosts of the credentials among the endpoints", `${missing} is missing`, telling);
}

const CONNECTING = /^(password|username|user|host|hostname|port|uri|url|token|secret|credentials|api_?key)$/i;

function metadataIsHarmless(operation: string) {
  return (context: OsbContext): Outcome => {
    const answers = described(context).filter(
      (answer) => answer.operation === operation && isObject(bodyOf(answer)["metadata"]),
    );
    if (answers.length === 0) return notApplicable("no binding came with metadata");
    const wrong = answers.find((answer) =>
      Object.keys(bodyOf(answer)["metadata"] as JsonObject).some((name) => CONNECTING.test(name)),
    );
    return wrong === undefined
      ? pass(...answers.slice(0, 2))
      : fail("metadata that nobody needs to connect", "a member that looks like it", wrong);
  };
}

function without(member: string) {
  return async (context: OsbContext): Promise<Outcome> => {
    const live = await context.live(BINDABLE);
    const { [member]: _, ...rest } = context.bindBody(live.offer);
    const absent = await context.bind(live, context.platform.newId(), { body: rest, ...bad });
    const empty = await context.bind(live, context.platform.newId(), { body: { ...rest, [member]: "" }, ...bad });
    const outcome = worstOf([absent, empty].map((answer) => expectStatus(answer, [400])));
    return unlessRefusedAnyway(outcome, () => context.bind(live, context.platform.newId()));
  };
}

async function malformed(context: OsbContext): Promise<Outcome> {
  const live = await context.live(BINDABLE);
  const broken = await context.bind(live, context.platform.newId(), { text: '{"plan_id": ', ...bad });
  const body = { ...context.bindBody(live.offer), service_id: 1 };
  const typed = await context.bind(live, context.platform.newId(), { body, ...bad });
  return worstOf([broken, typed].map((answer) => expectStatus(answer, [400], [422])));
}

async function unknownIds(context: OsbContext): Promise<Outcome> {
  const live = await context.live(BINDABLE);
  const outcomes: Outcome[] = [];
  for (const member of ["service_id", "plan_id"]) {
    const body = { ...context.bindBody(live.offer), [member]: context.platform.newId() };
    outcomes.push(expectStatus(await context.bind(live, context.platform.newId(), { body, ...bad }), ["4xx"], ["2xx"]));
  }
  return worstOf(outcomes);
}

async function withoutFlag(context: OsbContext): Promise<Answer> {
  const live = await context.liveOf(await asyncBindOffer(context));
  return context.bind(live, context.platform.newId(), { query: {}, ...bad });
}

/** Binds without an application, and with one if that is refused. */
async function withoutApp(context: OsbContext): Promise<{ bare: Answer; bound: Answer | undefined }> {
  const live = await context.live(BINDABLE);
  const { bind_resource: _, ...bare } = context.bindBody(live.offer);
  const first = await context.bind(live, context.platform.newId(), { body: bare });
  await context.platform.settle(live.offer, first);
  if (isSuccess(first)) return { bare: first, bound: undefined };
  const second = await context.bind(live, context.platform.newId());
  await context.platform.settle(live.offer, second);
  return { bare: first, bound: second };
}

async function requiresAppCode(context: OsbContext): Promise<Outcome> {
  const { bare, bound } = await withoutApp(context);
  if (bare.status !== 422 || bound === undefined || !isSuccess(bound))
    return notApplicable("binding without an app succeeds", bare);
  return expectError(bare, "RequiresApp");
}

async function identical(context: OsbContext, judge: (first: Answer, again: Answer) => Outcome): Promise<Outcome> {
  const live = await context.live(BINDABLE);
  const { id, bound } = await context.bound(live);
  return judge(bound.answer, await context.bind(live, id));
}

function sameCredentials(first: Answer, again: Answer): Outcome {
  const [given, repeated] = [bodyOf(first)["credentials"], bodyOf(again)["credentials"]];
  if (again.status !== 200 || !isThere(given) || !isThere(repeated))
    return notApplicable("the repeat has no credentials to compare", first, again);
  return sameJson(given, repeated)
    ? pass(first, again)
    : fail("the credentials of the first answer", "other ones", first, again);
}

async function conflict(context: OsbContext): Promise<Outcome> {
  const words = "no binding schema to vary";
  const live = await context.live(BINDABLE, {
    words,
    fits: (offer) => conflictingBind(context.shared, offer) !== undefined,
  });
  const { id } = await context.bound(live);
  const body = conflictingBind(context.shared, live.offer) ?? {};
  return expectStatus(await context.bind(live, id, { body, ...bad }), [409]);
}

function noInformationYet(context: OsbContext): Outcome {
  const answers = context.run.answers.filter(({ operation, status }) => operation === "bind" && status === 202);
  if (answers.length === 0) return notApplicable("no bind was answered 202");
  const names = [...INFORMATION, "endpoints"];
  const wrong = answers.find((answer) => names.some((name) => isThere(bodyOf(answer)[name])));
  return wrong === undefined
    ? pass(...answers.slice(0, 2))
    : fail("a 202 without binding information", "it has some", wrong);
}

async function flying(
  context: OsbContext,
  name: string,
  judge: (answer: Answer, started: Answer) => Outcome,
): Promise<Outcome> {
  const flight = await flightOfBind(context.shared, await asyncBindOffer(context));
  return inFlight(flight, name, (answer) => judge(answer, flight.started));
}

/** Judges what an update and a bind are answered while their instance is being made. */
async function meanwhile(context: OsbContext, judge: (answer: Answer) => Outcome): Promise<Outcome> {
  const flight = await flightOfProvision(context.shared, await asyncOffer(context));
  const { binds } = await lifeOf(context.shared, flight.offer);
  const refusals = {
    update: await updateRefusal(context),
    bind: binds[0]?.state === "refused" ? binds[0].answer : undefined,
  };
  const judged = (["update", "bind"] as const).map((name) => {
    const refusal = refusals[name];
    if (refusal !== undefined) return notApplicable(`an ordinary ${name} is refused as well`, refusal);
    return inFlight(flight, name, judge);
  });
  return worstOf(judged);
}

function described422(answer: Answer): Outcome {
  if (answer.status !== 422) return notApplicable(`answered ${seenOf(answer)}`, answer);
  const text = bodyOf(answer)["description"];
  return typeof text === "string" && text !== "" ? pass(answer) : fail("a description", "none", answer);
}

const successOrBusy = (answer: Answer): Outcome => {
  if (isSuccess(answer)) return pass(answer);
  return answer.status === 422 ? expectError(answer, "ConcurrencyError") : expectStatus(answer, ["2xx", 422]);
};

function instants(context: OsbContext): { answer: Answer; expires: number; renew: number }[] {
  return described(context).map((answer) => {
    const metadata = bodyOf(answer)["metadata"];
    const read = (name: string) =>
      isObject(metadata) ? Date.parse(String(typeof metadata[name] === "string" ? metadata[name] : "")) : Number.NaN;
    return { answer, expires: read("expires_at"), renew: read("renew_before") };
  });
}

/** Compares the times of a binding's metadata, where they are there. */
function times(
  words: string,
  needs: readonly ("expires" | "renew")[],
  isRight: (expires: number, renew: number, nowMs: number) => boolean,
) {
  return (context: OsbContext): Outcome => {
    const all = instants(context).filter((each) => needs.every((name) => !Number.isNaN(each[name])));
    if (all.length === 0) return notApplicable("no binding came with the times");
    const nowMs = context.platform.settings.clock.nowMs();
    const wrong = all.find(({ expires, renew }) => !isRight(expires, renew, nowMs));
    return wrong === undefined
      ? pass(...all.slice(0, 2).map(({ answer }) => answer))
      : fail(words, "not so", wrong.answer);
  };
}

const CLOCK_SKEW_MS = 60_000;

export const bindingChecks: readonly OsbCheck[] = [
  probe("bind-info-returned-once", (context) => eachLife(context, informed), none),
  probe("bind-endpoints-provided", (context) => eachLife(context, withEndpoints), none),
  probe("bind-credentials-unique", (context) => eachLife(context, credentialsDiffer), none),
  probe(
    ["bind-hosts-and-ports-provided", "bind-endpoints-complete"],
    (context) => eachLife(context, hostsListed),
    none,
  ),
  probe(
    "bind-syslog-drain-url-required",
    memberFor("syslog_drain", "syslog_drain_url", (value) => typeof value === "string"),
    none,
  ),
  probe(
    "bind-volume-mounts-required",
    memberFor("volume_mount", "volume_mounts", (value) => isArray(value) && value.length > 0),
    none,
  ),
  probe(
    "bind-route-service-url-required",
    memberFor(
      "route_forwarding",
      "route_service_url",
      (value) => !isThere(value) || (typeof value === "string" && value !== ""),
    ),
    none,
  ),
  probe("bind-credentials-required", (context) => eachLife(context, credentialsReturned), none),
  probe("fetch-binding-credentials-after-async", (context) => eachLife(context, credentialsFetched), none),
  probe("fetch-binding-credentials-object", (context) => eachLife(context, sameWhenFetched), {
    ...none,
    id: "fetch-binding-credentials-same",
  }),
  probe("bind-accepts-incomplete-422", async (context) => expectStatus(await withoutFlag(context), [201, 422])),
  probe("bind-422-async-error-code", async (context) => {
    const answer = await withoutFlag(context);
    return answer.status === 422
      ? expectError(answer, "AsyncRequired")
      : notApplicable(`answered ${answer.status}`, answer);
  }),
  probe("bind-missing-service-id-400", without("service_id")),
  probe("bind-missing-plan-id-400", without("plan_id")),
  probe("bind-malformed-400", malformed),
  probe("bind-invalid-service-or-plan", unknownIds),
  probe("bind-parameters-validated", async (context) => {
    const { offer, parameters } = withViolation(context, "bind", BINDABLE);
    const live = await context.liveOf(offer);
    const body = { ...context.bindBody(offer), parameters };
    return expectStatus(await context.bind(live, context.platform.newId(), { body, ...bad }), ["4xx"], ["2xx"]);
  }),
  probe(
    "bind-unknown-instance",
    async (context) => {
      const offer = context.offer(BINDABLE);
      const answer = await context.bind({ offer, id: context.platform.newId() }, context.platform.newId(), bad);
      return expectStatus(answer, ["4xx"]);
    },
    none,
  ),
  probe(["bind-requires-app-422", "bind-resource-optional"], async (context) => {
    const { bare, bound } = await withoutApp(context);
    const outcome = expectStatus(bare, ["2xx", 422]);
    return bound === undefined ? outcome : unlessRefusedAnyway(outcome, async () => bound);
  }),
  probe("bind-requires-app-error-code", requiresAppCode),
  probe(
    ["bind-201", "bind-202", "plan-bindable-overrides-service"],
    (context) =>
      eachLife(context, ({ binds: [bind] }) => {
        if (bind === undefined) return undefined;
        if (context.minor < 14 && bodyOf(bind.answer)["error"] === "AsyncRequired")
          return fail("201: no binding takes time before 2.14", seenOf(bind.answer), bind.answer);
        if (bind.answer.status >= 400 && bind.answer.status < 500) return needsMore(bind.answer);
        return expectStatus(bind.answer, context.minor >= 14 ? [201, 202] : [201]);
      }),
    none,
  ),
  review("bind-202-no-credentials", noInformationYet),
  probe("bind-identical-200", (context) =>
    identical(context, (_, again) => expectStatus(again, [200], [201, 202, 409])),
  ),
  probe("bind-identical-200", (context) => identical(context, (_, again) => expectStatus(again, [200])), {
    id: "bind-identical-200-2-12",
    level: "MUST",
    since: 12,
    until: 13,
  }),
  probe("bind-identical-same-credentials", (context) => identical(context, sameCredentials)),
  probe("bind-conflict-409", conflict),
  probe("bind-resent-while-in-progress-202", (context) => flying(context, "resent", judgeResent), { exclusive: true }),
  probe(
    "bind-resent-same-operation",
    (context) => flying(context, "resent", (answer, started) => judgeSameOperation(started, answer)),
    { exclusive: true },
  ),
  probe(
    "bind-conflict-while-in-progress-409",
    (context) =>
      flying(context, "conflict", (answer) =>
        answer.status === 422 ? expectError(answer, "ConcurrencyError") : expectStatus(answer, [409]),
      ),
    { exclusive: true },
  ),
  probe("bind-concurrent-422", (context) => flying(context, "second", successOrBusy), { exclusive: true }),
  probe("concurrency-422", (context) => meanwhile(context, (answer) => expectStatus(answer, ["2xx", 422])), {
    exclusive: true,
  }),
  probe(
    "concurrency-error-code",
    (context) =>
      meanwhile(context, (answer) =>
        answer.status === 422
          ? expectError(answer, "ConcurrencyError")
          : notApplicable(`answered ${seenOf(answer)}`, answer),
      ),
    { exclusive: true },
  ),
  probe("concurrency-legacy-description", (context) => meanwhile(context, described422), { exclusive: true }),
  review("bind-metadata-no-connection-data", metadataIsHarmless("bind")),
  review("fetch-binding-metadata-no-connection-data", metadataIsHarmless("fetch-binding")),
  review("bind-syslog-drain-declared", declared(["bind"], PERMISSIONS.slice(0, 1))),
  review(["bind-route-service-declared", "route-forwarding-declared"], declared(["bind"], PERMISSIONS.slice(1, 2))),
  review("bind-volume-mounts-declared", declared(["bind"], PERMISSIONS.slice(2))),
  review("fetch-binding-permissions-declared", declared(["fetch-binding"], PERMISSIONS)),
  review(
    "binding-expires-at-future",
    times("expires_at to lie in the future", ["expires"], (expires, _, nowMs) => expires > nowMs - CLOCK_SKEW_MS),
  ),
  review(
    "binding-renew-before-not-after-expiry",
    times("renew_before not to be later than expires_at", ["expires", "renew"], (expires, renew) => renew <= expires),
  ),
  review(
    "binding-renew-window",
    times("time between renew_before and expires_at", ["expires", "renew"], (expires, renew) => renew !== expires),
  ),
];
