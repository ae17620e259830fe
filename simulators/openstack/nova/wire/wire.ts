import { type HttpReply, json, type ReplyHeaders } from "../../../kernel/index.ts";
import { Refusal, refuseWith } from "../../refusal.ts";
import { checkProject, parseAddress, pathOf } from "./address.ts";
import { badRequest } from "./errors.ts";
import { mediaTypes, MICROVERSIONS } from "./versions.ts";
import { EVENTLET_FRONT } from "../../python/http-server.ts";
import { microversionOf } from "../../microversion.ts";
import { BODY_BYTES_MAX, type RequestContext, keystoneUnauthorized, type ServiceWire } from "../../service.ts";
import { isUtf8, UNDECODABLE_PATH } from "../../url.ts";
import { ERRED, errorPage, NO_ROUTE } from "../../webob.ts";

const FAULTS: Readonly<Record<number, string>> = {
  400: "badRequest",
  403: "forbidden",
  404: "itemNotFound",
  405: "badMethod",
  409: "conflictingRequest",
  413: "overLimit",
  415: "badMediaType",
  429: "overLimit",
  501: "notImplemented",
  503: "serviceUnavailable",
};

function faultReply({ status, type, message, extras }: Refusal): HttpReply {
  // Another service's refusal keeps its status and that service's own name for it.
  const name = type in FAULT_NAMES ? type : (FAULTS[status] ?? "computeFault");
  const headers = { "Content-Type": "application/json; charset=UTF-8", ...extras.headers };
  return json(status, { [name]: { code: status, message, ...extras.members } }, headers);
}

const FAULT_NAMES: Readonly<Record<string, true>> = {
  ...Object.fromEntries(Object.values(FAULTS).map((name) => [name, true] as const)),
  computeFault: true,
};

/** The answer to an unknown version: a choice of known ones. */
function versionChoices({ request }: RequestContext): HttpReply {
  const path = pathOf(request);
  return json(300, {
    choices: [
      {
        id: "v2.0",
        status: "SUPPORTED",
        links: [{ rel: "self", href: `${request.origin}/v2${path}` }],
        "media-types": mediaTypes("2"),
      },
      {
        id: "v2.1",
        status: "CURRENT",
        links: [{ rel: "self", href: `${request.origin}/v2.1${path}` }],
        "media-types": mediaTypes("2.1"),
      },
    ],
  });
}

const isUnversioned = (context: RequestContext): boolean => parseAddress(pathOf(context.request)) === undefined;

function shownMicroversion(context: RequestContext): string | undefined {
  const address = parseAddress(pathOf(context.request));
  if (address?.version !== "v2.1") return undefined;
  try {
    return `2.${microversionOf(MICROVERSIONS, context.request.headers)}`;
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 406) return undefined;
    return /^Version (\S+)/.exec(error.message)?.[1];
  }
}

function replyHeaders(context: RequestContext, reply: HttpReply): ReplyHeaders {
  const { requestId } = context;
  const ids = { "X-Openstack-Request-Id": requestId, "X-Compute-Request-Id": requestId };
  const version = reply.status === 401 ? undefined : shownMicroversion(context);
  if (version === undefined) return ids;
  return {
    "OpenStack-API-Version": `compute ${version}`,
    "X-OpenStack-Nova-API-Version": version,
    Vary: ["OpenStack-API-Version", "X-OpenStack-Nova-API-Version"],
    ...ids,
  };
}

/** How Nova speaks (docs/discoveries/openstack.md, "What differs per service"). */
export const WIRE: ServiceWire = {
  refuse: faultReply,
  unauthenticated: keystoneUnauthorized,
  unmatched: (context) => {
    if (isUnversioned(context)) return versionChoices(context);
    if (context.request.method === "OPTIONS") return { status: 200, body: "" };
    const { method } = context.request;
    if (method === "HEAD")
      return { status: 404, headers: { "Content-Type": "text/html; charset=UTF-8", "Content-Length": "0" } };
    return errorPage(context.request, 404, NO_ROUTE);
  },
  headers: replyHeaders,
  admit: (context) => {
    if (!isUtf8(context.request.path)) throw refuseWith(UNDECODABLE_PATH);
    if (!isUtf8(context.request.query)) throw badRequest("Query string is not UTF-8 encoded");
    checkProject(context);
  },
  crashed: () => faultReply(new Refusal(500, "computeFault", ERRED)),
  front: EVENTLET_FRONT,
  readsPathAsLatin1: true,
  bodyBytesMax: BODY_BYTES_MAX,
  ignoresChunks: true,
  isOpen: (request) => parseAddress(pathOf(request)) === undefined || request.method === "OPTIONS",
};
