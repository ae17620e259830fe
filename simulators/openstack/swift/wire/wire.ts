import type { HttpReply } from "../../../kernel/index.ts";
import { SWIFT_FRONT } from "../../python/http-server.ts";
import { refuseWith } from "../../refusal.ts";
import type { RequestContext, ServiceWire } from "../../service.ts";
import { isUtf8 } from "../../url.ts";
import { HTML } from "./headers.ts";

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

/** A reply with Swift's page of the status, or another body. To a HEAD it has no body and a length of 0. */
export function pageReply(
  { request }: Pick<RequestContext, "request">,
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  body?: string,
): HttpReply {
  if (request.method === "HEAD") return { status, headers: { ...HTML, "Content-Length": "0", ...headers } };
  return { status, body: body || (PAGES[status] ?? ""), headers: { ...HTML, ...headers } };
}

/** 202. */
export const acceptedReply = (context: RequestContext): HttpReply => pageReply(context, 202);

/** 401: the challenge to a request without an identity. */
export function unauthorizedReply(context: RequestContext): HttpReply {
  const { cloud, request, params } = context;
  return pageReply(context, 401, {
    "WWW-Authenticate": [
      `Swift realm="${params.account ?? "unknown"}"`,
      `Keystone uri="${cloud.root("identity", request)}"`,
    ],
  });
}

/** The methods that Swift claims to allow, whatever the path. */
export const ALLOW = "HEAD, POST, GET, OPTIONS, PUT, DELETE";

/** Only `/v1/<account>…` leads anywhere. */
function unknownPathReply(context: RequestContext): HttpReply {
  const [, version = "", account = ""] = context.request.path.split("/");
  if (version === "" && account !== "") return pageReply(context, 412, {}, "Bad URL");
  if (version === "") return pageReply(context, 404);
  if (account === "") return pageReply(context, 412, {}, "Bad URL");
  return pageReply(context, version === "v1" || version === "v1.0" ? 404 : 400);
}

/** The refusal names the first parameter whose value is not UTF-8. */
function undecodableReply(context: RequestContext, names: readonly string[]): HttpReply {
  const wrong = names.find((name) => context.query.getAll(name).some((value) => value.includes("\ufffd"))) ?? names[0];
  return pageReply(context, 400, { "Content-Type": "text/plain" }, `"${wrong}" parameter not valid UTF-8`);
}

/** How Swift speaks: pages of HTML, transaction ids (docs/discoveries/openstack.md, "What differs per service"). */
export const WIRE: ServiceWire = {
  refuse: ({ status, message, extras }, context) => pageReply(context, status, extras.headers, message),
  unauthenticated: unauthorizedReply,
  unmatched: (context, allowed) =>
    allowed.length > 0 ? pageReply(context, 405, { Allow: ALLOW }) : unknownPathReply(context),
  headers: ({ requestId }) => {
    const id = `tx${requestId.slice("req-".length).replaceAll("-", "").slice(0, 21)}-${requestId.slice(-10)}`;
    return { "X-Trans-Id": id, "X-Openstack-Request-Id": id };
  },
  crashed: () => ({ status: 500, headers: { "Content-Type": "text/plain" }, body: "An error occurred" }),
  cut: (context) => {
    const coding = context.request.headers["transfer-encoding"] ?? "chunked";
    if (coding.toLowerCase() === "chunked") return pageReply(context, 499);
    return pageReply(context, 400, { "Content-Type": "text/plain" }, "Invalid Transfer-Encoding header value");
  },
  front: SWIFT_FRONT,
  admit: (context) => {
    const { request, query } = context;
    if (!isUtf8(request.path) || request.path.includes("%00"))
      throw refuseWith(pageReply(context, 412, { "Content-Type": "text/plain" }, "Invalid UTF8 or contains NULL"));
    if (/^\/v1\/[^/]+\/\//.test(request.path)) throw refuseWith(pageReply(context, 412, {}, "Bad URL"));
    if (!isUtf8(request.query)) throw refuseWith(undecodableReply(context, [...query.keys()]));
  },
  // Rights depend on the container: `behaviour/access.ts` decides.
  isOpen: () => true,
};
