import { type HttpReply, json } from "../../../kernel/index.ts";
import { WSGIREF_FRONT } from "../../python/http-server.ts";
import { Refusal } from "../../refusal.ts";
import { BODY_BYTES_MAX, type RequestContext, type ServiceWire } from "../../service.ts";
import type { Tokens } from "../behaviour/tokens.ts";
import { authenticationRequired } from "./errors.ts";
import { rootOf } from "./links.ts";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Request Entity Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
};

const JSON_TYPE = { "Content-Type": "application/json" };
const HTML_TYPE = { "Content-Type": "text/html; charset=utf-8" };

/** How Keystone speaks: `{"error": {code, title, message}}` over wsgiref (docs/discoveries/openstack.md, "What differs per service"). */
export const keystoneWire = (tokens: Tokens): ServiceWire => ({
  refuse: errorReply,
  unauthenticated: (context) => errorReply(reasonOf(tokens, context), context),
  unmatched: answerUnmatched,
  headers: (context) => ({ Vary: "X-Auth-Token", "x-openstack-request-id": context.requestId }),
  isOpen: () => true,
  crashed: () => json(500, CRASHED, JSON_TYPE),
  front: WSGIREF_FRONT,
  bodyBytesMax: BODY_BYTES_MAX,
  ignoresChunks: true,
});

const CRASHED = {
  error: {
    code: 500,
    message: "An unexpected error prevented the server from fulfilling your request.",
    title: "Internal Server Error",
  },
};

function errorReply({ status, message, extras }: Refusal, context: RequestContext): HttpReply {
  const error = { code: status, ...extras.members, message, title: TITLES[status] ?? "Error" };
  const challenge: Record<string, string> =
    status === 401 ? { "WWW-Authenticate": `Keystone uri="${rootOf(context)}"` } : {};
  const reply = json(status, { error }, { ...JSON_TYPE, ...challenge, ...extras.headers });
  return context.request.method === "HEAD" ? headOfError(reply) : reply;
}

/** Keystone ends the JSON of an error with a newline. */
function headOfError(reply: HttpReply): HttpReply {
  const bytes = Buffer.byteLength(JSON.stringify(reply.json)) + 1;
  return { status: reply.status, headers: { ...reply.headers, "Content-Length": String(bytes) } };
}

/** Keystone says more about an invalid token than the other services: it names what is gone. */
function reasonOf(tokens: Tokens, { request }: RequestContext): Refusal {
  try {
    tokens.check(request.headers["x-auth-token"] ?? "");
    return authenticationRequired();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const NO_ROUTE =
  "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n";

/** The framework sends a client that doubles slashes to the path without them. */
function redirectToPath(path: string, { origin, query }: RequestContext["request"]): HttpReply {
  const to = `${origin}${path}${query === "" ? "" : `?${query}`}`;
  const link = to.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  const body = `<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n<p>You should be redirected automatically to the target URL: <a href="${link}">${link}</a>. If not, click the link.\n`;
  return { status: 308, body, headers: { ...HTML_TYPE, Location: to } };
}

const NOT_ALLOWED =
  "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n<h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested URL.</p>\n";

function answerUnmatched({ request }: RequestContext, methods: readonly string[]): HttpReply {
  if (request.path.includes("//")) return redirectToPath(request.path.replaceAll(/\/{2,}/g, "/"), request);
  if (methods.length === 0) return { status: 404, body: NO_ROUTE, headers: HTML_TYPE };
  const Allow = methods.join(", ");
  if (request.method === "OPTIONS") return { status: 200, body: "", headers: { ...HTML_TYPE, Allow } };
  const message = "The method is not allowed for the requested URL.";
  // The version documents are not resources of the framework.
  if (/^\/(v3\/?)?$/.test(request.path)) return { status: 405, body: NOT_ALLOWED, headers: { ...HTML_TYPE, Allow } };
  return json(405, { message }, { ...JSON_TYPE, Allow });
}
