import { gzipSync } from "node:zlib";
import { type HttpReply, type HttpRequest, replyHeader, serialise, type Service } from "../../kernel/index.ts";
import { callerOf } from "../auth/caller.ts";
import type { Director } from "../state/director.ts";
import { noEndpoint, notAuthorized } from "./replies.ts";

/** A service behind nginx, which treats `//deployments` and `/deployments/` as `/deployments`. */
export function behindNginx(service: Service): Service {
  const clean = (path: string): string => path.replace(/^\/{2,}/, "/").replace(/^(\/[^/]+)\/$/, "$1");
  const withCleanPath = (request: HttpRequest): HttpRequest => ({ ...request, path: clean(request.path) });
  return {
    ...service,
    uploadOf: (method, path) => service.uploadOf(method, clean(path)),
    call: (request) => service.call(withCleanPath(request)),
    receive: (request) => service.receive(withCleanPath(request)),
    unread: (request, why) => service.unread(withCleanPath(request), why),
    crashed: (request, error) => service.crashed(withCleanPath(request), error),
  };
}

/**
 * The answer to a request that no route takes.
 *
 * @param isOwned whether the path begins like those of a controller of the director
 */
export function unmatchedReply(director: Director, request: HttpRequest, isOwned: boolean): HttpReply {
  if (!isOwned) return { status: 404, body: `Not Found: ${request.path}`, headers: { "Content-Type": "text/plain" } };
  return callerOf(director, request) === undefined ? notAuthorized(request.path) : noEndpoint(request.path);
}

/** Shorter texts are not compressed. */
const GZIP_BYTES_MIN = 1250;

/** Adds what the director's nginx adds: the challenge on protected routes, and compression of text. */
export function finishReply(director: Director, request: HttpRequest, reply: HttpReply): HttpReply {
  const headers: Record<string, string | readonly string[]> = { ...reply.headers };
  if (request.path !== "/info") headers["WWW-Authenticate"] = 'Basic realm="BOSH Director"';
  headers.Date = new Date(director.kernel.nowMs).toUTCString();
  const type = replyHeader(reply, "content-type") ?? "";
  const { body, headers: withType } = serialise({ ...reply, headers });
  const isText = /^text\/(html|plain)/.test(type);
  if (!isText || body.length <= GZIP_BYTES_MIN) return { ...reply, headers };
  headers.Vary = "Accept-Encoding";
  const zips = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "") && request.headers.range === undefined;
  if (!zips) return { ...reply, headers };
  return {
    status: reply.status,
    headers: { ...withType, "Content-Encoding": "gzip", Vary: "Accept-Encoding" },
    body: gzipSync(body),
  };
}
