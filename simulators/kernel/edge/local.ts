import { Readable } from "node:stream";
import type { Service } from "../http/api.ts";
import { type HttpReply, type HttpRequest, makeRequest, serialise } from "../http/message.ts";
import type { Process } from "../process.ts";
import type { Driver } from "./drive.ts";
import { endStream, firstBytes } from "./write.ts";

/** The part of `fetch` that the local face keeps: absolute URLs, the usual `init`, standard `Response`s; redirects are followed unless `manual`. */
export type LocalFetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Anything that can answer at an address of the local network. */
type LocalHost = { readonly service: Service } | { readonly fetch: (request: Request) => Promise<Response> };

/** May `source` open a connection to `address:port`? A closed port answers like a host that drops packets. */
type Admission = (source: string, address: string, port: number) => boolean;

const REDIRECTS_MAX = 5;

/**
 * The network of a world without sockets: names resolve through `resolve` (the simulated DNS), connections pass `admits`
 * (security groups), and services answer in process. Deterministic, and fast enough for large worlds.
 */
export class LocalNet {
  readonly #driver: Driver;
  readonly #hosts = new Map<string, LocalHost>();
  /** The address of a name, or `undefined` for NXDOMAIN. Default: literals only. */
  resolve: (name: string) => string | undefined = () => undefined;
  admits: Admission = () => true;
  /** The condition for which a connection waits before it opens, such as a stalled network; none by default. */
  holds: (source: string, address: string, port: number) => Promise<void> | undefined = () => undefined;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** Lets a host answer at `address:port`. The function returned removes it. */
  attach(address: string, port: number, host: LocalHost): () => void {
    const key = `${address}:${port}`;
    this.#hosts.set(key, host);
    return () => {
      if (this.#hosts.get(key) === host) this.#hosts.delete(key);
    };
  }

  /** Whether something answers at `address:port`. */
  answersAt(address: string, port: number): boolean {
    return this.#hosts.has(`${address}:${port}`);
  }

  /** Remembers who answers where; the function returned restores that, as a kernel snapshot does for the rest of a world. */
  mark(): () => void {
    const hosts = new Map(this.#hosts);
    return () => {
      this.#hosts.clear();
      for (const [key, host] of hosts) this.#hosts.set(key, host);
    };
  }

  /** A `fetch` that sends from this address. */
  fetchFrom(source: string): LocalFetch {
    return async (input, init) => {
      let request = new Request(input, init);
      for (let hops = 0; ; hops++) {
        const response = await this.#exchange(source, request);
        const location = response.headers.get("location");
        if (request.redirect !== "follow" || location === null || ![301, 302, 303, 307, 308].includes(response.status))
          return response;
        if (hops === REDIRECTS_MAX)
          throw new TypeError("fetch failed", { cause: new Error("redirect count exceeded") });
        request = redirectRequest(request, response.status, new URL(location, request.url));
      }
    };
  }

  async #exchange(source: string, request: Request): Promise<Response> {
    const url = new URL(request.url);
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const address = isAddress(url.hostname) ? url.hostname : this.resolve(url.hostname);
    if (address === undefined) throw connectionError("ENOTFOUND", `getaddrinfo ENOTFOUND ${url.hostname}`);
    const held = this.holds(source, address, port);
    if (held !== undefined) await held;
    const host = this.#hosts.get(`${address}:${port}`);
    if (host === undefined || !this.admits(source, address, port))
      throw connectionError("ECONNREFUSED", `connect ECONNREFUSED ${address}:${port}`);
    // The answering host may itself wait for the world's time, so its work is not tracked here: it tracks its own.
    if ("fetch" in host) return host.fetch(request);
    return this.#ask(host.service, request, url, source);
  }

  async #ask(service: Service, request: Request, url: URL, source: string): Promise<Response> {
    const incoming = await this.#driver.track(toHttpRequest(service, request, url, source));
    this.#driver.arrive();
    const reply = await replyOf(service.receive(incoming), this.#driver, request.signal);
    // In process nobody reads a log, so a defect in a simulator fails the request that hit it.
    if (reply.crash !== undefined) throw reply.crash;
    return toResponse(reply);
  }
}

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.startsWith("[");

const connectionError = (code: string, message: string): TypeError =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });

