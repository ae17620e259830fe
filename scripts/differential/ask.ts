import { createSocket } from "node:dgram";
import { request as requestHttp } from "node:http";
import { connect } from "node:net";
import { frameMessage } from "../../simulators/dns/wire/codec/frames.ts";

const HTTP_PORT = 8500;
const DNS_PORT = 8600;
const HTTP_MS_MAX = 60_000;
const DNS_MS_MAX = 3000;

/** A reply over HTTP; status 0 where the connection broke without one. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

const NO_ANSWER: HttpAnswer = { status: 0, headers: {}, bytes: Buffer.alloc(0) };

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request over a connection of its own. */
export function askHttp(host: string, { method, path, headers = {}, body = "" }: Request): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const sent = requestHttp({ host, port: HTTP_PORT, method, path, headers, agent: false, timeout: HTTP_MS_MAX });
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("close", () => {
        const given = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(given),
          bytes: Buffer.concat(chunks),
        });
      });
    });
    sent.once("error", () => resolve(NO_ANSWER));
    sent.once("timeout", () => sent.destroy());
    if (body.length > 0) sent.setHeader("content-length", Buffer.byteLength(body));
    sent.end(body.length > 0 ? body : undefined);
  });
}

/** Asks a question on a socket of its own; undefined for silence. */
export function askDns(host: string, message: Uint8Array, transport: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), DNS_MS_MAX);
    const end = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    if (transport === "udp") {
      const socket = createSocket("udp4");
      socket.once("message", (answer) => {
        socket.close();
        end(answer);
      });
      return socket.send(message, DNS_PORT, host);
    }
    const socket = connect(DNS_PORT, host);
    let got = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got.length <= 2 || got.length < 2 + got.readUInt16BE(0)) return;
      socket.destroy();
      end(got.subarray(2));
    });
    socket.once("error", () => end(undefined));
    socket.write(frameMessage(message));
  });
}
