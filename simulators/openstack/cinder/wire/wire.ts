import { json } from "../../../kernel/index.ts";
import { badRequest, MALFORMED } from "./errors.ts";
import { HTML } from "./replies.ts";
import { shownVersion } from "./versions.ts";
import { EVENTLET_FRONT } from "../../python/http-server.ts";
import { refuseWith } from "../../refusal.ts";
import { BODY_BYTES_MAX, keystoneUnauthorized, type ServiceWire } from "../../service.ts";
import { isUtf8, UNDECODABLE_PATH } from "../../url.ts";
import { ERRED, errorPage, NO_ROUTE } from "../../webob.ts";

const FAULTS: Readonly<Record<number, string>> = {
  400: "badRequest",
  403: "forbidden",
  404: "itemNotFound",
  409: "conflictingRequest",
  413: "overLimit",
  415: "badMediaType",
  501: "notImplemented",
};
/** How Cinder speaks (docs/discoveries/openstack.md, "What differs per service"). */
export const WIRE: ServiceWire = {
  refuse: ({ status, message, extras }) =>
    json(
      status,
      { [FAULTS[status] ?? "computeFault"]: { code: status, message, ...extras.members } },
      extras.headers ?? {},
    ),
  unauthenticated: keystoneUnauthorized,
  unmatched: ({ request }) =>
    request.method === "OPTIONS"
      ? { status: 200, body: "" }
      : request.method === "HEAD"
        ? { status: 404, headers: { "Content-Type": HTML, "Content-Length": "0" } }
        : errorPage(request, 404, NO_ROUTE),
  headers: ({ requestId, request }) => ({
    "OpenStack-API-Version": `volume ${shownVersion(request.headers)}`,
    Vary: "OpenStack-API-Version",
    "X-Compute-Request-Id": requestId,
    "X-Openstack-Request-Id": requestId,
  }),
  crashed: () => json(500, { computeFault: { code: 500, message: ERRED } }),
  front: EVENTLET_FRONT,
  readsPathAsLatin1: true,
  bodyBytesMax: BODY_BYTES_MAX,
  ignoresChunks: true,
  admit: ({ params, actor, request }) => {
    checkVersionHeader(request.headers["openstack-api-version"]);
    if (!isUtf8(request.path)) throw refuseWith(UNDECODABLE_PATH);
    if (!isUtf8(request.query)) throw badRequest(UNDECODABLE);
    if (params.project !== undefined && params.project !== actor.projectId) throw badRequest("Malformed request url");
  },
  // Nothing outside /v3 is known.
  isOpen: ({ path, method }) => !/^\/v3(\/|$)/.test(path) || method === "OPTIONS",
};

/** A header of versions that does not name this service is refused. @throws Refusal 400 */
function checkVersionHeader(header: string | undefined): void {
  if (header === undefined) return;
  const own = header.split(",").find((part) => part.includes("volume"));
  if (own === undefined) throw badRequest(MALFORMED);
}

const UNDECODABLE =
  "Error decoding your request. Either the URL or the request body contained characters that could not be decoded by Cinder.";
