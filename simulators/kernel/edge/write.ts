import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type HttpReply, type ReplyHeaders, serialise } from "../http/message.ts";
import { streamOf } from "../stream.ts";
import type { Connections } from "./connections.ts";

/** Sends a reply, or as much of it as a fault leaves. @throws TypeError for headers that can't be written */
export function writeReply(raw: ServerResponse, answered: HttpReply, connections: Connections): void {
  if (answered.wire?.kind === "reset") {
    void endStream(answered);
    return connections.reset(raw.req.socket);
  }
  if (answered.stream !== undefined) return writeStream(raw, answered.stream, answered, connections);
  const { body, headers } = serialise(answered);
  const bodiless = answered.status === 204 || answered.status === 304;
  const length =
    bodiless || Object.keys(headers).some((name) => name.toLowerCase() === "content-length")
      ? {}
      : { "Content-Length": Buffer.byteLength(body) };
  raw.writeHead(answered.status, { ...length, ...mutableHeaders(headers) });
  if (answered.wire?.kind === "truncate") {
    raw.flushHeaders();
    raw.write(Buffer.from(body).subarray(0, answered.wire.bytes), () => connections.cut(raw.req.socket));
    return;
  }
  // A text leaves together with the head, in one write.
  raw.end(bodiless ? undefined : body);
}

/** The headers in Node's own type, whose lists are mutable. */
const mutableHeaders = (headers: ReplyHeaders): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );

/** Tells a stream that nobody will read it. */
export async function endStream({ stream }: HttpReply): Promise<void> {
  await stream?.[Symbol.asyncIterator]().return?.();
}

/** Sends chunks as they come. Whoever reads slowly slows the stream; a stream that fails breaks the connection, so that its reader can tell. */
function writeStream(
  raw: ServerResponse,
  stream: AsyncIterable<Uint8Array>,
  { status, headers = {}, wire }: HttpReply,
  connections: Connections,
): void {
  raw.writeHead(status, mutableHeaders(headers));
  raw.flushHeaders();
  const chunks = wire?.kind === "truncate" ? firstBytes(stream, wire.bytes) : stream;
  pipeline(Readable.from(chunks, { objectMode: false }), raw).catch(() => connections.cut(raw.req.socket));
}

/** The first bytes of a stream, and then an error. */
export function firstBytes(stream: AsyncIterable<Uint8Array>, bytes: number): AsyncIterable<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]();
  const leave = async (): Promise<unknown> => chunks.return?.();
  let left = bytes;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    if (left <= 0) await leave();
    const each = left > 0 ? await chunks.next() : undefined;
    if (each === undefined || each.done === true)
      throw Object.assign(new TypeError("terminated"), { code: "UND_ERR_SOCKET" });
    const value = each.value.subarray(0, left);
    left -= value.length;
    return { done: false, value };
  };
  return streamOf(next, leave);
}
