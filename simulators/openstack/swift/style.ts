import type { HttpReply } from "../../kernel/index.ts";
import { SWIFT_FRONT } from "../python/http-server.ts";
import { Refusal, refuseWith } from "../refusal.ts";
import type { Context, Style } from "../service.ts";
import { isUtf8 } from "../url.ts";
import { HTML } from "./state.ts";

const page = (title: string, text: string): string => `<html><h1>${title}</h1><p>${text}</p></html>`;

const PAGES: Readonly<Record<number, string>> = {
  202: page("Accepted", "The request is accepted for processing."),
  400: page(
    "Bad Request",
    "The server could not comply with the request since it is either malformed or otherwise incorrect.",
  ),
  401: page(
    "Unauthorized",
    "This server could not verify that you are authorized to access the document you requested.",
  ),
  403: page("Forbidden", "Access was denied to this resource."),
  404: page("Not Found", "The resource could not be found."),
  405: page("Method Not Allowed", "The method is not allowed for this resource."),
  409: page("Conflict", "There was a conflict when trying to complete your request."),
  412: page("Precondition Failed", "A precondition for this request was not met."),
  416: page("Requested Range Not Satisfiable", "The Range requested is not available."),
  499: page("Client Disconnect", "The client was disconnected during request."),
  422: page("Unprocessable Entity", "Unable to process the contained instructions"),
};

/** A HEAD is answered without the page, and Swift says so in its length. */
export function paged({ request }: Pick<Context, "request">, status: number, headers = {}, body?: string): HttpReply {
  if (request.method === "HEAD") return { status, headers: { ...HTML, "Content-Length": "0", ...headers } };
  return { status, body: body || (PAGES[status] ?? ""), headers: { ...HTML, ...headers } };
}

export const accepted = (context: Context): HttpReply => paged(context, 202);

export function unauthorized(context: Context): HttpReply {
  const { cloud, request, params } = context;
  return paged(context, 401, {
    "WWW-Authenticate": [
      `Swift realm="${params.account ?? "unknown"}"`,
      `Keystone uri="${cloud.root("identity", request)}"`,
    ],
  });
}

export const ALLOW = "HEAD, POST, GET, OPTIONS, PUT, DELETE";

/** Only `/v1/<account>…` leads anywhere. */
function nowhere(context: Context): HttpReply {
  const [, version = "", account = ""] = context.request.path.split("/");
  if (version === "") return paged(context, 404);
  if (account === "") return paged(context, 412, {}, "Bad URL");
  return paged(context, version === "v1" || version === "v1.0" ? 404 : 400);
}

/** The first parameter whose value is no UTF-8 is named. */
function notUtf8(context: Context, names: readonly string[]): HttpReply {
  const wrong = names.find((name) => context.query.getAll(name).some((value) => value.includes("\ufffd"))) ?? names[0];
  return paged(context, 400, { "Content-Type": "text/plain" }, `"${wrong}" parameter not valid UTF-8`);
}

export const STYLE: Style = {
  refuse: ({ status, message, extras }, context) => paged(context, status, extras.headers, message),
  unauthenticated: unauthorized,
  unmatched: (context, allowed) => (allowed.length > 0 ? paged(context, 405, { Allow: ALLOW }) : nowhere(context)),
  headers: ({ requestId }) => {
    const id = `tx${requestId.slice("req-".length).replaceAll("-", "").slice(0, 21)}-${requestId.slice(-10)}`;
    return { "X-Trans-Id": id, "X-Openstack-Request-Id": id };
  },
  crashed: () => ({ status: 500, headers: { "Content-Type": "text/plain" }, body: "An error occurred" }),
  cut: (context) => {
    const coding = context.request.headers["transfer-encoding"] ?? "chunked";
    if (coding.toLowerCase() === "chunked") return paged(context, 499);
    return paged(context, 400, { "Content-Type": "text/plain" }, "Invalid Transfer-Encoding header value");
  },
  front: SWIFT_FRONT,
  admit: (context) => {
    const { request, query } = context;
    if (!isUtf8(request.path) || request.path.includes("%00"))
      throw refuseWith(paged(context, 412, { "Content-Type": "text/plain" }, "Invalid UTF8 or contains NULL"));
    if (!isUtf8(request.query)) throw refuseWith(notUtf8(context, [...query.keys()]));
  },
  // Who may do what depends on the container: access.ts decides.
  isOpen: () => true,
};

export const refused = (status: number): Refusal => new Refusal(status, "", "");
