import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { readBasic, sameSecret } from "../../../simulators/kernel/index.ts";
import { type Accounts, type PlatformClient, TOKEN_MS } from "./accounts.ts";

type Fields = Readonly<Record<string, string | undefined>>;
interface UaaRoute {
  Querystring: Fields;
  Body: Fields | undefined;
}
type UaaRequest = FastifyRequest<UaaRoute>;

const COOKIE = "uaa_session";
const SCOPES = ["openid", "cloud_controller_service_permissions.read"];

const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);

const loginPage = (
  next: string,
  why = "",
): string => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Log in</title></head>
<body><h1>Log in to the platform</h1><p>${escape(why)}</p><form method="post" action="/login.do">
<input type="hidden" name="next" value="${escape(next)}">
<p><label>User <input name="username" autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
<button>Log in</button></form></body></html>`;

const loginOf = ({ headers }: Pick<FastifyRequest, "headers">): string | undefined =>
  new RegExp(`(?:^|;)\\s*${COOKIE}=([0-9a-f]+)`).exec(headers.cookie ?? "")?.[1];

const sendHtml = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).type("text/html; charset=utf-8").send(text);

/** Where a login may lead: back into an authorization, and to no other site. */
const isOwnPath = (next: string): boolean => next.startsWith("/oauth/authorize?");

function authorize(accounts: Accounts, { query, url, headers }: UaaRequest, reply: FastifyReply): FastifyReply {
  const { client_id: id = "", redirect_uri: redirectUri = "", state = "", scope = SCOPES.join(" ") } = query;
  const client = accounts.clients.get(id);
  // Nothing is sent to a URI that is not registered exactly (RFC 6749, section 4.1.2.1).
  if (client === undefined || client.redirectUri !== redirectUri)
    return sendHtml(reply, 400, "<h1>Invalid request</h1><p>The client or its redirect URI is not registered.</p>");
  const answer = (fields: Readonly<Record<string, string>>): FastifyReply =>
    reply.redirect(`${redirectUri}?${String(new URLSearchParams({ ...fields, state }))}`, 302);
  if (query.response_type !== "code") return answer({ error: "unsupported_response_type" });
  if (scope.split(" ").some((each) => !SCOPES.includes(each))) return answer({ error: "invalid_scope" });
  const { code_challenge: challenge = "", code_challenge_method: method } = query;
  if (challenge === "" || method !== "S256") return answer({ error: "invalid_request" });
  const userName = accounts.userOf(loginOf({ headers }));
  if (userName === undefined) return reply.redirect(`/login?${String(new URLSearchParams({ next: url }))}`, 302);
  return answer({ code: accounts.makeCode({ client, challenge, userName, scope }) });
}

function logIn(accounts: Accounts, { body = {} }: UaaRequest, reply: FastifyReply): FastifyReply {
  const { username = "", password = "", next = "" } = body;
  if (!isOwnPath(next)) return sendHtml(reply, 400, "<h1>Invalid request</h1>");
  const secret = accounts.logIn(username, password);
  if (secret === undefined) return sendHtml(reply, 401, loginPage(next, "Unable to verify user name or password."));
  reply.header("set-cookie", `${COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Lax`);
  return reply.redirect(next, 302);
}

function clientOf(accounts: Accounts, { headers }: FastifyRequest): PlatformClient | undefined {
  const basic = readBasic(headers.authorization);
  const client = accounts.clients.get(basic?.username ?? "");
  return client !== undefined && sameSecret(basic?.password ?? "", client.secret) ? client : undefined;
}

function giveToken(accounts: Accounts, request: UaaRequest, reply: FastifyReply): FastifyReply {
  const client = clientOf(accounts, request);
  if (client === undefined)
    return reply.code(401).send({ error: "unauthorized", error_description: "Bad credentials" });
  const {
    grant_type: grant,
    code = "",
    redirect_uri: redirectUri = "",
    code_verifier: verifier = "",
  } = request.body ?? {};
  if (grant !== "authorization_code") return reply.code(400).send({ error: "unsupported_grant_type" });
  const token = accounts.redeem(code, client, redirectUri, verifier);
  if (token === undefined)
    return reply.code(400).send({ error: "invalid_grant", error_description: "Invalid authorization code" });
  return reply.send({
    access_token: token,
    token_type: "bearer",
    expires_in: TOKEN_MS / 1000,
    scope: SCOPES.join(" "),
  });
}

/** The part of UAA that dashboards use: login, authorization code flow with PKCE, userinfo (docs.cloudfoundry.org, "UAA API"). */
export function uaaRoutes(app: FastifyInstance, accounts: Accounts): void {
  app.addContentTypeParser<string>(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    async (_request: unknown, text: string) => Object.fromEntries(new URLSearchParams(text)),
  );
  app.get<UaaRoute>("/login", ({ query: { next = "" } }, reply) => sendHtml(reply, 200, loginPage(next)));
  app.post<UaaRoute>("/login.do", (request, reply) => logIn(accounts, request, reply));
  app.get<UaaRoute>("/logout.do", (request, reply) => {
    accounts.logOut(loginOf(request));
    return sendHtml(reply, 200, "<h1>Logged out</h1>");
  });
  app.get<UaaRoute>("/oauth/authorize", (request, reply) => authorize(accounts, request, reply));
  app.post<UaaRoute>("/oauth/token", (request, reply) => giveToken(accounts, request, reply));
}
