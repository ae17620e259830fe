import {
  bodyJson,
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
import { Refusal, refuseWith } from "./refusal.ts";
import { errorPage, explained } from "./webob.ts";

/** What a handler knows of a request. */
export interface Context {
  readonly cloud: Cloud;
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** `req-` and a UUID; goes out in the headers. */
  readonly requestId: string;
  /** Who calls. On an open route (version documents) without a valid token: `ANONYMOUS`. */
  readonly actor: Actor;
}

/** A route of one of the cloud's APIs. */
export interface OpenStackRoute {
  readonly method: string;
  readonly path: string;
  readonly handler: (context: Context) => HttpReply;
  /** Answers without a token too. */
  readonly open?: boolean;
  readonly upload?: Upload;
  readonly clients?: readonly string[];
}

/** A line of a service's table of routes: its handler also gets the subject, which is what the service works with. */
type RouteEntry<S> = readonly [
  method: string,
  path: string,
  handler: (subject: S, context: Context) => HttpReply,
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

/** How a service speaks (docs/discoveries/openstack.md, "What differs per service"). */
export interface Style {
  /** The error body. */
  refuse(refusal: Refusal, context: Context): HttpReply;
  /** No token, or one that does not hold. */
  unauthenticated(context: Context): HttpReply;
  /** No such route; `allowed` are the methods the path knows. Asked after authentication. */
  unmatched(context: Context, allowed: readonly string[]): HttpReply;
  /** Headers on each reply: request ids, Vary, microversion. The reply's own win. */
  headers(context: Context, reply: HttpReply): ReplyHeaders;
  /** What it says when it trips over itself: a handler that throws, a body too deep for its parser. */
  crashed(context: Context): HttpReply;
  /** The client went away in the middle of its body. Default: as `crashed`, which is what most services say. */
  cut?(context: Context): HttpReply;
  /** The server it stands on. */
  readonly front: Front;
  /** Bytes of a body from which the size limit in front of the service refuses. Default 16 MiB, which is ours. */
  readonly bodyBytesMax?: number;
  /** A body in chunks without a length is none to it (as recorded: its framework reads as many bytes as the length says). */
  readonly ignoresChunks?: boolean;
  /** Runs before the handler, after authentication: microversion, project in the path. Throws `Refusal`. */
  admit?(context: Context): void;
  /** Open also where no route matches (the paths answer without a token). */
  isOpen?(request: HttpRequest): boolean;
  /** What a refusal by authentication looks at instead of X-Auth-Token. Default that header. */
  token?(request: HttpRequest): string | undefined;
}

/** `max_request_body_size` of the filter that most services have in front. */
export const BODY_BYTES_MAX = 114_688;

/**
 * Arrays and objects within each other that Python's JSON parser takes: its recursion limit of 1000, less what the service itself uses.
 * Beyond it each service trips over itself (recorded of Cinder and Neutron).
 */

/** Who calls without a token that holds. */
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

/** Makes one of the cloud's APIs from its routes and its style. */
export function openStackService(
  cloud: Cloud,
  name: ServiceName,
  style: Style,
  routes: readonly OpenStackRoute[],
): Service {
  const answered = new WeakSet<HttpReply>();
  const answer = (context: Context, isOpen: boolean, work: (context: Context) => HttpReply): HttpReply => {
    const reply = withStyleHeaders(style, context, answerSafely(style, context, isOpen, work));
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
      handler: (_cloud: Cloud, request: HttpRequest) => answer(contextOf(cloud, request, style), open, handler),
    })),
    unmatched: (_cloud, request, allowed) =>
      answer(contextOf(cloud, request, style), style.isOpen?.(request) ?? false, (context) =>
        style.unmatched(context, allowed),
      ),
    crashed: (_cloud, request) => answer(contextOf(cloud, request, style), true, (context) => style.crashed(context)),
    unread: (_cloud, request, why) =>
      answer({ ...contextOf(cloud, request, style), params: {} }, true, (context) => unreadReply(style, context, why)),
    front: style.front,
    bodyBytesMax: style.bodyBytesMax ?? OURS_BYTES_MAX,
    // A reply that a fault made has not been through `answer`.
    after: (_cloud, request, reply) =>
      answered.has(reply) ? reply : withStyleHeaders(style, contextOf(cloud, request, style), reply),
  });
  return readAsPython(service, style);
}

/** The service behind a server of Python's: it decodes slashes of paths first, and may not read chunks. */
function readAsPython(service: Service, style: Style): Service {
  const read = (request: HttpRequest): HttpRequest =>
    decodeSlashes(style.ignoresChunks ? dropChunks(request) : request);
  return {
    ...service,
    unread: (request, why) => {
      const isChunked = request.headers["transfer-encoding"]?.toLowerCase() === "chunked";
      const isNone = hasOnlyChunks(request) && style.cut === undefined && (style.ignoresChunks === true || !isChunked);
      if (why === "too-large" || !isNone) return service.unread(request, why);
      // What it does not read can't be cut.
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

function unreadReply(style: Style, context: Context, why: Unread): HttpReply {
  if (why === "cut") return style.cut?.(context) ?? style.crashed(context);
  const text = `Request is too large. Larger than max_request_body_size (${style.bodyBytesMax ?? OURS_BYTES_MAX}).`;
  return errorPage(context.request, 413, explained(text));
}

/** The size limit stands in front of authentication; in process nobody else counts the bytes. */
function refuseLong(style: Style, context: Context): void {
  if (context.request.body.length > (style.bodyBytesMax ?? OURS_BYTES_MAX))
    throw refuseWith(unreadReply(style, context, "too-large"));
}

function contextOf(cloud: Cloud, request: HttpRequest, style: Style): Context {
  const token = style.token === undefined ? request.headers["x-auth-token"] : style.token(request);
  return {
    cloud,
    request,
    params: request.params,
    query: queryOf(request),
    requestId: `req-${cloud.uuid("requests")}`,
    actor: (token && cloud.identity.actor(token)) || ANONYMOUS,
  };
}

function answerSafely(
  style: Style,
  context: Context,
  isOpen: boolean,
  work: (context: Context) => HttpReply,
): HttpReply {
  try {
    refuseLong(style, context);
    if (!isOpen && context.actor === ANONYMOUS) return style.unauthenticated(context);
    style.admit?.(context);
    if (isDeeper(context.request.body, JSON_DEPTH_MAX)) return style.crashed(context);
    return work(context);
  } catch (error) {
    if (error instanceof Refusal) return error.extras.reply ?? style.refuse(error, context);
    throw error;
  }
}

function withStyleHeaders(style: Style, context: Context, reply: HttpReply): HttpReply {
  return { ...reply, headers: { ...style.headers(context, reply), ...reply.headers } };
}

/** The answer of the shared authentication middleware: Keystone's envelope, whatever the service. */
export function keystoneUnauthorized(context: Context): HttpReply {
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

/** The body as a JSON object. `malformed` answers what to throw when it is none. */
export function bodyObject(context: Context, malformed: () => Refusal): Record<string, unknown> {
  const body = bodyJson(context.request);
  if (!body.ok || typeof body.value !== "object" || body.value === null || Array.isArray(body.value)) throw malformed();
  return body.value as Record<string, unknown>;
}
