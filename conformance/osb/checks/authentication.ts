import type { Answer, Operation } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { deletionQuery, isSuccess } from "../../client/request.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, worstOf } from "../../runner/check.ts";
import { ANY, BINDABLE, type OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";

function basic(context: OsbContext): { username: string; password: string } {
  const { auth } = context.platform.settings.target;
  if (auth.kind === "basic") return auth;
  throw new Verdicted(
    notApplicable(auth.kind === "none" ? "no credentials are in use" : "another mechanism is agreed"),
  );
}

const encode = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

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
interface Place {
  readonly offer: Offer;
  readonly instanceId: string;
  readonly bindingId: string;
}

type Headers = Readonly<Record<string, string | null>>;

/** A request to an endpoint, valid but for these headers. The creations are of something new. */
function request(context: OsbContext, operation: Operation, place: Place, headers: Headers): Promise<Answer> {
  const { platform } = context;
  const { offer, instanceId, bindingId } = place;
  const options = { headers, intent: "bad" } as const;
  const live = { offer, id: instanceId };
  if (operation === "provision") return context.provision(offer, platform.newId(), options);
  if (operation === "bind") return context.bind(live, platform.newId(), options);
  if (operation === "update") return context.update(live, { service_id: offer.service.id }, options);
  const isDeletion = operation === "deprovision" || operation === "unbind";
  const query = isDeletion ? { query: platform.deletionOf(offer, instanceId) } : {};
  return platform.send(operation, { ...options, ...query, instanceId, bindingId });
}

/** Endpoints that a broker need not have. */
const OPTIONAL: readonly Operation[] = ["poll-instance", "poll-binding", "fetch-instance", "fetch-binding", "update"];
const NOT_SERVED = [404, 405, 501];

/** 401 on each endpoint. One that is not there for anybody guards nothing. */
async function denied(
  context: OsbContext,
  operation: Operation,
  place: Place,
  authorization: string | null,
): Promise<Outcome> {
  const answer = await request(context, operation, place, { Authorization: authorization });
  if (answer.status === 401) return pass(answer);
  if (OPTIONAL.includes(operation) && NOT_SERVED.includes(answer.status)) {
    const proper = await request(context, operation, place, {});
    if (proper.status === answer.status) return notApplicable(`${operation} is not served`, answer, proper);
  }
  return fail(`401 from ${operation}`, seenOf(answer), answer);
}

async function everywhere(context: OsbContext, authorization: string | null): Promise<Outcome> {
  const live = await context.fresh(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  const isBindable = BINDABLE.fits(live.offer);
  const binding = isBindable ? await context.bound(live) : undefined;
  const place = { offer: live.offer, instanceId: live.id, bindingId: binding?.id ?? context.platform.newId() };
  const outcomes: Outcome[] = [];
  for (const operation of ENDPOINTS) {
    const isAboutBindings = operation.endsWith("bind") || operation.endsWith("binding");
    if (isBindable || !isAboutBindings) outcomes.push(await denied(context, operation, place, authorization));
  }
  return worstOf(outcomes);
}

async function failureHasNoEffect(context: OsbContext): Promise<Outcome> {
  basic(context);
  const live = await context.fresh(ANY);
  const { platform } = context;
  const denied = { headers: { Authorization: null }, intent: "bad" } as const;
  const hasBegun = await context.watched(live);
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
  const proper = await platform.deprovision(live.offer, live.id);
  await platform.settle(live.offer, proper);
  if (!isSuccess(proper)) return fail("the instance to be still there", seenOf(proper), deletionDenied, proper);
  const stranger = await platform.deprovision(live.offer, platform.newId());
  if (isSuccess(stranger)) return pass(deletionDenied, proper);
  const absent = await platform.deprovision(live.offer, created);
  return isSuccess(absent)
    ? fail("nothing to have been created", seenOf(absent), provisionDenied, absent)
    : pass(deletionDenied, proper, provisionDenied, absent);
}

/** Hosts that only this machine, or a network without a public name, can reach. */
const LOCAL_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$|\.(localhost|local|internal|test|consul)$/;
const isLocal = (url: string): boolean => LOCAL_HOST.test(URL.parse(url)?.hostname ?? "");

function encrypted({ platform, run }: OsbContext): Outcome {
  const { url } = platform.settings.target;
  if (isLocal(url)) return notApplicable("a broker on this machine or a network of its own", run.catalog);
  return url.startsWith("http:") ? fail("https", "http", run.catalog) : pass(run.catalog);
}

function protectedAndAuthenticated(context: OsbContext): Outcome {
  const { target } = context.platform.settings;
  const outcome = encrypted(context);
  const isOpen = outcome.verdict === "pass" && target.auth.kind === "none";
  return isOpen ? fail("credentials", "none in use", context.run.catalog) : outcome;
}

const none = { instances: 0 } as const;

export const authenticationChecks: readonly OsbCheck[] = [
  review("auth-tls-recommended", protectedAndAuthenticated),
  review("auth-tls-must-2-14", encrypted, { level: "SHOULD" }),
  probe("auth-enforced-every-endpoint", async (context) =>
    context.platform.settings.target.auth.kind === "none"
      ? notApplicable("no credentials are in use")
      : everywhere(context, null),
  ),
  probe("auth-401-wrong-password", (context) => {
    const { username } = basic(context);
    return everywhere(context, encode(username, "drydock-wrong"));
  }),
  probe("auth-401-wrong-user", (context) => {
    const { password } = basic(context);
    return everywhere(context, encode("drydock-nobody", password));
  }),
  probe(
    "auth-401-malformed-header",
    async (context) => {
      basic(context);
      const answers = [];
      for (const authorization of ["Basic !!!", "Bearer x", "Basic"]) {
        answers.push(
          await context.platform.send("catalog", { headers: { Authorization: authorization }, intent: "bad" }),
        );
      }
      return worstOf(answers.map((answer) => expectStatus(answer, [401])));
    },
    none,
  ),
  probe("auth-failure-has-no-effect", failureHasNoEffect),
];
