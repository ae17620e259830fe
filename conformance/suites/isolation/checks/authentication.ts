import { promises as dns } from "node:dns";
import type { RawRequest } from "../../../client/http/transport.ts";
import type { Observation } from "../../../client/http/observation.ts";
import { basicHeader } from "../../../client/target.ts";
import { isSuccess } from "../../../client/request.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, Verdicted, warn } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { ERROR_RATE, measureInTurns, permutationTest } from "../timing.ts";

/** A name and a password that nobody has. */
const NOBODY = basicHeader("drydock-nobody", "drydock-wrong");

/** The login of the run; ends the check as not applicable if there is none. */
function loginOf(context: IsolationContext): { readonly username: string; readonly password: string } {
  const { auth } = context.platform.settings.target;
  if (auth.kind === "basic" && auth.password !== "") return auth;
  const how = auth.kind === "none" ? "the run has no credentials" : "the run uses a token";
  throw new Verdicted(notApplicable(how, context.run.catalog));
}

/** Requests of every kind that change nothing if they are refused. */
async function routesOf(context: IsolationContext): Promise<readonly RawRequest[]> {
  const offer = await context.chooseOffer();
  const live = await context.osb.liveOf(offer);
  const binding = context.platform.newId();
  const ids = { instanceId: live.id, bindingId: binding };
  const query = context.platform.deletionOf(offer, live.id);
  const routes = [
    context.platform.requestFor("catalog", {}),
    context.platform.requestFor("fetch-instance", ids),
    context.platform.requestFor("fetch-instance", { instanceId: context.platform.newId() }),
    context.platform.requestFor("poll-instance", { ...ids, query }),
    context.platform.requestFor("fetch-binding", ids),
    context.platform.requestFor("unbind", { ...ids, query }),
    context.platform.requestFor("bind", { ...ids, body: {} }),
    context.platform.requestFor("update", { ...ids, body: {} }),
    context.platform.requestFor("provision", { ...ids, instanceId: context.platform.newId(), body: {} }),
  ];
  const client = await context.backups(offer).catch((error: unknown) => {
    if (error instanceof Verdicted) return undefined;
    throw error;
  });
  const backup = context.platform.newId();
  const own = client?.api.url === undefined ? client : undefined;
  const operations = (["list", "get", "settings", "window", "sources", "download"] as const).filter((each) =>
    own?.can(each),
  );
  const asked = operations.map((each) => own?.requestFor(own.require(each), { instance: live.id, backup }));
  return [...routes, ...asked.filter((each) => each !== undefined && !each.url.startsWith("exec:"))].filter(
    (each) => each !== undefined,
  );
}

const withHeader = ({ headers, ...request }: RawRequest, authorization: string | undefined): RawRequest => {
  const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));
  return {
    ...request,
    madeUp: ["Authorization"],
    headers: { ...others, ...(authorization && { Authorization: authorization }) },
  };
};

async function judgeRoutes(context: IsolationContext): Promise<Outcome> {
  const { username } = loginOf(context);
  const routes = await routesOf(context);
  const evidence: Evidence[] = [];
  let worst: Outcome | undefined;
  const guesses = [
    ["somebody unknown", NOBODY],
    ["the platform without a password", basicHeader(username, "")],
    ["the platform with a wrong password", basicHeader(username, "drydock-wrong")],
  ] as const;
  // Calls each route without credentials, and with one of the wrong ones in turn: more would lock a platform out.
  for (const [at, route] of routes.entries())
    for (const [who, header] of [["nobody", undefined] as const, guesses[at % guesses.length] ?? guesses[0]]) {
      const answer = await context.platform.exchange(withHeader(route, header));
      const expected = `${route.method} ${new URL(route.url).pathname} from ${who} to be answered 401`;
      if (answer.status === 401) evidence.push(answer);
      else if (isSuccess(answer) || answer.status >= 500) return fail(expected, String(answer.status), answer);
      else if (![403, 429].includes(answer.status))
        worst ??= fail(expected, `${answer.status}: the request was looked at before its credentials`, answer);
    }
  return worst ?? pass(...evidence.slice(0, 8));
}

/** Wrong guesses of each kind: few enough, with those of IS-01, for a broker that locks out after thirty. */
const GUESSES = 7;

async function judgeTime(context: IsolationContext): Promise<Outcome> {
  const { username, password } = loginOf(context);
  const request = context.platform.requestFor("catalog", {});
  const guess = (text: string) => (): Promise<Observation> =>
    context.platform.exchange(withHeader(request, basicHeader(username, text)));
  const wrongAtLast = `${password.slice(0, -1)}${password.endsWith("~") ? "!" : "~"}`;
  const wrongAtFirst = `${password.startsWith("~") ? "!" : "~"}${password.slice(1)}`;
  const { a, b, last } = await measureInTurns(
    GUESSES,
    [guess(wrongAtLast), guess(wrongAtFirst)],
    ({ elapsedMs }) => elapsedMs,
  );
  if (isSuccess(last)) return fail("a wrong password to be refused", String(last.status), last);
  const p = permutationTest(a, b);
  const found = `p = ${p.toFixed(4)} by a permutation test of ${GUESSES} guesses of each kind; error rate ${ERROR_RATE}`;
  if (p < ERROR_RATE) return fail("the same time wherever a password is wrong", found, last);
  return { ...pass(last), reason: found };
}

