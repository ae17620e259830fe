import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "../http/api.ts";
import type { HttpReply, HttpRequest } from "../http/message.ts";
import type { Process } from "../process.ts";
import { BodyError, readBody, readableBody } from "./body.ts";
import { Connections, hearErrors, portOf, resetConnection } from "./connections.ts";
import type { Driver } from "./drive.ts";
import { type Exchange, tapExchanges } from "./exchanges.ts";
import { readHead, sourceOf } from "./head.ts";
import { replyOf } from "./local.ts";
import { answerMalformed } from "./malformed.ts";
import type { PasswordThrottle } from "./throttle.ts";
import { writeReply } from "./write.ts";

/** The reason given when nobody waits for a reply any longer. One shared value, as the default reason would be an exception with a stack. */
const CLIENT_LEFT = new Error("the client has left");

/** Where an API is served, and to whom. */
export interface ServeOptions {
  /** Loopback address to listen on. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** PEM key and certificate chain: serves HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Whether this address may connect; any other is reset. Default: every address may. */
  readonly admits?: (source: string) => boolean;
  /** Slows down clients that guess passwords. Default: none. */
  readonly throttle?: PasswordThrottle;
  /** Called with each `Crash`, which names the request and what was thrown. Default: nothing is called. */
  readonly report?: (error: unknown) => void;
  /** Called with each request that was answered. Default: nothing is called. */
  readonly hear?: (exchange: Exchange) => void;
}

/** A listening server. */
export interface Served {
  /** `http://127.0.0.1:8774`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Bytes of headers that the parser takes: more than any service behind it, so that the service's own limit applies first. */
const HEADER_BYTES_MAX = 128 * 1024;
/** Busy clients reuse connections; a server that closes them early makes their next request fail. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Serves an API over TCP for real clients in any language. Node's own server parses; what it refuses goes to the API's `Front`.
 *
 * @throws Error with `code` EADDRINUSE, EADDRNOTAVAIL … when it can't listen
 */
export async function serve(service: Service, driver: Driver, options: ServeOptions): Promise<Served> {
  const face = new Face(service, driver, options);
  const { server } = face;
  if (options.hear !== undefined) tapExchanges(server, options.hear);
  if (options.admits !== undefined) guardConnections(server, options.admits);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      hearErrors(server, options.report);
      resolve();
    });
  });
  const port = portOf(server);
  return { url: `${face.scheme}://${options.host}:${port}`, port, close: () => face.close() };
}

/** Resets connections from addresses that are not admitted, before a byte of them is read. */
export function guardConnections(server: Server, admits: (source: string) => boolean): void {
  server.prependListener("connection", (socket) => {
    if (!admits(sourceOf(socket))) resetConnection(socket);
  });
}

/** One listening server: reads requests, has them answered and writes the answers. */
class Face {
  readonly server: HttpServer;
  readonly scheme: "http" | "https";
  readonly #service: Service;
  readonly #driver: Driver;
  readonly #report: (error: unknown) => void;
  readonly #throttle: PasswordThrottle | undefined;
  readonly #connections: Connections;
  /** How to stop reading the body of a request, by connection, while it is being read. */
  readonly #reading = new WeakMap<Duplex, { readonly request: IncomingMessage; readonly cut: AbortController }>();

