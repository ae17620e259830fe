import type { Observation } from "../../../client/http/observation.ts";
import { isObject, stringOf } from "../../../client/http/json.ts";
import { isSuccess } from "../../../client/request.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, Verdicted } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import {
  browse,
  type Dashboard,
  requireDashboard,
  requirePageRequests,
  requireSession,
  typeOf,
} from "../dashboards.ts";
import { isolationCheck } from "../plan.ts";

/** The number of redirects to follow on the way to a login. */
const REDIRECTS_MAX = 8;

/** Where a browser without a session is sent, up to the request for an authorization (RFC 6749, section 4.1.1). */
async function findLogin(
  context: IsolationContext,
  { url, named }: Dashboard,
): Promise<{ readonly login: URL; readonly steps: readonly Observation[] }> {
  const steps: Observation[] = [];
  for (let at = url; steps.length < REDIRECTS_MAX; ) {
    const answer = await browse(context, at);
    steps.push(answer);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined) break;
    const next = new URL(location, at);
    if (next.searchParams.has("client_id") && next.searchParams.has("redirect_uri")) return { login: next, steps };
    at = next.href;
  }
  throw new Verdicted(notApplicable("its dashboard sends nobody to a login by OAuth", named, ...steps));
}

/** Least length of a state: 64 bits as base64. */
const STATE_CHARS_MIN = 11;

