import { bodyJson, type HttpReply, json } from "../../kernel/index.ts";
import { Refusal } from "../common/refusal.ts";
import type { Context, Style } from "../common/service.ts";

/*
 * Errors are pages of the web framework: JSON, HTML or plain text, by what the client accepts. `members.detail` of a refusal is
 * the second paragraph, `members.page` a whole body for errors that have a page of their own.
 */

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Request Entity Too Large",
  415: "Unsupported Media Type",
  416: "Request Range Not Satisfiable",
  500: "Internal Server Error",
  501: "Not Implemented",
};

const stripped = (page: string): string =>
  page
    .replaceAll("\n", " ")
    .replaceAll(/<br\s*\/?>/g, "\n")
    .replaceAll(/<[^>]+>/g, "");

function error(
  { request }: Context,
  status: number,
  page: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  const title = TITLES[status] ?? "Error";
  const code = `${status} ${title}`;
  const accept = request.headers.accept ?? "";
  if (accept.includes("application/json")) return json(status, { message: page, code, title }, headers);
  if (accept.includes("text/html") || accept.includes("*/*")) {
    const body = `<html>\n <head>\n  <title>${code}</title>\n </head>\n <body>\n  <h1>${code}</h1>\n  ${page}\n </body>\n</html>`;
    return { status, body, headers: { "Content-Type": "text/html; charset=UTF-8", ...headers } };
  }
  const body = `${code}\n\n${stripped(page)}`;
  return { status, body, headers: { "Content-Type": "text/plain; charset=UTF-8", ...headers } };
}

const pageOf = ({ message, extras }: Refusal): string => {
  const { page, detail } = extras.members ?? {};
  return typeof page === "string" ? page : `${message}<br /><br />\n${typeof detail === "string" ? detail : ""}\n\n`;
};

const UNAUTHORIZED =
  "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.<br /><br />\n\n\n";

const IDS = ["v2.15", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"];

export function versions({ cloud, request }: Context, status: number): HttpReply {
  const links = [{ rel: "self", href: `${cloud.root("image", request)}/v2/` }];
  const each = IDS.map((id, at) => ({ id, status: at === 0 ? "CURRENT" : "SUPPORTED", links }));
  return json(status, { versions: each });
}

const isVersioned = (path: string): boolean => path === "/v2" || path.startsWith("/v2/");

function unmatched(context: Context, allowed: readonly string[]): HttpReply {
  const { request } = context;
  if (!isVersioned(request.path)) return versions(context, 300);
  if (allowed.length === 0) return error(context, 404, "The resource could not be found.<br /><br />\n\n\n");
  const allow = { Allow: allowed.join(", ") };
  if (request.method === "HEAD")
    return {
      status: 405,
      headers: { "Content-Type": "text/html; charset=UTF-8", "Content-Length": "0", ...allow },
    };
  // The body is read before the method is looked at.
  if (request.body.length > 0 && !bodyJson(request).ok)
    return error(context, 400, "Malformed JSON in request body.<br /><br />\n\n\n");
  return error(context, 405, `The method ${request.method} is not allowed for this resource. <br /><br />\n`, allow);
}

export const STYLE: Style = {
  refuse: (refusal, context) => error(context, refusal.status, pageOf(refusal), refusal.extras.headers),
  unauthenticated: (context) =>
    error(context, 401, UNAUTHORIZED, {
      "WWW-Authenticate": `Keystone uri="${context.cloud.root("identity", context.request)}"`,
    }),
  unmatched,
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  isOpen: ({ path }) => !isVersioned(path),
};

/** @throws Refusal 415 when the body is of another type */
export function needType({ request }: Context, types: readonly string[], headers = {}): void {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (types.includes(type)) return;
  const page = `The request media type ${type} is not supported by this server.\n<br /><br />\n`;
  throw new Refusal(415, "", "", { members: { page }, headers });
}

/** The body as JSON. @throws Refusal 400 */
export function bodyOf({ request }: Context): unknown {
  if (request.body.length === 0) throw new Refusal(400, "", "Body expected in request.");
  const body = bodyJson(request);
  if (!body.ok) throw new Refusal(400, "", "Malformed JSON in request body.");
  if (typeof body.value !== "object" || body.value === null)
    throw new Refusal(400, "", "Unexpected body type. Expected list/dict.");
  return body.value;
}

export const emptied = (status: number): HttpReply => ({
  status,
  body: "",
  headers: { "Content-Type": "text/html; charset=UTF-8" },
});

/** Refuses what is not modelled, in this service's own error form. */
export const notSimulated = (what: string): Refusal => new Refusal(501, "", `not simulated: ${what}`);
