import type { Answer, Operation } from "../../platform/answer.ts";
import { deletion, isSuccess } from "../../platform/platform.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, warn, worstOf } from "../../runner/check.ts";
import { ANY, type OsbContext } from "../context.ts";
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

/** A request to each endpoint, otherwise valid, with this Authorization. */
async function everywhere(context: OsbContext, authorization: string | null): Promise<Answer[]> {
  const { platform } = context;
  const answers: Answer[] = [];
  for (const operation of ENDPOINTS) {
    const instanceId = platform.newId();
    const bindingId = platform.newId();
    const options = { instanceId, bindingId, headers: { Authorization: authorization }, intent: "bad" } as const;
    answers.push(await request(context, operation, options));
  }
  return answers;
}

type Options = Parameters<OsbContext["platform"]["send"]>[1] & {
  readonly instanceId: string;
  readonly bindingId: string;
};

function request(context: OsbContext, operation: Operation, options: Options): Promise<Answer> {
  const offer = context.offer(ANY);
  const query = { accepts_incomplete: "true" };
  const live = { offer, id: options.instanceId };
  if (operation === "provision") return context.provision(offer, options.instanceId, { ...options, query });
  if (operation === "bind") return context.bind(live, options.bindingId, { ...options, query });
  if (operation === "update") return context.update(live, { service_id: offer.service.id }, { ...options, query });
  const isDeletion = operation === "deprovision" || operation === "unbind";
  return context.platform.send(operation, isDeletion ? { ...options, query: deletion(offer) } : options);
}

/** 401 on each endpoint. An endpoint that is not served may say 404. */
function judge(answers: readonly Answer[]): Outcome {
  return worstOf(
    answers.map((answer) => {
      const isMissing = answer.status === 404 && answer.operation !== "catalog" && answer.operation !== "provision";
      if (isMissing) return warn("401", seenOf(answer), answer);
      return answer.status === 401 ? pass(...answers) : fail(`401 from ${answer.operation}`, seenOf(answer), answer);
    }),
  );
}

async function failureHasNoEffect(context: OsbContext): Promise<Outcome> {
  basic(context);
  const live = await context.fresh(ANY);
  const { platform } = context;
  const denied = { headers: { Authorization: null }, intent: "bad" } as const;
  const deletionDenied = await platform.send("deprovision", {
    instanceId: live.id,
    query: deletion(live.offer),
    ...denied,
  });
  const created = platform.newId();
  const provisionDenied = await context.provision(live.offer, created, denied);
  if (isSuccess(deletionDenied) || isSuccess(provisionDenied))
    return notApplicable("the requests were not refused", deletionDenied, provisionDenied);
  const proper = await platform.deprovision(live.offer, live.id);
  await platform.settle(live.offer, proper);
  if (!isSuccess(proper)) return fail("the instance to be still there", seenOf(proper), deletionDenied, proper);
  const absent = await platform.deprovision(live.offer, created);
  return isSuccess(absent)
    ? fail("nothing to have been created", seenOf(absent), provisionDenied, absent)
    : pass(deletionDenied, proper, provisionDenied, absent);
}

const isLoopback = (url: string): boolean =>
  /^https?:\/\/(localhost|127\.|\[::1\]|[^/]*\.local|[^/]*\.consul)/.test(url);

function encrypted(context: OsbContext): Outcome {
  const { target } = context.platform.settings;
  if (isLoopback(target.url)) return notApplicable("a broker on this machine", context.run.catalog);
  if (target.url.startsWith("http:")) return fail("https", "http", context.run.catalog);
  return target.auth.kind === "none"
    ? fail("credentials", "none in use", context.run.catalog)
    : pass(context.run.catalog);
}

const none = { instances: 0 } as const;

export const authenticationChecks: readonly OsbCheck[] = [
  review("auth-tls-recommended", encrypted),
  review("auth-tls-must-2-14", encrypted, { level: "SHOULD" }),
  probe(
    "auth-enforced-every-endpoint",
    async (context) => {
      if (context.platform.settings.target.auth.kind === "none") return notApplicable("no credentials are in use");
      return judge(await everywhere(context, null));
    },
    none,
  ),
  probe(
    "auth-401-wrong-password",
    async (context) => judge(await everywhere(context, encode(basic(context).username, "drydock-wrong"))),
    none,
  ),
  probe(
    "auth-401-wrong-user",
    async (context) => judge(await everywhere(context, encode("drydock-nobody", basic(context).password))),
    none,
  ),
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
