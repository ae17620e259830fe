import {
  bodyJson,
  defineService,
  type HttpReply,
  type HttpRequest,
  queryOf,
  type ReplyHeaders,
  type Service,
  type Upload,
} from "../../kernel/index.ts";
import type { Actor, Cloud, ServiceName } from "../cloud.ts";
import { Refusal } from "./refusal.ts";

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

export interface OpenStackRoute {
  readonly method: string;
  readonly path: string;
  readonly handler: (context: Context) => HttpReply;
  /** Answers without a token too. */
  readonly open?: boolean;
  readonly upload?: Upload;
  readonly clients?: readonly string[];
}

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
  /** Runs before the handler, after authentication: microversion, project in the path. Throws `Refusal`. */
  admit?(context: Context): void;
  /** Open also where no route matches (the paths answer without a token). */
  isOpen?(request: HttpRequest): boolean;
  /** What a refusal by authentication looks at instead of X-Auth-Token. Default that header. */
  token?(request: HttpRequest): string | undefined;
}

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
    const reply = dressed(style, context, attempt(style, context, isOpen, work));
    answered.add(reply);
    return reply;
  };
  return defineService({
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
    // A reply that a fault made has not been through `answer`.
    after: (_cloud, request, reply) =>
      answered.has(reply) ? reply : dressed(style, contextOf(cloud, request, style), reply),
  });
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

function attempt(style: Style, context: Context, isOpen: boolean, work: (context: Context) => HttpReply): HttpReply {
  if (!isOpen && context.actor === ANONYMOUS) return style.unauthenticated(context);
  try {
    style.admit?.(context);
    return work(context);
  } catch (error) {
    if (error instanceof Refusal) return error.extras.reply ?? style.refuse(error, context);
    throw error;
  }
}

function dressed(style: Style, context: Context, reply: HttpReply): HttpReply {
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
