import type { WireRequest, WireResponse } from "../../osb/memory-broker/http.ts";
import type { ToyCloud } from "./cloud.ts";
import { seal } from "./objects.ts";

/** Where the dashboards of a toy cloud are. */
export const TOY_ORIGIN = "https://toy.test";

const CALLBACK = `${TOY_ORIGIN}/callback`;

const page = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): WireResponse => ({
  status,
  headers: { "content-type": "text/html", ...headers },
  text,
});

/** The instance managed by a request's session; undefined if there is no session, or it has ended. */
function sessionOf({ headers }: WireRequest, cloud: ToyCloud): string | undefined {
  const [, token = ""] = /(?:^|;\s*)toy=([^;]+)/.exec(headers["cookie"] ?? "") ?? [];
  const id = cloud.pages.sessions.get(token);
  return id !== undefined && cloud.pages.removed.has(id) && cloud.does.roleEnds ? undefined : id;
}

/** Begins a login: a state that is new each time, and a cookie by which the browser is known again. */
function sendToLogin(cloud: ToyCloud): WireResponse {
  const state = seal(`login ${++cloud.pages.logins}`, "state");
  const query = new URLSearchParams({ client_id: "toy", redirect_uri: CALLBACK, response_type: "code", state });
  return page(302, "", {
    location: `${TOY_ORIGIN}/oauth/authorize?${String(query)}`,
    "set-cookie": `toy_login=${state}; Path=/; HttpOnly; Secure; SameSite=Lax`,
  });
}

const isForeign = ({ headers }: WireRequest): boolean => (headers["origin"] ?? TOY_ORIGIN) !== TOY_ORIGIN;

/** The answer to a browser about instances; undefined if the request is about something else. */
export function answerPage(request: WireRequest, cloud: ToyCloud): WireResponse | undefined {
  const [root, id = "", action] = request.path;
  if (root === "oauth")
    return request.query["redirect_uri"] === CALLBACK ? page(200, "Log in") : page(400, "Invalid redirect");
  if (root === "callback") return page(400, "Nobody has begun this login");
  if (root !== "dashboard") return undefined;
  const session = sessionOf(request, cloud);
  if (session === undefined) return sendToLogin(cloud);
  const subject = cloud.does.pageOf(request, id, session);
  const instance = subject === undefined ? undefined : cloud.instances.get(subject);
  if (instance === undefined) return page(404, "There is no such page");
  if (request.method === "GET") return page(200, `The instance ${instance.id}`);
  if (action !== "backups" || isForeign(request)) return page(403, "Refused");
  cloud.vault.order(instance, undefined);
  return page(303, "", { location: `${TOY_ORIGIN}/dashboard/${id}` });
}

/** A session of an instance's manager, and the requests of its page, as an operator's hooks show them. */
export function showPage(
  name: "dashboard-session" | "dashboard-requests",
  id: string,
  cloud: ToyCloud,
): readonly string[] {
  if (name === "dashboard-requests") return [`POST ${TOY_ORIGIN}/dashboard/${id}/backups instance=${id}`];
  const token = seal(`session ${id}`, "pages");
  cloud.pages.sessions.set(token, id);
  return [`Cookie: toy=${token}`];
}
