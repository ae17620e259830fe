import type { Readable } from "node:stream";
import { routePoint } from "./faults.ts";
import type { Kernel } from "../kernel.ts";
import type { Body, Process } from "../process.ts";
import { type Front, PLAIN_FRONT } from "./front.ts";
import type { HttpReply, HttpRequest } from "./message.ts";
import { crashReply, finishReply, respond, unreadReply } from "./respond.ts";
import { compileRoutes } from "./router.ts";

/**
 * A handler is a plain synchronous function from (simulator, request) to reply. One that must wait for the world (a blocking
 * query) is a generator, and the face answers when it ends.
 */
export type Handler<S> = (sim: S, request: HttpRequest) => HttpReply | Body<HttpReply>;

/** The only way to stream a body: the edge turns it into a plain value, which the handler finds in `request.received`. */
export interface Upload {
  /** Bytes beyond which the edge answers 413. */
  readonly bodyBytesMax: number;
  /** Reads the stream to its end and answers with plain data. What it throws ends the request with `Api.unread`. */
  receive(stream: Readable, request: HttpRequest): Promise<unknown>;
}

/** An entry in the route table of an API. */
export interface Route<S> {
  readonly method: string;
  /** `/servers/:id/action`; `*name` as the last segment takes the rest of the path. */
  readonly path: string;
  readonly handler: Handler<S>;
  /** Who may call, in the words of the API's own `before`; documentation, and input for the parity table. */
  readonly auth?: string;
  /** JSON Schema of the body; documentation, and what `before` or the handler validates with. */
  readonly schema?: unknown;
  readonly upload?: Upload;
  /** Real clients that were seen using it, for the parity table: `bosh`, `openstack`, `tempest`, `consul`, `dig` … */
  readonly clients?: readonly string[];
}

/** A simulated HTTP API as a value. Faces (sockets, local fetch, msw) and the parity table are made from it. */
export interface Api<S> {
  /** `nova`, `bosh`, `consul` …: the source of its fault points, `nova:POST /servers`. */
  readonly name: string;
  readonly kernel: Kernel;
  readonly sim: S;
  readonly routes: readonly Route<S>[];
  /** Runs before the handler, also when no route matches: authentication, scope, media types. An answer ends the request. */
  readonly before?: (sim: S, request: HttpRequest, route: Route<S> | undefined) => HttpReply | undefined;
  /** The answer when no route matches; `allowed` lists the methods of the path (empty for an unknown path). */
  readonly unmatched: (sim: S, request: HttpRequest, allowed: readonly string[]) => HttpReply;
  /** Finishes each reply: request ids, Vary, gzip. */
  readonly after?: (sim: S, request: HttpRequest, reply: HttpReply) => HttpReply;
  /**
   * The answer when a handler throws, which is a defect of the simulator: in the API's own envelope, without what was thrown, which goes to
   * the log (see `Crash`). Default: 500, text.
   */
  readonly crashed?: (sim: S, request: HttpRequest) => HttpReply;
  /** The answer when the body could not be read to its end. Default: 413 or 400, text. */
  readonly unread?: (sim: S, request: HttpRequest, why: Unread) => HttpReply;
  /** How the HTTP server in front of this API treats bytes that are not an HTTP request. Default `PLAIN_FRONT`. */
  readonly front?: Front;
  /** True for an API outside the simulated world: its routes are not fault points. */
  readonly infallible?: boolean;
  /** Bytes of an ordinary body beyond which the edge answers 413. Default 16 MiB. */
  readonly bodyBytesMax?: number;
}

/** Why a body was not read: it is longer than the API takes, or the client cut it short. */
export type Unread = "too-large" | "cut";

/** An API made ready: its routes compiled, its fault points declared. A face need not know the type of its simulator. */
export interface Service {
  readonly name: string;
  readonly kernel: Kernel;
  readonly bodyBytesMax: number;
  readonly front: Front;
  /** `name:METHOD path` of each route: what the parity table lists. */
  readonly routes: readonly {
    readonly method: string;
    readonly path: string;
    readonly auth: string;
    readonly clients: readonly string[];
  }[];
  /** The upload of the route that this request would reach; asked for before the body is read. */
  readonly uploadOf: (method: string, path: string) => Upload | undefined;
  /** The answer to a request whose body was not read to its end. */
  readonly unread: (request: HttpRequest, why: Unread) => HttpReply;
  /** The answer to a request whose reading, or the writing of whose reply, threw. */
  readonly crashed: (request: HttpRequest, error: unknown) => HttpReply;
  /** Answers a request from within the world (another simulator). Not recorded, as it follows from the state. */
  readonly call: (request: HttpRequest) => HttpReply | Process<HttpReply>;
  /** Answers a request from outside the world: recorded for snapshots. */
  readonly receive: (request: HttpRequest) => HttpReply | Process<HttpReply>;
}

/** How much of a request's body an API reads that sets no limit of its own. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** Makes an API ready: compiles its routes and declares their fault points. @throws Error for two identical routes */
export function defineService<S>(api: Api<S>): Service {
  const router = compileRoutes(api.routes);
  const points = new Map(api.infallible ? [] : api.routes.map((route) => [route, routePoint(api.name, route)]));
  for (const point of points.values()) api.kernel.faults.define(point);
  const call = (request: HttpRequest): HttpReply | Process<HttpReply> => respond(api, router, points, request);
  const receive = api.kernel.onInput(`http:${api.name}`, call);
  return {
    name: api.name,
    kernel: api.kernel,
    bodyBytesMax: api.bodyBytesMax ?? BODY_BYTES_MAX,
    front: api.front ?? PLAIN_FRONT,
    routes: api.routes.map(({ method, path, auth, clients }) => ({
      method,
      path,
      auth: auth ?? "",
      clients: clients ?? [],
    })),
    uploadOf: (method, path) => router.match(method, path).route?.upload,
    unread: (request, why) => finishReply(api, request, undefined, unreadReply(api, request, why)),
    crashed: (request, error) => {
      const { route } = router.match(request.method, request.path);
      return finishReply(api, request, route, crashReply(api, request, route, error));
    },
    call,
    receive,
  };
}
