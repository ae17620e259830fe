import { createSocket } from "node:dgram";
import { request as requestHttp } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as requestHttps } from "node:https";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ProbeRequest, ProbeResult } from "../dns/index.ts";
import type { ProbeTarget } from "../probes.ts";

type Of<K extends ProbeRequest["kind"]> = Extract<ProbeRequest, { readonly kind: K }>;

const LOOPBACK = /^(?:127\.[\d.]+|::1)$/;
const REDIRECTS_MAX = 10;
const OUTPUT_BYTES_MAX = 1024 * 1024;

/** Performs a check of Consul with real sockets. Only what is on this machine's loopback can answer. */
export async function probeSockets(request: ProbeRequest, target: ProbeTarget): Promise<ProbeResult> {
  if (!LOOPBACK.test(target.address)) return { kind: "timeout" };
  try {
    return await within(request.timeoutMs, request.kind === "udp" ? "silent" : "timeout", (signal) =>
      perform(request, target, signal),
    );
  } catch (error) {
    return resultOf(error);
  }
}

function resultOf(error: unknown): ProbeResult {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNREFUSED"
    ? { kind: "refused" }
    : { kind: "failed", error: error instanceof Error ? error.message : String(error) };
}

/** Ends a probe that takes too long, and says so. */
async function within(
  timeoutMs: number,
  late: "silent" | "timeout",
  work: (signal: AbortSignal) => Promise<ProbeResult>,
): Promise<ProbeResult> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    const gone = new Promise<ProbeResult>((resolve) =>
      controller.signal.addEventListener("abort", () => resolve({ kind: late }), { once: true }),
    );
    return await Promise.race([work(controller.signal), gone]);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

function perform(request: ProbeRequest, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  switch (request.kind) {
    case "http":
      return askHttp(request, request.url, target, signal, REDIRECTS_MAX);
    case "tcp":
      return openTcp(target, request.usesTls === true, signal);
    case "udp":
      return askUdp(target, signal);
    case "h2ping":
      return pingHttp2(target, request.usesTls === true, signal);
    case "grpc":
      return askGrpc(request, target, signal);
  }
}

const UP: ProbeResult = { kind: "up" };

function openTcp({ address, port }: ProbeTarget, usesTls: boolean, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const at = { host: address, port };
    const socket = usesTls ? connectTls({ ...at, rejectUnauthorized: true }) : connect(at);
    socket.once(usesTls ? "secureConnect" : "connect", () => resolve(UP));
    socket.once("error", reject);
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
  });
}

function askUdp({ address, port }: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.once("message", () => resolve(UP));
    socket.connect(port, address, () => socket.send(Buffer.alloc(0)));
    signal.addEventListener("abort", () => socket.close(), { once: true });
  });
}

interface HttpReply {
  readonly status: number;
  readonly statusText: string;
  readonly location: string | undefined;
  readonly body: string;
}

async function askHttp(
  request: Of<"http">,
  url: string,
  target: ProbeTarget,
  signal: AbortSignal,
  redirects: number,
): Promise<ProbeResult> {
  const { status, statusText, location, body } = await sendHttp(request, url, target, signal);
  const isRedirect = location !== undefined && status >= 300 && status < 400;
  if (!isRedirect || !request.followsRedirects || redirects === 0) return { kind: "http", status, statusText, body };
  const next = new URL(location, url);
  const port = Number(next.port || (next.protocol === "https:" ? "443" : "80"));
  return askHttp(request, next.href, { ...target, port }, signal, redirects - 1);
}

function sendHttp(request: Of<"http">, url: string, target: ProbeTarget, signal: AbortSignal): Promise<HttpReply> {
  const { protocol, host, pathname, search } = new URL(url);
  const send = protocol === "https:" ? requestHttps : requestHttp;
  const headers: Record<string, string | string[]> = { host, "user-agent": "Consul Health Check" };
  for (const [name, values] of Object.entries(request.headers)) headers[name.toLowerCase()] = [...values];
  const { address, port } = target;
  const options = {
    host: address,
    port,
    path: pathname + search,
    method: request.method,
    headers,
    signal,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const sent = send(options, (response) => {
      const { statusCode: status = 0, statusMessage: statusText = "", headers: received } = response;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= OUTPUT_BYTES_MAX) chunks.push(chunk);
      });
      response.once("error", reject);
      response.once("end", () =>
        resolve({ status, statusText, location: received.location, body: Buffer.concat(chunks).toString() }),
      );
    });
    sent.once("error", reject);
    sent.end(request.body);
  });
}

const originOf = ({ address, port }: ProbeTarget, usesTls: boolean): string =>
  `${usesTls ? "https" : "http"}://${address.includes(":") ? `[${address}]` : address}:${port}`;

function pingHttp2(target: ProbeTarget, usesTls: boolean, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(originOf(target, usesTls));
    session.once("error", reject);
    session.once("connect", () => session.ping((error) => (error === null ? resolve(UP) : reject(error))));
    signal.addEventListener("abort", () => session.destroy(), { once: true });
  });
}

/** The reply of a health service: protobuf's field 1, with 1 for SERVING (grpc.health.v1). */
const SERVING = 1;
const FRAME_HEAD_BYTES = 5;

function healthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function askGrpc({ service }: Of<"grpc">, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(originOf(target, false));
    signal.addEventListener("abort", () => session.destroy(), { once: true });
    session.once("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    let status: string | undefined;
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers["grpc-status"] !== undefined) status = String(headers["grpc-status"]);
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("error", reject);
    stream.once("end", () => resolve(judgeGrpc(status, Buffer.concat(chunks))));
    stream.end(healthRequest(service));
  });
}

const NOT_FOUND = "5";

function judgeGrpc(status: string | undefined, body: Buffer): ProbeResult {
  if (status === NOT_FOUND) return { kind: "failed", error: "rpc error: code = NotFound desc = unknown service" };
  if (status !== undefined && status !== "0")
    return { kind: "failed", error: `rpc error: code = Code(${status}) desc = ` };
  const said = body.length >= FRAME_HEAD_BYTES + 2 ? body.readUInt8(FRAME_HEAD_BYTES + 1) : 0;
  return said === SERVING ? UP : { kind: "failed", error: "NOT_SERVING" };
}