/** Whether a name leads to this machine. */
const isOfThisMachine = (host: string): Promise<boolean> =>
  dns.lookup(host).then(
    ({ address }) => HERE.test(address),
    // A name that this machine does not know belongs to a network within the process.
    () => true,
  );

const HERE = /^(127\.|\[?::1\]?$|localhost$)/;

async function judgeTls(context: IsolationContext): Promise<Outcome> {
  const { url } = context.platform.settings.target;
  const { protocol, hostname } = new URL(url);
  const isHere = HERE.test(hostname) || (await isOfThisMachine(hostname));
  if (protocol === "http:" && isHere)
    return notApplicable("the broker is on this machine, behind no network", context.run.catalog);
  if (protocol === "http:") return fail("an https URL", url, context.run.catalog);
  const { url: asked, headers, ...request } = context.platform.requestFor("catalog", {});
  const plain = withHeader({ ...request, headers, url: asked.replace(/^https:/, "http:") }, NOBODY);
  const answer = await context.platform.exchange(plain).catch(() => undefined);
  if (answer === undefined) return pass(context.run.catalog);
  if (answer.status >= 300 && answer.status < 400 && answer.headers["location"]?.startsWith("https:"))
    return pass(answer);
  if (answer.status === 400 || answer.status === 426) return pass(answer);
  return fail("a request without TLS to be refused before it is looked at", String(answer.status), answer);
}

const IDENTITY = "X-Broker-API-Originating-Identity";

async function judgeIdentity(context: IsolationContext): Promise<Outcome> {
  const { username } = loginOf(context);
  const request = context.platform.requestFor("catalog", {});
  const evidence: Evidence[] = [];
  const admin = Buffer.from(
    JSON.stringify({ user_id: "admin", groups: ["admin", "system:masters"], username }),
  ).toString("base64");
  for (const platform of ["cloudfoundry", "kubernetes"]) {
    const forged = {
      ...withHeader(request, NOBODY),
      headers: { ...withHeader(request, NOBODY).headers, [IDENTITY]: `${platform} ${admin}` },
    };
    const answer = await context.platform.exchange(forged);
    if (isSuccess(answer)) return fail("a made-up identity to open nothing", String(answer.status), answer);
    evidence.push(answer);
  }
  for (const malformed of ["cloudfoundry", "cloudfoundry not-base64!", "x y z", "cloudfoundry e30", "{}"]) {
    const answer = await context.platform.exchange({
      ...request,
      headers: { ...request.headers, [IDENTITY]: malformed },
    });
    if (answer.status >= 500)
      return fail("an identity that can't be read to be refused with 400, or ignored", String(answer.status), answer);
    evidence.push(answer);
  }
  return pass(...evidence);
}

/** Routes of administrators and frameworks that a platform has no business with. */
const ADMIN_ROUTES = [
  "/metrics",
  "/instances",
  "/admin",
  "/debug/pprof/",
  "/debug/vars",
  "/env",
  "/actuator/env",
  "/actuator/heapdump",
  "/manage/env",
  "/config",
  "/dump",
  "/v1/catalog/services",
  "/v2/service_instances",
  "/operator/instances",
  "/console",
  "/.git/config",
  "/swagger-ui.html",
];

async function judgeAdminRoutes(context: IsolationContext): Promise<Outcome> {
  const { url } = context.platform.settings.target;
  const usual = context.platform.requestFor("catalog", {});
  const evidence: Evidence[] = [];
  for (const path of ADMIN_ROUTES)
    for (const [who, request] of [
      ["the platform", usual],
      ["nobody", withHeader(usual, undefined)],
    ] as const) {
      const answer = await context.platform.exchange({ ...request, url: `${url}${path}` });
      const expected = `${path} to be closed to ${who}`;
      // Contents of the catalog, which every platform sees, are not secret, wherever else they appear.
      const isEmpty = answer.bytes.length === 0 || Buffer.from(context.run.catalog.bytes).equals(answer.bytes);
      if (isSuccess(answer) && !isEmpty)
        return fail(expected, `${answer.status}, ${answer.bytes.length} bytes`, answer);
      if (answer.status >= 500) return warn(expected, String(answer.status), answer);
      evidence.push(answer);
    }
  return pass(...evidence.slice(0, 6));
}

/** IS-01: every route asks for credentials. */
export const routesCheck = isolationCheck("IS-01", {
  requirement:
    "Every route of the API, of bindings and of backups answers 401 to requests without credentials, with unknown ones, or with a blank or wrong password.",
  run: judgeRoutes,
});

/** IS-02: the time of a refusal tells nothing about the password. */
export const passwordTimeCheck = isolationCheck("IS-02", {
  requirement: `How long the refusal of a wrong password takes does not depend on where the password is wrong: a seeded permutation test, which accuses a broker wrongly once in ${1 / ERROR_RATE} runs.`,
  run: judgeTime,
});

/** IS-03: TLS only. */
export const tlsCheck = isolationCheck("IS-03", {
  requirement: "A broker that is reached over a network accepts TLS only.",
  run: judgeTls,
});

/** IS-11: a made-up identity grants nothing. */
export const identityCheck = isolationCheck("IS-11", {
  requirement: "A forged originating identity opens nothing, and one that can't be read breaks nothing.",
  run: judgeIdentity,
});

/** IS-14: admin routes are closed. */
export const adminRoutesCheck = isolationCheck("IS-14", {
  requirement:
    "Routes of administrators, metrics and debuggers give nothing to a platform, nor to anybody without credentials.",
  run: judgeAdminRoutes,
});
