import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { badRequest, OsbError } from "../errors.ts";
import type { Authenticate } from "./authentication.ts";
import { parseBody } from "./body.ts";
import { refuseEarly, refuseUnreadable, refusalOf } from "./refusals.ts";
import { checkIdentity, checkVersion } from "./headers.ts";
import { rememberRequests } from "./scope.ts";

const BODY_BYTES_MAX = 1024 * 1024;
/** The same as for all headers together: the API has its own rule for the length of ids. */
const PARAMETER_CHARS_MAX = 16_384;
/** How long a request may take to arrive. */
const REQUEST_MS_MAX = 60_000;
/** Longer than platforms keep idle connections. */
const KEEP_ALIVE_MS_MAX = 75_000;

const firstValue = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

/** Echoes the identity of a request in its answer (OSB, "Request Identity"). */
function echoIdentity(request: FastifyRequest, reply: FastifyReply): void {
  const identity = firstValue(request.headers["x-broker-api-request-identity"]);
  if (identity !== undefined) reply.header("X-Broker-API-Request-Identity", identity);
}

/** @throws OsbError 400 */
function checkHttp({ httpVersion, headers, url }: FastifyRequest["raw"]): void {
  if (httpVersion === "1.1" && headers.host === undefined) throw badRequest("The header Host is required.");
  // PostgreSQL can't store a NUL character in a text.
  if (/%00/.test(url ?? "")) throw badRequest("The URL holds a NUL character.");
}

/** @throws OsbError 400, 412 */
function checkApi({ headers, routeOptions, url }: FastifyRequest): void {
  // As it was routed: a path can be written in more than one way.
  const route = routeOptions.url ?? url;
  if (!route.startsWith("/v2/")) return;
  checkVersion(firstValue(headers["x-broker-api-version"]), route);
  checkIdentity(firstValue(headers["x-broker-api-originating-identity"]));
}

function readBodies(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ raw: { headers } }) => {
    // The framework treats an empty type as wrong; the API treats it as absent.
    if (headers["content-type"] === "") delete headers["content-type"];
  });
  for (const type of ["application/json", "*"])
    app.addContentTypeParser<string>(type, { parseAs: "string" }, async (request: FastifyRequest, text: string) =>
      parseBody(request.headers["content-type"], text),
    );
}

/** Checks each request before its route gets it. */
function admit(app: FastifyInstance, authenticate: Authenticate): void {
  let isStopping = false;
  app.addHook("preClose", async () => {
    isStopping = true;
  });
  app.addHook("onRequest", async (request, reply) => {
    echoIdentity(request, reply);
    if (isStopping) throw new OsbError(503, "The broker is stopping.");
    await authenticate(request, reply);
    checkHttp(request.raw);
    checkApi(request);
  });
}

/** A server's TLS identity: PEM of its certificate, followed by intermediate authorities, and of its key. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
}

/** An HTTP server without routes whose every refusal has the body of an OSB error, also what the framework or Node.js refuse. */
export function createServer(
  authenticate: Authenticate,
  report: (error: unknown) => void,
  tls?: TlsOptions,
): FastifyInstance {
  const refuse = (error: unknown, reply: FastifyReply): FastifyReply => {
    const { status, body } = refusalOf(error, report);
    return reply.code(status).send(body);
  };
  /** Refuses a path that can't be decoded; such a request is not routed and meets no hook. */
  const refusePath = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    echoIdentity(request, reply);
    await authenticate(request, reply).then(
      () => refuse(badRequest("The path is not encoded as UTF-8."), reply),
      (error: unknown) => refuse(error, reply),
    );
  };
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS_MAX,
    forceCloseConnections: true,
    // RFC 9110, section 9.1: HEAD is supported wherever GET is.
    exposeHeadRoutes: true,
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAMETER_CHARS_MAX },
    // Older versions of TLS are broken (RFC 8996).
    ...(tls === undefined ? { http: { requireHostHeader: false } } : { https: { ...tls, minVersion: "TLSv1.2" } }),
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (_error, request, reply) => void refusePath(request, reply),
  });
  rememberRequests(app);
  admit(app, authenticate);
  readBodies(app);
  refuseEarly(app.server);
  app.setErrorHandler((error, _request, reply) => refuse(error, reply));
  app.setNotFoundHandler(() => {
    throw new OsbError(404, "There is no such resource.");
  });
  return app;
}
