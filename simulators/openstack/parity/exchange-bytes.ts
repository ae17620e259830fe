import { once } from "node:events";
import { connect } from "node:net";
import type { ReceivedReply } from "./compare.ts";

/**
 * Sends bytes to a port of loopback and reads one answer: to its end, or to its `Content-Length` where the server keeps the connection.
 * A server that waits for more ends the wait itself, by its own limit.
 */
export function exchangeBytes(port: number, bytes: Uint8Array, isHalfClosed = false): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const socket = connect(port, "127.0.0.1", () => (isHalfClosed ? socket.end(bytes) : socket.write(bytes)));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (isComplete(received)) socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(received));
  });
}

/** The bytes that have come back by the time that a later request to the same server is answered. */
export async function receivedMeanwhile(
  port: number,
  bytes: Uint8Array,
  askAnother: () => Promise<unknown>,
): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  const parts: Buffer[] = [];
  socket.on("data", (chunk) => parts.push(chunk));
  try {
    await once(socket, "connect");
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    await askAnother();
    return Buffer.concat(parts);
  } finally {
    socket.destroy();
  }
}

const headEnd = (bytes: Buffer): number => bytes.indexOf("\r\n\r\n");

/** Whether the final answer has as many bytes as it says; an interim one precedes it. */
function isComplete(received: Buffer): boolean {
  const rest = withoutInterim(received);
  const end = headEnd(rest);
  if (end < 0) return false;
  const length = /^content-length: *(\d+)$/im.exec(rest.toString("latin1", 0, end))?.[1];
  return length !== undefined && rest.length >= end + 4 + Number(length);
}

/** The bytes after `100 Continue`. */
function withoutInterim(bytes: Buffer): Buffer {
  return bytes.toString("latin1", 0, 13).startsWith("HTTP/1.1 100 ") ? bytes.subarray(headEnd(bytes) + 4) : bytes;
}

/** An answer cut into its parts. One without a status line has the status 0. */
export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Cuts an answer into its parts; repeated headers are joined, chunks put together. */
export function cutReply(received: Buffer): RawReply {
  const bytes = withoutInterim(received);
  const end = headEnd(bytes);
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(bytes.toString("latin1", 0, 12))?.[1];
  if (status === undefined || end < 0) return { status: 0, headers: {}, body: bytes };
  const headers = new Map<string, string>();
  for (const line of bytes.toString("latin1", 0, end).split("\r\n").slice(1)) {
    const [name = "", ...value] = line.split(":");
    const key = name.toLowerCase();
    const text = value.join(":").trim();
    headers.set(key, headers.has(key) ? `${headers.get(key)}, ${text}` : text);
  }
  const body = bytes.subarray(end + 4);
  const isChunked = headers.get("transfer-encoding") === "chunked";
  return { status: Number(status), headers: Object.fromEntries(headers), body: isChunked ? joinChunks(body) : body };
}

function joinChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (end < 0 || !(size > 0)) break;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
  return Buffer.concat(parts);
}

/** A reply as the comparison takes it: JSON parsed. */
export function parseReply({ status, headers, body }: RawReply): ReceivedReply {
  const text = body.toString("utf8");
  return { status, headers, body: parseBody(text, headers["content-type"] ?? "") };
}

/** The value in a JSON body, the text in any other. */
export function parseBody(text: string, type: string): unknown {
  if (text === "" || !type.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
