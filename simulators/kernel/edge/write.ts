import type { ServerResponse } from "node:http";
import { type HttpReply, type ReplyHeaders, serialise } from "../http/message.ts";
import type { Connections } from "./connections.ts";

/** Sends a reply, or as much of it as a fault leaves. @throws TypeError for headers that can't be written */
export function writeReply(raw: ServerResponse, answered: HttpReply, connections: Connections): void {
  if (answered.wire?.kind === "reset") return connections.reset(raw.req.socket);
  const { body, headers } = serialise(answered);
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const bodiless = answered.status === 204 || answered.status === 304;
  const length =
    bodiless || Object.keys(headers).some((name) => name.toLowerCase() === "content-length")
      ? {}
      : { "Content-Length": bytes.length };
  raw.writeHead(answered.status, { ...length, ...mutableHeaders(headers) });
  if (answered.wire?.kind === "truncate") {
    raw.flushHeaders();
    raw.write(bytes.subarray(0, answered.wire.bytes), () => connections.cut(raw.req.socket));
    return;
  }
  raw.end(bodiless ? undefined : bytes);
}

/** The headers in Node's own type, whose lists are mutable. */
const mutableHeaders = (headers: ReplyHeaders): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
