import { bodyJson, type HttpReply } from "../../../kernel/index.ts";
import { GLANCE_FRONT } from "../../python/http-server.ts";
import { Refusal, refuseWith } from "../../refusal.ts";
import type { RequestContext, ServiceWire } from "../../service.ts";
import { isUtf8, UNDECODABLE_PATH } from "../../url.ts";
import { ERRED, errorPage, explanation, NO_ROUTE } from "../../webob.ts";
import { versionsReply } from "./versions.ts";

/*
 * Errors are pages of the web framework. `members.detail` of a refusal is the second paragraph, `members.page` a whole body for errors
 * that have a page of their own.
 */

const pageOf = ({ message, extras }: Refusal): string => {
  const { page, detail } = extras.members ?? {};
  return typeof page === "string" ? page : `${message}<br /><br />\n${typeof detail === "string" ? detail : ""}\n\n`;
};

const UNAUTHORIZED =
  "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.<br /><br />\n\n\n";

const isVersioned = (path: string): boolean => path === "/v2" || path.startsWith("/v2/");

function answerUnmatched(context: RequestContext, allowed: readonly string[]): HttpReply {
  const { request } = context;
  if (!isVersioned(request.path)) return versionsReply(context, 300);
  if (allowed.length === 0) return errorPage(context.request, 404, NO_ROUTE);
  const allow = { Allow: allowed.join(", ") };
  if (request.method === "HEAD")
    return {
      status: 405,
      headers: { "Content-Type": "text/html; charset=UTF-8", "Content-Length": "0", ...allow },
    };
  // The body is read before the method is considered.
  if (request.body.length > 0 && !bodyJson(request).ok)
    return errorPage(context.request, 400, explanation("Malformed JSON in request body."));
  return errorPage(
    context.request,
    405,
    `The method ${request.method} is not allowed for this resource. <br /><br />\n`,
    allow,
  );
}

/** How Glance speaks: pages of webob for errors (docs/discoveries/openstack.md, "What differs per service"). */
export const WIRE: ServiceWire = {
  refuse: (refusal, context) => errorPage(context.request, refusal.status, pageOf(refusal), refusal.extras.headers),
  unauthenticated: (context) =>
    errorPage(context.request, 401, UNAUTHORIZED, {
      "WWW-Authenticate": `Keystone uri="${context.cloud.root("identity", context.request)}"`,
    }),
  unmatched: answerUnmatched,
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  isOpen: ({ path }) => !isVersioned(path),
  crashed: (context) => errorPage(context.request, 500, explanation(ERRED)),
  front: GLANCE_FRONT,
  admit: ({ request }) => {
    if (!isUtf8(request.path)) throw refuseWith(UNDECODABLE_PATH);
    if (!isUtf8(request.query)) throw new Refusal(400, "", UNDECODABLE);
  },
};

const UNDECODABLE =
  "Error decoding your request. Either the URL or the request body contained characters that could not be decoded by Glance";
