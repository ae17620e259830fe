import type { HttpReply } from "../../../kernel/index.ts";
import { dumps } from "../../python/index.ts";
import { refuseWith, Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { type Content, contentOf, md5 } from "../behaviour/large-objects.ts";
import { expiryOf } from "../behaviour/temporary-urls.ts";
import { versionIn } from "../behaviour/versions.ts";
import { requireContainer } from "../state/containers.ts";
import type { Headers, ObjectRow, Segment, Swift } from "../state/state.ts";
import { parseRange, unmetCondition } from "../wire/conditions.ts";
import { httpDate, timestamp, titleCase } from "../wire/headers.ts";
import { pageReply } from "../wire/wire.ts";

/** GET and HEAD of an object. Through a temporary URL only public metadata is shown. */
export function readObject(swift: Swift, context: RequestContext, isSigned: boolean): HttpReply {
  const { request, query, params } = context;
  const object = versionedObject(swift, context);
  const isManifest = query.get("multipart-manifest") === "get";
  if (object.segments !== undefined && isManifest)
    return query.get("format") === "raw"
      ? rawManifestReply(object, object.segments)
      : manifestReply(object, request.method);
  const content: Content = isManifest
    ? { data: object.data, etag: object.etag, headers: {} }
    : contentOf(swift, params.account ?? "", object);
  const headers = headersOf(context, object, content, isSigned);
  const { storedMs } = object;
  return (
    unmetCondition(request.headers, { storedMs, etag: content.etag }, headers) ?? dataReply(context, content, headers)
  );
}

/** The object, or the version of it that the query names. @throws Refusal 400, 404 */
function versionedObject(swift: Swift, context: RequestContext): ObjectRow {
  const container = requireContainer(swift, context);
  const name = context.params.object ?? "";
  const version = versionIn(container, name, context.query);
  const object = version === undefined ? container.objects.get(name) : version.object;
  if (object !== undefined && object !== null) return object;
  const isKept = container.isVersioned === true && version === undefined;
  throw new Refusal(404, "", "", { headers: isKept ? { "X-Object-Version-Id": "null" } : {} });
}

/** The location and the id of the current version. */
function versionHeaders({ params, query }: RequestContext, { versionId }: ObjectRow): Record<string, string> {
  if (versionId === undefined) return {};
  const path = `/v1/${params.account}/${params.container}/${params.object}`;
  const isCurrent = (query.get("version-id") ?? "") === "";
  return {
    "X-Object-Version-Id": versionId,
    ...(isCurrent && { "Content-Location": `${path}?version-id=${versionId}` }),
  };
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
    ...versionHeaders(context, object),
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

/** The manifest as the client could send it again. */
function rawManifestReply(object: ObjectRow, segments: readonly Segment[]): HttpReply {
  const body = dumps(
    segments.map(({ hash, name, bytes, range }) => ({
      etag: hash,
      path: name,
      ...(range !== undefined && { range }),
      size_bytes: bytes,
    })),
  );
  const headers = {
    "Content-Type": object.type,
    "X-Static-Large-Object": "True",
    Etag: md5(body),
    "Last-Modified": httpDate(object.storedMs),
    "X-Timestamp": timestamp(object.storedMs),
    "Accept-Ranges": "bytes",
  };
  return { status: 200, headers, body };
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
