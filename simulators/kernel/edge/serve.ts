import { METHODS } from "node:http";
import type { AddressInfo, Server } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Service } from "../http/api.ts";
import { type HttpReply, type HttpRequest, makeRequest, serialise } from "../http/message.ts";
import type { Process } from "../process.ts";
import { Connections, hearErrors, resetConnection } from "./connections.ts";
import type { Driver } from "./drive.ts";
import { replyOf } from "./local.ts";
import type { PasswordThrottle } from "./throttle.ts";
import { sparing } from "./upload.ts";

export interface ServeOptions {
  /** Loopback address to listen on. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** PEM key and certificate chain: serves HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** May this address connect? Who may not is reset. Default: everyone may. */
  readonly admits?: (source: string) => boolean;
  /** Slows down who tries passwords. Default: nobody is. */
  readonly throttle?: PasswordThrottle;
  /** Told what a handler threw, for which its client gets an empty 500. Default: nobody. */
  readonly report?: (error: unknown) => void;
}

/** A listening server. */
export interface Served {
  /** `http://127.0.0.1:8774`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Headers of one request, in bytes. Tokens in headers are long. */
const HEADER_BYTES_MAX = 64 * 1024;

/**
 * Serves an API over TCP through Fastify, for real clients in any language.
 *
 * @throws Error with `code` EADDRINUSE, EADDRNOTAVAIL … when it can't listen
 */
export async function serve(service: Service, driver: Driver, options: ServeOptions): Promise<Served> {
  const app = server(options);
  const connections = new Connections(app.server);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (request, payload, done) => {
    const upload = service.uploadOf(request.method, pathOf(request.url));
    if (upload !== undefined) return done(null, payload);
    collect(payload, service.bodyBytesMax).then((body) => done(null, body), done);
  });
  const scheme = options.tls === undefined ? "http" : "https";
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const incoming = await read(service, request, scheme);
    driver.arrive();
    const written = await slowly(
      incoming,
      options.throttle,
      () => service.receive(incoming),
      (process) => pending(reply, process, driver),
    );
    reply.hijack();
    if (written === undefined) return;
    try {
      write(reply, written, connections);
    } catch (error) {
      // Its client would wait for the rest of an answer that can't be written.
      connections.reset(reply.raw.req.socket);
      options.report?.(error);
    }
  };
  // Fastify has the common methods; the others that Node parses (COPY of Swift) are added, so that the API itself refuses what it doesn't know.
  const methods = METHODS.filter((method) => method !== "CONNECT");
  for (const method of methods)
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true });
  app.route({ method: methods, url: "*", handler, exposeHeadRoute: false });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error.statusCode === undefined) options.report?.(error);
    return reply.code(error.statusCode ?? 500).send();
  });
  if (options.admits !== undefined) guardConnections(app.server, options.admits);
  await app.listen({ host: options.host, port: options.port });
  hearErrors(app.server, options.report);
  const { port } = app.server.address() as AddressInfo;
  return { url: `${scheme}://${options.host}:${port}`, port, close: () => app.close() };
}

/** Answers, a wrong password later than others. One that is known at once is counted at once: others may come before this one has been sent. */
async function slowly(
  request: HttpRequest,
  throttle: PasswordThrottle | undefined,
  answer: () => HttpReply | Process<HttpReply>,
  wait: (answering: Process<HttpReply>) => Promise<HttpReply | undefined>,
): Promise<HttpReply | undefined> {
  const refusal = throttle?.refusalOf(request);
  if (refusal !== undefined) return refusal;
  const answering = answer();
  const answered = "status" in answering ? answering : await wait(answering);
  const pauseMs = answered === undefined ? 0 : (throttle?.pauseMsFor(request, answered) ?? 0);
  if (pauseMs > 0) await sleep(pauseMs, undefined, { ref: false });
  return answered;
}

export const sourceOf = (socket: { readonly remoteAddress?: string | undefined }): string =>
  socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";

/** Resets connections from addresses that are not admitted, before a byte of them is read. */
export function guardConnections(server: Server, admits: (source: string) => boolean): void {
  server.prependListener("connection", (socket) => {
    if (!admits(sourceOf(socket))) resetConnection(socket);
  });
}

function server(options: ServeOptions): FastifyInstance {
  const common = {
    logger: false as const,
    // Busy clients reuse connections; a server that closes them early makes their next request fail.
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    routerOptions: { maxParamLength: HEADER_BYTES_MAX },
  };
  if (options.tls === undefined) return fastify({ ...common, http: { maxHeaderSize: HEADER_BYTES_MAX } });
  return fastify({
    ...common,
    https: { ...options.tls, maxHeaderSize: HEADER_BYTES_MAX },
  }) as unknown as FastifyInstance;
}

const pathOf = (url: string): string => (url.includes("?") ? url.slice(0, url.indexOf("?")) : url);

async function collect(payload: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of payload) {
    bytes += (chunk as Buffer).length;
    if (bytes > bytesMax) throw Object.assign(new Error(`body over ${bytesMax} bytes`), { statusCode: 413 });
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

async function read(service: Service, request: FastifyRequest, scheme: string): Promise<HttpRequest> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.raw.headers))
    if (value !== undefined) headers[name] = String(value);
  const url = request.raw.url ?? "/";
  const common = makeRequest(request.method, url, {
    headers,
    origin: `${scheme}://${headers.host ?? "localhost"}`,
    source: sourceOf(request.raw.socket),
  });
  const upload = service.uploadOf(request.method, common.path);
  if (upload === undefined) return { ...common, body: (request.body as Buffer | undefined) ?? "" };
  const payload = sparing((request.body as Readable | undefined) ?? request.raw);
  return { ...common, received: await upload.receive(payload, common) };
}

/** Waits for an answer that the world takes time to give; `undefined` when the client has gone meanwhile. */
async function pending(
  { raw }: FastifyReply,
  answered: Process<HttpReply>,
  driver: Driver,
): Promise<HttpReply | undefined> {
  const gone = new AbortController();
  raw.once("close", () => gone.abort());
  try {
    return await replyOf(answered, driver, gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return undefined;
    throw error;
  }
}

function write({ raw }: FastifyReply, answered: HttpReply, connections: Connections): void {
  if (answered.wire?.kind === "reset") return connections.reset(raw.req.socket);
  const { body, headers } = serialise(answered);
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const bodiless = answered.status === 204 || answered.status === 304;
  const length =
    bodiless || Object.keys(headers).some((name) => name.toLowerCase() === "content-length")
      ? {}
      : { "Content-Length": bytes.length };
  raw.writeHead(answered.status, { ...length, ...(headers as Record<string, string | string[]>) });
  if (answered.wire?.kind === "truncate") {
    raw.flushHeaders();
    raw.write(bytes.subarray(0, answered.wire.bytes), () => connections.cut(raw.req.socket));
    return;
  }
  raw.end(bodiless ? undefined : bytes);
}