function redirectRequest(request: Request, status: number, url: URL): Request {
  const headers = new Headers(request.headers);
  if (url.origin !== new URL(request.url).origin) headers.delete("authorization");
  if (status === 307 || status === 308) return new Request(url, request);
  for (const name of ["content-type", "content-length"]) headers.delete(name);
  return new Request(url, { method: request.method === "HEAD" ? "HEAD" : "GET", headers, redirect: request.redirect });
}

/** A `fetch` request as a route takes it, with its body or upload read. */
export async function toHttpRequest(
  service: Service,
  request: Request,
  url: URL,
  source: string,
): Promise<HttpRequest> {
  const sent = { host: url.host, ...Object.fromEntries(request.headers) };
  const upload = service.uploadOf(request.method, url.pathname);
  const body =
    upload === undefined && request.body !== null ? new Uint8Array(await request.arrayBuffer()) : new Uint8Array();
  // The type that `fetch` itself sets for the body.
  const hasLength =
    body.length > 0 || ((request.method === "PUT" || request.method === "POST") && request.body === null);
  const headers = hasLength ? { "content-length": String(body.length), ...sent } : sent;
  const common = makeRequest(request.method, `${url.pathname}${url.search}`, { headers, origin: url.origin, source });
  if (upload === undefined) return { ...common, body: body.length === 0 ? "" : body };
  const stream = request.body === null ? Readable.from([]) : Readable.fromWeb(request.body as never);
  return { ...common, received: await upload.receive(stream, common) };
}

/** The connection breaks. */
const LOST: HttpReply = { status: 0, wire: { kind: "reset" } };

/** Waits for a reply that takes the world time. @throws the signal's reason when the client has gone meanwhile */
export function replyOf(
  answered: HttpReply | Process<HttpReply>,
  driver: Driver,
  gone?: AbortSignal,
): Promise<HttpReply> {
  if ("status" in answered) return Promise.resolve(answered);
  return new Promise((resolve, reject) => {
    const hangUp = (): void => {
      reject(gone?.reason);
      driver.arrive();
      driver.kernel.faults.hangUp(answered);
    };
    const { restored } = driver.kernel;
    // A restored world has no trace of what was in progress: the process never ends.
    const lose = (): void => {
      restored.delete(lose);
      resolve(LOST);
    };
    if (gone?.aborted) hangUp();
    else gone?.addEventListener("abort", hangUp, { once: true });
    restored.add(lose);
    answered.onSettled(({ outcome }) => {
      gone?.removeEventListener("abort", hangUp);
      restored.delete(lose);
      driver.woke();
      // Nobody will read what was made for a client that has gone.
      if (outcome.state === "done" && gone?.aborted) void endStream(outcome.value);
      if (outcome.state === "done") resolve(outcome.value);
      if (outcome.state === "failed") reject(outcome.error);
    });
  });
}

/** Statuses with which a `Response` may not have a body. */
const BODILESS = new Set([101, 204, 205, 304]);

/** A reply as `fetch` gives it. @throws TypeError for one that breaks the connection */
export function toResponse(reply: HttpReply): Response {
  if (reply.wire?.kind === "reset") {
    void endStream(reply);
    throw connectionError("ECONNRESET", "read ECONNRESET");
  }
  const { body, headers } = serialise(reply);
  const list = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    [value].flat().map((each) => [name, each]),
  );
  const init = { status: reply.status, headers: list };
  if (reply.stream !== undefined) {
    const chunks = reply.wire?.kind === "truncate" ? firstBytes(reply.stream, reply.wire.bytes) : reply.stream;
    return new Response(ReadableStream.from(chunks), init);
  }
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  if (BODILESS.has(reply.status) || bytes.length === 0) return new Response(null, init);
  if (reply.wire?.kind === "truncate" && reply.wire.bytes < bytes.length) {
    // The head announces the full length, so that a client that gets less can tell.
    if (!list.some(([name]) => name.toLowerCase() === "content-length"))
      list.push(["Content-Length", String(bytes.length)]);
    return new Response(truncatedStream(bytes.subarray(0, reply.wire.bytes)), init);
  }
  // Given a string, Response would add a Content-Type of its own.
  return new Response(new Uint8Array(bytes), init);
}

/** A stream of these bytes, followed by an error. */
function truncatedStream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const parts = bytes.length === 0 ? [] : [new Uint8Array(bytes)];
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const part = parts.shift();
        if (part !== undefined) controller.enqueue(part);
        else controller.error(Object.assign(new TypeError("terminated"), { code: "UND_ERR_SOCKET" }));
      },
    },
    { highWaterMark: 0 },
  );
}