  constructor(service: Service, driver: Driver, { tls, throttle, report = () => {} }: ServeOptions) {
    this.#service = service;
    this.#driver = driver;
    this.#report = report;
    this.#throttle = throttle;
    this.scheme = tls === undefined ? "http" : "https";
    // The API's own front judges a missing Host and a malformed length.
    const common = { maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS, requireHostHeader: false };
    this.server = tls === undefined ? createServer(common) : createTlsServer({ ...common, ...tls });
    this.#connections = new Connections(this.server);
    // Node silently drops headers over its maximum count.
    this.server.maxHeadersCount = 0;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      if (request.httpVersionMajor === 1) void this.#answer(request, response);
      else this.#judge(request, request.socket);
    };
    this.server.on("request", answer);
    // The real servers ignore expectations that they don't know.
    this.server.on("checkExpectation", answer);
    this.server.on("connect", (request: IncomingMessage, socket: Duplex) => this.#judge(request, socket));
    this.server.on("clientError", (error: Error, socket: Duplex) => this.#onClientError(error, socket));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const common = readHead(request, this.scheme);
    const gone = new AbortController();
    response.once("close", () => gone.abort(CLIENT_LEFT));
    const reply = await this.#replyTo(request, common, gone.signal);
    if (reply === undefined) return;
    try {
      writeReply(response, reply, this.#connections);
    } catch (error) {
      // A reply that can't be written, such as one with a line break in a header, is as much a defect as a throw.
      const crashed = this.#service.crashed(common, error);
      if (crashed.crash !== undefined) this.#report(crashed.crash);
      if (response.headersSent) this.#connections.reset(request.socket);
      else writeReply(response, crashed, this.#connections);
    }
  }

  /** The reply; `undefined` when the client left before the world gave one. */
  async #replyTo(request: IncomingMessage, common: HttpRequest, gone: AbortSignal): Promise<HttpReply | undefined> {
    const { hostless } = this.#service.front;
    if (hostless !== undefined && request.httpVersion === "1.1" && request.headers.host === undefined) return hostless;
    try {
      return await this.#receive(await this.#read(request, common), gone);
    } catch (error) {
      if (gone.aborted) return undefined;
      if (error instanceof BodyError) return withClose(this.#service.unread(common, error.why));
      if (request.errored !== null) return withClose(this.#service.unread(common, "cut"));
      return this.#reportCrash(this.#service.crashed(common, error));
    }
  }

  async #receive(incoming: HttpRequest, gone?: AbortSignal): Promise<HttpReply> {
    this.#driver.arrive();
    const answer = (): HttpReply | Process<HttpReply> => this.#service.receive(incoming);
    const wait = (answering: Process<HttpReply>): Promise<HttpReply> => replyOf(answering, this.#driver, gone);
    return this.#reportCrash(await answerSlowly(incoming, this.#throttle, answer, wait));
  }

  #reportCrash(reply: HttpReply): HttpReply {
    if (reply.crash !== undefined) this.#report(reply.crash);
    return reply;
  }

  async #read(request: IncomingMessage, common: HttpRequest): Promise<HttpRequest> {
    const upload = this.#service.uploadOf(common.method, common.path);
    const cut = new AbortController();
    this.#reading.set(request.socket, { request, cut });
    try {
      if (upload === undefined && isBodiless(request)) {
        request.resume();
        return common;
      }
      if (upload === undefined)
        return { ...common, body: await readBody(request, this.#service.bodyBytesMax, cut.signal) };
      return { ...common, received: await upload.receive(readableBody(request, cut.signal), common) };
    } finally {
      this.#reading.delete(request.socket);
    }
  }

  #onClientError(error: Error & { readonly rawPacket?: Uint8Array }, socket: Duplex): void {
    const reading = this.#reading.get(socket);
    // Bytes after a complete request are not part of it; Node closes the connection once it is answered.
    if (reading !== undefined) return reading.request.complete ? undefined : reading.cut.abort();
    if (!socket.writable || error.rawPacket === undefined) return void socket.destroy();
    void answerMalformed(this.#service, error.rawPacket, {
      scheme: this.scheme,
      source: socket instanceof Socket ? sourceOf(socket) : "",
      receive: (incoming) => this.#receive(incoming),
    }).then(
      (answer) => socket.end(answer),
      () => socket.destroy(),
    );
  }

  /**
   * Requests that Node's parser accepts and the real servers may not: another version of HTTP, or CONNECT to
   * something that is not a proxy.
   */
  #judge({ method = "", url = "", httpVersion, headers }: IncomingMessage, socket: Duplex): void {
    const target = url.startsWith("/") ? url : `/${url}`;
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
    const packet = Buffer.from([`${method} ${target} HTTP/${httpVersion}`, ...fields, "", ""].join("\r\n"), "latin1");
    this.#onClientError(Object.assign(new Error("not for Node to judge"), { rawPacket: packet }), socket);
  }
}

/** Answers, delaying wrong passwords. A failure that is known at once is counted at once, as more guesses may arrive before this answer is sent. */
async function answerSlowly(
  request: HttpRequest,
  throttle: PasswordThrottle | undefined,
  answer: () => HttpReply | Process<HttpReply>,
  wait: (answering: Process<HttpReply>) => Promise<HttpReply>,
): Promise<HttpReply> {
  const refusal = throttle?.refusalOf(request);
  if (refusal !== undefined) return refusal;
  const answering = answer();
  const answered = "status" in answering ? answering : await wait(answering);
  const pauseMs = throttle?.pauseMsFor(request, answered) ?? 0;
  if (pauseMs > 0) await sleep(pauseMs, undefined, { ref: false });
  return answered;
}

/** Whether the head of a request says that nothing follows. */
const isBodiless = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0";

const withClose = (reply: HttpReply): HttpReply => ({ ...reply, headers: { ...reply.headers, Connection: "close" } });
