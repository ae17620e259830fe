import {
  defineService,
  type Front,
  isDeeper,
  JSON_DEPTH_MAX,
  type HttpReply,
  type HttpRequest,
  queryOf,
  type ReplyHeaders,
  type Service,
  type Unread,
  type Upload,
} from "../kernel/index.ts";
import type { Actor, Cloud, ServiceName } from "./cloud.ts";
import { isWithinRules } from "./access-rules.ts";
import { Refusal, refuseWith } from "./refusal.ts";
import { errorPage, explanation } from "./webob.ts";

/** A request as a handler sees it. */
export interface RequestContext {
  readonly cloud: Cloud;
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** `req-` and a UUID; sent in the headers. */
  readonly requestId: string;
  /** The caller; `ANONYMOUS` on an open route (version documents) without a valid token. */
  readonly actor: Actor;
}

/** A route of one of the cloud's APIs. */
export interface OpenStackRoute {
  readonly method: string;
  readonly path: string;
  readonly handler: (context: RequestContext) => HttpReply;
  /** Whether it answers without a token. */
  readonly open?: boolean;
  readonly upload?: Upload;
  readonly clients?: readonly string[];
}

/** A line of a service's table of routes: its handler also gets the subject, which is what the service works with. */
type RouteEntry<S> = readonly [
  method: string,
  path: string,
  handler: (subject: S, context: RequestContext) => HttpReply,
  options?: Omit<OpenStackRoute, "method" | "path" | "handler">,
];

/** The routes of a table, for one subject. */
export const bindRoutes = <S>(subject: S, table: readonly RouteEntry<S>[]): readonly OpenStackRoute[] =>
  table.map(([method, path, handler, options]) => ({
    method,
    path,
    handler: (context) => handler(subject, context),
    ...options,
  }));

/** How a service speaks: its error bodies, headers and limits (docs/discoveries/openstack.md, "What differs per service"). */
export interface ServiceWire {
  /** The error body. */
  refuse(refusal: Refusal, context: RequestContext): HttpReply;
  /** The answer if there is no valid token. */
  unauthenticated(context: RequestContext): HttpReply;
  /** The answer if no route matches; `allowed` are the path's methods. Called after authentication. */
  unmatched(context: RequestContext, allowed: readonly string[]): HttpReply;
  /** Headers of each reply: request ids, Vary, microversion. The reply's own take precedence. */
  headers(context: RequestContext, reply: HttpReply): ReplyHeaders;
  /** The answer to an error of its own: a handler that throws, a body too deep for its parser. */
  crashed(context: RequestContext): HttpReply;
  /** The answer if the client leaves in the middle of its body. Default: `crashed`, as in most services. */
  cut?(context: RequestContext): HttpReply;
  /** The HTTP server on which it runs. */
  readonly front: Front;
  /** Bytes of a body beyond which the size limit in front of the service refuses. Default: 16 MiB, a limit of our own. */
  readonly bodyBytesMax?: number;
  /** Whether it treats a chunked body as empty (as recorded: its framework reads as many bytes as the length says). */
  readonly ignoresChunks?: boolean;
  /** Whether its router takes each byte of a path for a character, so that a name in UTF-8 comes apart (as recorded). */
  readonly readsPathAsLatin1?: boolean;
  /** Runs before the handler, after authentication: microversion, project in the path. Throws `Refusal`. */
  admit?(context: RequestContext): void;
  /** Whether this request needs no token even if no route matches. Default: it does need one. */
  isOpen?(request: HttpRequest): boolean;
  /** The token of a request. Default: the value of X-Auth-Token. */
  token?(request: HttpRequest): string | undefined;
}

/** `max_request_body_size` of the filter that most services have in front. */
export const BODY_BYTES_MAX = 114_688;

/** A caller without a valid token. */
export const ANONYMOUS: Actor = {
  token: "",
  userId: "",
  userName: "",
  userDomainId: "",
  projectId: "",
  projectName: "",
  projectDomainId: "",
  domainId: "",
  roles: [],
  isAdmin: false,
};

/** One of the cloud's APIs, made of its routes and its wire. */
export function openStackService(
  cloud: Cloud,
  name: ServiceName,
  wire: ServiceWire,
  routes: readonly OpenStackRoute[],
): Service {
  const answered = new WeakSet<HttpReply>();
  const answer = (
    context: RequestContext,
    isOpen: boolean,
    work: (context: RequestContext) => HttpReply,
  ): HttpReply => {
    const reply = addHeaders(wire, context, answerSafely(wire, context, isOpen, work));
    answered.add(reply);
    return reply;
  };
  const service = defineService({
    name,
    kernel: cloud.kernel,
    sim: cloud,
    routes: routes.map(({ handler, open = false, ...route }) => ({
      ...route,
      auth: open ? "none" : "token",
      handler: (_cloud: Cloud, request: HttpRequest) => answer(contextOf(cloud, name, request, wire), open, handler),
    })),
    unmatched: (_cloud, request, allowed) =>
      answer(contextOf(cloud, name, request, wire), wire.isOpen?.(request) ?? false, (context) =>
        wire.unmatched(context, allowed),
      ),
    crashed: (_cloud, request) =>
      answer(contextOf(cloud, name, request, wire), true, (context) => wire.crashed(context)),
    unread: (_cloud, request, why) =>
      answer({ ...contextOf(cloud, name, request, wire), params: {} }, true, (context) =>
        unreadReply(wire, context, why),
      ),
    front: wire.front,
    bodyBytesMax: wire.bodyBytesMax ?? OURS_BYTES_MAX,
    // A reply made by a fault has not passed through `answer`.
    after: (_cloud, request, reply) =>
      answered.has(reply) ? reply : addHeaders(wire, contextOf(cloud, name, request, wire), reply),
  });
  return readAsPython(service, wire);
}