const TOKENS = /[?&#](access_token|id_token|refresh_token|session|jwt)=/i;

async function judgeState(context: IsolationContext, dashboard: Dashboard): Promise<Outcome> {
  const first = await findLogin(context, dashboard);
  const second = await findLogin(context, dashboard);
  const steps = [...first.steps, ...second.steps];
  const [state, again] = [first.login, second.login].map(({ searchParams }) => searchParams.get("state") ?? "");
  if (state === undefined || state.length < STATE_CHARS_MIN)
    return fail("a state that nobody can guess", state === "" ? "none" : `"${state}"`, ...steps);
  if (state === again) return fail("a new state for each login", "the same one twice", ...steps);
  const type = first.login.searchParams.get("response_type");
  if (type !== "code") return fail('response_type "code", so that no token is in a URL', String(type), ...steps);
  const leaking = steps.find(({ headers }) => TOKENS.test(headers["location"] ?? ""));
  if (leaking !== undefined) return fail("no token in a URL", leaking.headers["location"] ?? "", leaking);
  return pass(...steps);
}

/** Redirect URIs that resemble the registered one. */
const spoilUri = (uri: string): readonly string[] => [
  "https://evil.example/",
  `${uri}/../evil`,
  `${uri}.evil.example`,
  uri.replace("://", "://evil.example@"),
];

async function judgeRedirects(context: IsolationContext, dashboard: Dashboard): Promise<Outcome> {
  const { login, steps } = await findLogin(context, dashboard);
  const registered = login.searchParams.get("redirect_uri") ?? "";
  const evidence: Evidence[] = [...steps];
  for (const uri of spoilUri(registered)) {
    const asked = new URL(login);
    asked.searchParams.set("redirect_uri", uri);
    const answer = await browse(context, asked.href);
    evidence.push(answer);
    if ((answer.headers["location"] ?? "").startsWith(uri))
      return fail("a redirect to nowhere but the registered URI", `it leads to ${uri}`, answer);
  }
  const forged = new URL(registered);
  forged.searchParams.set("code", "drydock");
  forged.searchParams.set("state", "drydock");
  const answer = await browse(context, forged.href);
  evidence.push(answer);
  if (isSuccess(answer))
    return fail("a code with a made-up state to be refused", `the callback answers ${answer.status}`, answer);
  return pass(...evidence);
}

/** Each service has its own client, with its own secret. */
function judgeClients(context: IsolationContext): Outcome {
  const clients = context.run.offers
    .map(({ service }) => [service.id, service.raw["dashboard_client"]] as const)
    .filter(([id], at, all) => all.findIndex(([other]) => other === id) === at)
    .flatMap(([, client]) => (isObject(client) ? [client] : []));
  for (const member of ["id", "secret"] as const) {
    const values = clients.map((client) => stringOf(client[member]) ?? "");
    if (new Set(values).size < values.length)
      return fail(`each service to have a client ${member} of its own`, "two services share one", context.run.catalog);
  }
  return pass(context.run.catalog);
}

async function judgeOAuth(context: IsolationContext): Promise<Outcome> {
  const dashboard = await requireDashboard(context);
  const state = await judgeState(context, dashboard);
  if (state.verdict !== "pass") return state;
  const clients = judgeClients(context);
  return clients.verdict === "pass" ? judgeRedirects(context, dashboard) : clients;
}

/**
 * The cookies that an answer sets, each with its attributes; several in one header are split where a new name
 * begins.
 */
const cookiesOf = ({ headers }: Observation): readonly string[] =>
  (headers["set-cookie"] ?? "").split(/,(?=\s*[\w.-]+=)/).filter((each) => each.trim() !== "");

function judgeCookies(dashboard: Dashboard, steps: readonly Observation[]): Outcome | undefined {
  for (const step of steps)
    for (const cookie of cookiesOf(step)) {
      const [name = ""] = cookie.trim().split("=");
      const missing = ["HttpOnly", "SameSite=(Lax|Strict)", ...(dashboard.url.startsWith("https:") ? ["Secure"] : [])]
        .filter((flag) => !new RegExp(`;\\s*${flag}\\s*(;|$)`, "i").test(cookie))
        .map((flag) => flag.replace("=(Lax|Strict)", ""));
      if (missing.length > 0)
        return fail("cookies with HttpOnly, SameSite and Secure", `${name} lacks ${missing.join(", ")}`, step);
    }
  return undefined;
}

/** The headers that a browser adds to a request from another site's page. */
const CROSS_SITE = { Origin: "https://evil.example", Referer: "https://evil.example/", "Sec-Fetch-Site": "cross-site" };

/**
 * Whether a request was carried out: it was if it redirects back to its page, and was not if it redirects to
 * a login.
 */
function isTaken({ status, headers }: Observation, url: string): boolean {
  if (status < 300 || status >= 400) return status < 300;
  const to = new URL(headers["location"] ?? url, url);
  return to.origin === new URL(url).origin && !to.searchParams.has("client_id") && !/log-?in/i.test(to.pathname);
}

async function judgeCrossSite(context: IsolationContext, dashboard: Dashboard): Promise<Outcome | undefined> {
  const looks = context.run.backend.looks ?? {};
  if (looks["dashboard-session"] === undefined || looks["dashboard-requests"] === undefined) return undefined;
  const session = await requireSession(context, dashboard);
  for (const { method, url, body } of await requirePageRequests(context, dashboard)) {
    if (method === "GET") continue;
    const headers = { ...session, ...CROSS_SITE, "Content-Type": typeOf(body) };
    const answer = await browse(context, url, { method, headers, body });
    if (isTaken(answer, url))
      return fail("a request from another site to be refused", `${method}: ${answer.status}`, answer);
  }
  return undefined;
}

async function judgeSites(context: IsolationContext): Promise<Outcome> {
  const dashboard = await requireDashboard(context);
  const steps = await findLogin(context, dashboard).then(
    (found) => found.steps,
    async (error: unknown) => {
      if (error instanceof Verdicted) return [await browse(context, dashboard.url)];
      throw error;
    },
  );
  const found = judgeCookies(dashboard, steps) ?? (await judgeCrossSite(context, dashboard));
  if (found !== undefined) return found;
  const isWhole = context.run.backend.looks?.["dashboard-requests"] !== undefined;
  const reason =
    "cookies of the login alone: nobody shows a session and what it asks for (hooks.looks.dashboard-requests)";
  return { ...pass(dashboard.named, ...steps), ...(!isWhole && { reason }) };
}

/** IS-70: OAuth as it should be. */
export const oauthCheck = isolationCheck("IS-70", {
  requirement:
    "A login by OAuth has a state that is new and unguessable, a code and no token in its URLs, leads to the registered URI alone, and each service has a client of its own.",
  run: judgeOAuth,
});

/** IS-71: cookies and cross-site requests. */
export const sitesCheck = isolationCheck("IS-71", {
  requirement:
    "Cookies of a dashboard are HttpOnly, SameSite and, over TLS, Secure; requests that other sites make in its user's name are refused.",
  run: judgeSites,
});
