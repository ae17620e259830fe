import { reply } from "../../../osb/memory-broker/http.ts";
import { type DataMutant, dataMutant as mutant, type Wire } from "../../toy/mutants.ts";

/** A change to how a page is answered. */
const wireMutant = (expected: string, id: string, description: string, wire: Wire): DataMutant =>
  mutant(expected, id, description, {}, [], wire);

const isPage = (path: readonly string[]): boolean => path[0] === "dashboard";

/** Changes one header of a page's answer. */
const changeHeader =
  (header: string, change: (value: string) => string): Wire =>
  async (request, next) => {
    const answer = await next(request);
    const value = answer.headers[header];
    if (!isPage(request.path) || value === undefined) return answer;
    return { ...answer, headers: { ...answer.headers, [header]: change(value) } };
  };

/** Mistakes of dashboards. */
export const DASHBOARD_MUTANTS: readonly DataMutant[] = [
  wireMutant(
    "IS-50",
    "dashboard-believes-its-proxy",
    "A dashboard believes a header that its proxy sets, whoever sends it.",
    async (request, next) =>
      isPage(request.path) && request.headers["x-forwarded-user"] !== undefined
        ? reply(200, { instance: request.path[1] ?? "" })
        : next(request),
  ),
  mutant("IS-68", "dashboard-asks-for-a-session-only", "Any session opens the dashboard of any instance.", {
    pageOf: (_request, named) => named,
  }),
  mutant("IS-68", "dashboard-believes-the-query", "The instance that a query names takes precedence over the path.", {
    pageOf: ({ query }, named, session) => query["instance_id"] ?? (named === session ? named : undefined),
  }),
  mutant("IS-68", "dashboard-believes-the-body", "The instance that a body names takes precedence over the path.", {
    pageOf: ({ text }, named, session) =>
      new URLSearchParams(text).get("instance") ?? (named === session ? named : undefined),
  }),
  mutant("IS-69", "session-outlives-its-role", "A session is not asked for its role again.", { roleEnds: false }),
  wireMutant(
    "IS-70",
    "login-without-state",
    "A login has no state.",
    changeHeader("location", (url) => url.replace(/&state=[^&]*/, "")),
  ),
  wireMutant(
    "IS-70",
    "token-in-the-url",
    "A login asks for a token in the URL.",
    changeHeader("location", (url) => url.replace("response_type=code", "response_type=token")),
  ),
  wireMutant("IS-70", "redirect-to-anywhere", "A login leads to whatever URI is named.", async (request, next) =>
    request.path[0] === "oauth"
      ? { ...reply(302, {}), headers: { location: `${request.query["redirect_uri"] ?? ""}?code=1` } }
      : next(request),
  ),
  wireMutant(
    "IS-70",
    "callback-takes-any-state",
    "A code is taken with a state that nobody asked with.",
    async (request, next) => (request.path[0] === "callback" ? reply(200, {}) : next(request)),
  ),
  wireMutant(
    "IS-71",
    "cookie-for-scripts",
    "The cookies of a dashboard can be read by scripts.",
    changeHeader("set-cookie", (cookie) => cookie.replace("; HttpOnly", "")),
  ),
  wireMutant("IS-71", "other-sites-act", "A page of another site acts in its user's name.", async (request, next) =>
    next({
      ...request,
      headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== "origin")),
    }),
  ),
];