/** The service behind a Python server, which decodes slashes of paths first and may not read chunks. */
function readAsPython(service: Service, wire: ServiceWire): Service {
  const read = (request: HttpRequest): HttpRequest => decodeSlashes(wire.ignoresChunks ? dropChunks(request) : request);
  return {
    ...service,
    unread: (request, why) => {
      const isChunked = request.headers["transfer-encoding"]?.toLowerCase() === "chunked";
      const isNone = hasOnlyChunks(request) && wire.cut === undefined && (wire.ignoresChunks === true || !isChunked);
      if (why === "too-large" || !isNone) return service.unread(request, why);
      // A body that it does not read can't be cut short.
      const answered = service.receive(decodeSlashes(dropChunks(request)));
      return "status" in answered ? answered : service.unread(request, why);
    },
    uploadOf: (method, path) => service.uploadOf(method, path.replaceAll(/%2f/gi, "/")),
    call: (request) => service.call(read(request)),
    receive: (request) => service.receive(read(request)),
  };
}

/** Python's servers decode a path before it is routed: an escaped slash is one. */
const decodeSlashes = (request: HttpRequest): HttpRequest => ({
  ...request,
  path: request.path.replaceAll(/%2f/gi, "/"),
});

const OURS_BYTES_MAX = 16 * 1024 * 1024;

const hasOnlyChunks = ({ headers }: HttpRequest): boolean =>
  headers["transfer-encoding"] !== undefined && headers["content-length"] === undefined;

const dropChunks = (request: HttpRequest): HttpRequest => (hasOnlyChunks(request) ? { ...request, body: "" } : request);

function unreadReply(wire: ServiceWire, context: RequestContext, why: Unread): HttpReply {
  if (why === "cut") return wire.cut?.(context) ?? wire.crashed(context);
  const text = `Request is too large. Larger than max_request_body_size (${wire.bodyBytesMax ?? OURS_BYTES_MAX}).`;
  return errorPage(context.request, 413, explanation(text));
}

/** The size limit comes before authentication; in process nothing else counts the bytes. */
function refuseLong(wire: ServiceWire, context: RequestContext): void {
  if (context.request.body.length > (wire.bodyBytesMax ?? OURS_BYTES_MAX))
    throw refuseWith(unreadReply(wire, context, "too-large"));
}

function contextOf(cloud: Cloud, name: ServiceName, request: HttpRequest, wire: ServiceWire): RequestContext {
  const token = wire.token === undefined ? request.headers["x-auth-token"] : wire.token(request);
  const actor = token ? cloud.identity.actor(token) : undefined;
  return {
    cloud,
    request,
    params: wire.readsPathAsLatin1 ? inLatin1(request.params) : request.params,
    query: queryOf(request),
    requestId: `req-${cloud.uuid("requests")}`,
    actor: actor !== undefined && isWithinRules(actor, cloud.profile, name, request) ? actor : ANONYMOUS,
  };
}

const inLatin1 = (params: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.values(params).some((value) => /[^\0-\x7f]/.test(value))
    ? Object.fromEntries(Object.entries(params).map(([name, value]) => [name, Buffer.from(value).toString("latin1")]))
    : params;

function answerSafely(
  wire: ServiceWire,
  context: RequestContext,
  isOpen: boolean,
  work: (context: RequestContext) => HttpReply,
): HttpReply {
  try {
    refuseLong(wire, context);
    if (!isOpen && context.actor === ANONYMOUS) return wire.unauthenticated(context);
    wire.admit?.(context);
    if (isDeeper(context.request.body, JSON_DEPTH_MAX)) return wire.crashed(context);
    return work(context);
  } catch (error) {
    if (error instanceof Refusal) return error.extras.reply ?? wire.refuse(error, context);
    throw error;
  }
}

function addHeaders(wire: ServiceWire, context: RequestContext, reply: HttpReply): HttpReply {
  return { ...reply, headers: { ...wire.headers(context, reply), ...reply.headers } };
}

/** The answer of the shared authentication middleware: Keystone's envelope, whatever the service. */
export function keystoneUnauthorized(context: RequestContext): HttpReply {
  return {
    status: 401,
    headers: {
      "Content-Type": "application/json",
      "WWW-Authenticate": `Keystone uri="${context.cloud.root("identity", context.request)}"`,
    },
    json: {
      error: { code: 401, title: "Unauthorized", message: "The request you have made requires authentication." },
    },
  };
}
