import { type HttpReply, type HttpRequest, json } from "../../../kernel/index.ts";
import { EVENTLET_FRONT } from "../../python/http-server.ts";
import { Refusal, refuseWith } from "../../refusal.ts";
import { keystoneUnauthorized, type ServiceWire } from "../../service.ts";
import { isUtf8 } from "../../url.ts";
import { errorPage, explanation } from "../../webob.ts";
import { INTERNAL_ERROR, UNCOMPREHENDED } from "./errors.ts";

const neutronError = (status: number, type: string, message: string, headers = {}): HttpReply =>
  json(status, { NeutronError: { type, message, detail: "" } }, headers);

/** Only the paths of a version need authentication. */
const isVersioned = (path: string): boolean => /^\/v2\.0(\/|$)/.test(path);

/** How Neutron speaks: errors, unknown routes, headers. */
export const WIRE: ServiceWire = {
  refuse: ({ status, type, message, extras }) => neutronError(status, type, message, extras.headers),
  unauthenticated: keystoneUnauthorized,
  unmatched: ({ request }, allowed) => {
    if (request.path === "/" || request.path === "")
      return json(405, { code: 405, title: "Method Not Allowed", description: "" });
    if (!isVersioned(request.path)) return json(404, { code: 404, title: "Not Found", description: null });
    if (allowed.length === 0) return neutronError(404, "HTTPNotFound", "The resource could not be found.");
    const refusal = neutronError(405, "HTTPMethodNotAllowed", UNCOMPREHENDED);
    // For a HEAD, the length is sent but not the body.
    return request.method === "HEAD" ? { ...refusal, headers: { "Content-Length": "176" } } : refusal;
  },
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  isOpen: ({ path }) => !isVersioned(path),
  crashed: () => neutronError(500, "HTTPInternalServerError", INTERNAL_ERROR),
  front: EVENTLET_FRONT,
  ignoresChunks: true,
  admit: ({ request }) => {
    if (!isUtf8(request.path)) throw new Refusal(400, "HTTPBadRequest", UNCOMPREHENDED);
    if (!isUtf8(request.query)) throw refuseWith(errorPage(request, 400, explanation(UNCOMPREHENDED)));
    const accept = request.headers.accept ?? "*/*";
    if (request.path !== "/" && !/json|\*\/\*|application\/\*/.test(accept))
      throw new Refusal(406, "HTTPNotAcceptable", UNCOMPREHENDED);
  },
};

/** Methods that Neutron knows; it treats any other as GET. */
const METHODS = new Set(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]);

/** The request as Neutron routes it: paths may end in `.json` or a slash, and slashes may be doubled. */
export function normalise(request: HttpRequest): HttpRequest {
  // Empty segments don't count, but the version's own path is one with a slash.
  const path = request.path.replaceAll(/\/{2,}/g, "/").replace(/^(\/v2\.0\/.*[^/])\/$/, "$1");
  const hasSuffix = path.endsWith(".json") && !path.endsWith("/details.json");
  return {
    ...request,
    method: METHODS.has(request.method) ? request.method : "GET",
    path: hasSuffix ? path.slice(0, -".json".length) : path,
  };
}
