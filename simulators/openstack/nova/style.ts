import { type HttpReply, json, type ReplyHeaders } from "../../kernel/index.ts";
import { microversionOf } from "../microversion.ts";
import { EVENTLET_FRONT } from "../python/http-server.ts";
import { Refusal, refuseWith } from "../refusal.ts";
import { BODY_BYTES_MAX, type Context, keystoneUnauthorized, type Style } from "../service.ts";
import { isUtf8, UNDECODABLE_PATH } from "../url.ts";
import { ERRED, errorPage, NO_ROUTE } from "../webob.ts";
import { addressOf, badRequest, checkProject, MICROVERSIONS, sentPath } from "./call.ts";

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

function fault({ status, type, message, extras }: Refusal): HttpReply {
  // A neighbour's refusal keeps its status; its word for it is that service's own.
  const name = type in FAULT_NAMES ? type : (FAULTS[status] ?? "computeFault");
  const headers = { "Content-Type": "application/json; charset=UTF-8", ...extras.headers };
  return json(status, { [name]: { code: status, message, ...extras.members } }, headers);
}

const FAULT_NAMES: Readonly<Record<string, true>> = {
  ...Object.fromEntries(Object.values(FAULTS).map((name) => [name, true] as const)),
  computeFault: true,
};

const media = (version: string): object[] => [
  { base: "application/json", type: `application/vnd.openstack.compute+json;version=${version}` },
];

/** The answer under an unknown version: a choice of known ones. */
function choices({ request }: Context): HttpReply {
  const path = sentPath(request);
  return json(300, {
    choices: [
      {
        id: "v2.0",
        status: "SUPPORTED",
        links: [{ rel: "self", href: `${request.origin}/v2${path}` }],
        "media-types": media("2"),
      },
      {
        id: "v2.1",
        status: "CURRENT",
        links: [{ rel: "self", href: `${request.origin}/v2.1${path}` }],
        "media-types": media("2.1"),
      },
    ],
  });
}

const isUnversioned = (context: Context): boolean => addressOf(sentPath(context.request)) === undefined;

function microversion(context: Context): string | undefined {
  const address = addressOf(sentPath(context.request));
  if (address?.version !== "v2.1") return undefined;
  try {
    return `2.${microversionOf(MICROVERSIONS, context.request.headers)}`;
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 406) return undefined;
    return /^Version (\S+)/.exec(error.message)?.[1];
  }
}

function headers(context: Context, reply: HttpReply): ReplyHeaders {
  const { requestId } = context;
  const ids = { "X-Openstack-Request-Id": requestId, "X-Compute-Request-Id": requestId };
  const version = reply.status === 401 ? undefined : microversion(context);
  if (version === undefined) return ids;
  return {
    "OpenStack-API-Version": `compute ${version}`,
    "X-OpenStack-Nova-API-Version": version,
    Vary: ["OpenStack-API-Version", "X-OpenStack-Nova-API-Version"],
    ...ids,
  };
}

export const STYLE: Style = {
  refuse: fault,
  unauthenticated: keystoneUnauthorized,
  unmatched: (context) => {
    if (isUnversioned(context)) return choices(context);
    if (context.request.method === "OPTIONS") return { status: 200, body: "" };
    const { method } = context.request;
    if (method === "HEAD")
      return { status: 404, headers: { "Content-Type": "text/html; charset=UTF-8", "Content-Length": "0" } };
    return errorPage(context.request, 404, NO_ROUTE);
  },
  headers,
  admit: (context) => {
    if (!isUtf8(context.request.path)) throw refuseWith(UNDECODABLE_PATH);
    if (!isUtf8(context.request.query)) throw badRequest("Query string is not UTF-8 encoded");
    checkProject(context);
  },
  crashed: () => fault(new Refusal(500, "computeFault", ERRED)),
  front: EVENTLET_FRONT,
  bodyBytesMax: BODY_BYTES_MAX,
  ignoresChunks: true,
  isOpen: (request) => addressOf(sentPath(request)) === undefined || request.method === "OPTIONS",
};

/** One version document. */
export function versionDocument(context: Context, id: "v2.0" | "v2.1", isFull: boolean): object {
  const isCurrent = id === "v2.1";
  const path = isCurrent ? "v2.1" : "v2";
  const self = { rel: "self", href: `${context.request.origin}/${path}/` };
  const described = { rel: "describedby", type: "text/html", href: "http://docs.openstack.org/" };
  return {
    id,
    status: isCurrent ? "CURRENT" : "SUPPORTED",
    version: isCurrent ? `2.${MICROVERSIONS.minorMax}` : "",
    min_version: isCurrent ? "2.1" : "",
    updated: isCurrent ? "2013-07-23T11:33:21Z" : "2011-01-21T11:33:21Z",
    links: isFull ? [self, described] : [self],
    ...(isFull && { "media-types": media(isCurrent ? "2.1" : "2") }),
  };
}
