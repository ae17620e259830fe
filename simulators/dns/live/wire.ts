import { createSocket } from "node:dgram";
import { request as requestHttp } from "node:http";
import { connect } from "node:net";
import type { Driver } from "../../kernel/edge/drive.ts";
import { type Served, serve } from "../../kernel/edge/serve.ts";
import { type HttpReply, type Kernel, Process, type Service } from "../../kernel/index.ts";
import type { DnsReply, NameServer } from "../index.ts";
import { type ServedDns, serveDns } from "./server.ts";
import { Frames, frameMessage } from "../wire/codec/frames.ts";
import type { Streamed } from "../parity/client.ts";
import type { RecordedRequest } from "../parity/recording.ts";

const HOST = "127.0.0.1";
/** The real time between two pieces of a stream, and the longest wait for something that should be there, ms. */
const PIECE_MS = 60;
const WAIT_MS_MAX = 30_000;

/** Time stands still while bytes are in transit: only whoever waits for a reply moves it. */
export const stillDriver = (kernel: Kernel): Driver => ({
  kernel,
  arrive: () => {},
  sleep: () => Promise.resolve(),
  track: (work) => work,
  woke: () => {},
});

/** The requests that have reached a server, in order: each as the server answers it. */
class Arrivals<T> {
  readonly #waiting: ((flight: T) => void)[] = [];
  readonly #flights: T[] = [];

  push(flight: T): T {
    const next = this.#waiting.shift();
    if (next === undefined) this.#flights.push(flight);
    else next(flight);
    return flight;
  }

  /** The next request that arrives. */
  next(): Promise<T> {
    const flight = this.#flights.shift();
    return flight === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(flight);
  }

  /** Stops waiting for requests that never arrived. */
  forget(): void {
    this.#waiting.length = 0;
    this.#flights.length = 0;
  }
}

type HttpFlight = HttpReply | Process<HttpReply>;
type DnsFlight = DnsReply | Process<DnsReply>;

/** Answers over sockets for one name server, and reports what has reached it. */
export class WireFace {
  readonly http = new Arrivals<HttpFlight>();
  readonly dns = new Arrivals<DnsFlight>();
  readonly #served: Served;
  readonly #servedDns: ServedDns;

  private constructor(served: Served, servedDns: ServedDns) {
    this.#served = served;
    this.#servedDns = servedDns;
  }

  static async open(driver: Driver, http: Service, dns: Pick<NameServer, "ask">): Promise<WireFace> {
    const faces: WireFace[] = [];
    const heard: Service = {
      ...http,
      receive: (request) => faces[0]?.http.push(http.receive(request)) ?? { status: 0 },
    };
    const asked = {
      ask: (...given: Parameters<NameServer["ask"]>): DnsFlight => {
        const flight = dns.ask(...given);
        faces[0]?.dns.push(flight);
        return flight;
      },
    };
    const face = new WireFace(
      await serve(heard, driver, { host: HOST, port: 0 }),
      await serveDns(asked, driver, { host: HOST, port: 0 }),
    );
    faces.push(face);
    return face;
  }

  get httpPort(): number {
    return this.#served.port;
  }

  get dnsPort(): number {
    return Number(this.#servedDns.address.split(":").at(-1));
  }

  async close(): Promise<void> {
    await Promise.all([this.#served.close(), this.#servedDns.close()]);
  }
}

/** Whether a reply is still being made. */
export const isRunning = (flight: HttpFlight | DnsFlight | undefined): boolean =>
  flight instanceof Process && flight.running;

interface Exchanged {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** One request over a connection of its own; status 0 where that breaks without a reply. */
export function exchange(
  port: number,
  { method, path, stream_ms: streamMs }: RecordedRequest,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    const sent = requestHttp({ host: HOST, port, method, path, headers, agent: false, timeout: WAIT_MS_MAX });
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      const given = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]);
      const finish = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(given),
          bytes: Buffer.concat(chunks),
        });
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", finish);
      response.once("error", finish);
      if (streamMs !== undefined) setTimeout(() => response.destroy(), Math.min(streamMs, PIECE_MS * 4)).unref();
      response.once("close", finish);
    });
    sent.once("error", () => resolve({ status: 0, headers: {}, bytes: Buffer.alloc(0) }));
    sent.once("timeout", () => sent.destroy());
    const isEmpty = body.length === 0;
    if (!isEmpty) sent.setHeader("content-length", Buffer.byteLength(body));
    sent.end(isEmpty ? undefined : body);
  });
}

/** One question on a socket of its own; undefined for silence. */
export async function askOverWire(
  face: WireFace,
  kernel: Kernel,
  message: Uint8Array,
  transport: "udp" | "tcp",
): Promise<Uint8Array | undefined> {
  if (transport === "tcp") {
    const { replies } = await streamOverWire(face, kernel, [frameMessage(message)], true, 0, 1);
    return replies[0];
  }
  const socket = createSocket("udp4");
  try {
    const answered = new Promise<Uint8Array>((resolve) => socket.once("message", resolve));
    socket.send(message, face.dnsPort, HOST);
    const flight = await face.dns.next();
    while (isRunning(flight) && kernel.step());
    const reply = flight instanceof Process ? (flight.outcome.state === "done" ? flight.outcome.value : {}) : flight;
    if (reply.message === undefined) return undefined;
    return await Promise.race([answered, later(PIECE_MS * 10)]);
  } finally {
    socket.close();
  }
}

const later = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms, undefined);
  });

/** Sends pieces over one connection. It ends when the server closes it, with the time, or with as many replies as are wanted. */
export async function streamOverWire(
  face: WireFace,
  kernel: Kernel,
  chunks: readonly Uint8Array[],
  isHalfClosed: boolean,
  timeoutMs: number,
  wanted = Number.POSITIVE_INFINITY,
): Promise<Streamed> {
  const socket = connect({ host: HOST, port: face.dnsPort, allowHalfOpen: true });
  const frames = new Frames();
  const replies: Uint8Array[] = [];
  let closed = false;
  const over = new Promise<undefined>((resolve) => {
    const end = (): void => {
      closed = true;
      resolve(undefined);
    };
    socket.on("data", (chunk: Buffer) => {
      replies.push(...frames.push(chunk));
      if (replies.length >= wanted) resolve(undefined);
    });
    socket.once("end", end);
    socket.once("error", end);
    socket.once("close", end);
  });
  const settle = async (): Promise<void> => {
    for (let flight = await Promise.race([face.dns.next(), later(PIECE_MS)]); flight !== undefined; ) {
      while (isRunning(flight) && kernel.step());
      if (replies.length >= wanted) break;
      flight = await Promise.race([face.dns.next(), later(PIECE_MS / 4)]);
    }
    face.dns.forget();
  };
  for (const [at, chunk] of chunks.entries()) {
    socket.write(chunk);
    if (isHalfClosed && at === chunks.length - 1) socket.end();
    await settle();
  }
  await Promise.race([over, later(timeoutMs === 0 ? PIECE_MS * 10 : timeoutMs)]);
  socket.destroy();
  face.dns.forget();
  return { replies, closed };
}
