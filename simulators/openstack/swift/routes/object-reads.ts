import type { HttpReply } from "../../../kernel/index.ts";
import { refuseWith } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { type Content, contentOf } from "../behaviour/large-objects.ts";
import { expiryOf } from "../behaviour/temporary-urls.ts";
import { requireObject } from "../state/containers.ts";
import type { Headers, ObjectRow, Swift } from "../state/state.ts";
import { parseRange, unmetCondition } from "../wire/conditions.ts";
import { httpDate, timestamp, titleCase } from "../wire/headers.ts";
import { pageReply } from "../wire/wire.ts";

/** GET and HEAD of an object. Through a temporary URL only public metadata is shown. */
export function readObject(swift: Swift, context: RequestContext, isSigned: boolean): HttpReply {
  const { request, query, params } = context;
  const object = requireObject(swift, context);
  const isManifest = query.get("multipart-manifest") === "get";
  if (object.segments !== undefined && isManifest) return manifestReply(object, request.method);
  const content: Content = isManifest
    ? { data: object.data, etag: object.etag, headers: {} }
    : contentOf(swift, params.account ?? "", object);
  const headers = headersOf(context, object, content, isSigned);
  const { storedMs } = object;
  return (
    unmetCondition(request.headers, { storedMs, etag: content.etag }, headers) ?? dataReply(context, content, headers)
  );
}

function headersOf(
  context: RequestContext,
  object: ObjectRow,
  content: Content,
  isSigned: boolean,
): Record<string, string> {
  const shown = Object.entries(object.metadata).filter(
    ([name]) => !isSigned || !/^x-object-meta-(?!public-)/.test(name),
  );
  return {
    "Content-Type": object.type,
    ...titleCase(Object.fromEntries(shown)),
    ...content.headers,
    ...(object.deleteAtS !== undefined && { "X-Delete-At": String(object.deleteAtS) }),
    ...(isSigned && downloadHeaders(context)),
    Etag: content.etag,
    "Last-Modified": httpDate(object.storedMs),
    "X-Timestamp": timestamp(object.storedMs),
    "Accept-Ranges": "bytes",
  };
}

function dataReply(context: RequestContext, { data }: Content, headers: Record<string, string>): HttpReply {
  const { request } = context;
  if (request.method === "HEAD") return { status: 200, headers: { ...headers, "Content-Length": String(data.length) } };
  const range = parseRange(request.headers.range, data.length);
  if (range === null)
    throw refuseWith(pageReply(context, 416, { ...headers, "Content-Range": `bytes */${data.length}` }));
  if (range === undefined) return { status: 200, body: data, headers };
  const [first, last] = range;
  return {
    status: 206,
    body: data.slice(first, last + 1),
    headers: { ...headers, "Content-Range": `bytes ${first}-${last}/${data.length}` },
  };
}

function manifestReply(object: ObjectRow, method: string): HttpReply {
  const headers = {
    "Content-Type": "application/json; charset=utf-8",
    "X-Static-Large-Object": "True",
    Etag: object.etag,
    "Last-Modified": httpDate(object.storedMs),
    "X-Timestamp": timestamp(object.storedMs),
    "Accept-Ranges": "bytes",
    "Content-Length": String(object.data.length),
  };
  return { status: 200, headers, ...(method !== "HEAD" && { body: object.data }) };
}

/** A temporary URL makes browsers download. */
function downloadHeaders(context: RequestContext): Headers {
  const { query, params } = context;
  const name = encodeURIComponent(query.get("filename") ?? params.object?.split("/").at(-1) ?? "");
  return {
    "Content-Disposition": query.has("inline") ? "inline" : `attachment; filename="${name}"; filename*=UTF-8''${name}`,
    Expires: new Date(expiryOf(context) * 1000).toUTCString(),
  };
}
