import { type HttpReply, type HttpRequest, json } from "../../../kernel/index.ts";
import { EVENTLET_FRONT } from "../../python/http-server.ts";
import { Refusal, refuseWith } from "../../refusal.ts";
import { keystoneUnauthorized, type ServiceWire } from "../../service.ts";
import { isUtf8 } from "../../url.ts";
import { errorPage, explanation } from "../../webob.ts";
import { INTERNAL_ERROR } from "./errors.ts";

const UNCOMPREHENDED =
  "The server could not comply with the request since it is either malformed or otherwise incorrect.";

const neutronError = (status: number, type: string, message: string, headers = {}): HttpReply =>
  json(status, { NeutronError: { type, message, detail: "" } }, headers);

/** How Neutron speaks: errors, unknown routes, headers. */
export const WIRE: ServiceWire = {
  refuse: ({ status, type, message, extras }) => neutronError(status, type, message, extras.headers),
  unauthenticated: keystoneUnauthorized,
  unmatched: ({ request }, allowed) => {
    if (!request.path.startsWith("/v2.0")) return json(404, { code: 404, title: "Not Found", description: null });
    if (allowed.length === 0) return neutronError(404, "HTTPNotFound", "The resource could not be found.");
    const refusal = neutronError(405, "HTTPMethodNotAllowed", UNCOMPREHENDED);
    // For a HEAD, the length is sent but not the body.
    return request.method === "HEAD" ? { ...refusal, headers: { "Content-Length": "176" } } : refusal;
  },
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  isOpen: (request) => request.path === "/" || request.path === "",
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

/** The request as Neutron routes it: paths may end in `.json`. */
export function normalise(request: HttpRequest): HttpRequest {
  const { path } = request;
  const hasSuffix = path.endsWith(".json") && !path.endsWith("/details.json");
  return {
    ...request,
    method: METHODS.has(request.method) ? request.method : "GET",
    path: hasSuffix ? path.slice(0, -".json".length) : path,
  };
}
