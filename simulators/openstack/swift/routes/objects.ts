import { type HttpReply, percentText } from "../../../kernel/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { md5, measureSegments } from "../behaviour/large-objects.ts";
import { manifestText, parseSegments } from "../behaviour/manifests.ts";
import { checkQuota } from "../behaviour/quotas.ts";
import { removeObject } from "../behaviour/removal.ts";
import { requireContainer, requireObject, splitPath } from "../state/containers.ts";
import { removeVersion, versionIn, versionsOf } from "../behaviour/versions.ts";
import type { Headers, ObjectRow, Segment, Swift } from "../state/state.ts";
import { bodyBytes } from "../wire/body.ts";
import { badRequest, notFound, refusal } from "../wire/errors.ts";
import { bareReply, HTML, httpDate, PLAIN } from "../wire/headers.ts";
import { checkMetadata, objectMetadata } from "../wire/metadata.ts";
import { acceptedReply } from "../wire/wire.ts";
import { copyFrom } from "./object-copies.ts";
import { checkName, createdReply, parseDeleteAt, store, versionHeader } from "./stored-objects.ts";

/** The content types that Python guesses from a name, as far as they matter here. */
const TYPES: Readonly<Record<string, string>> = {
  txt: "text/plain",
  json: "application/json",
  html: "text/html",
  tar: "application/x-tar",
  tgz: "application/x-tar",
  xml: "text/xml",
  png: "image/png",
};
const guessType = (name: string): string => TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream";

/** Checks that the request declares a length or is chunked; a copy has neither. @throws Refusal 400, 411 */
function checkLength({ request }: RequestContext): void {
  const { "content-length": length, "transfer-encoding": coding, "x-copy-from": source } = request.headers;
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    throw badRequest("Invalid Transfer-Encoding header value");
  if (length === undefined && coding === undefined && source === undefined)
    throw new Refusal(411, "", "Missing Content-Length header.", { headers: PLAIN });
}

/** PUT of an object: its bytes, a manifest, or a copy. */
export function putObject(swift: Swift, context: RequestContext): HttpReply {
  const { query } = context;
  const { headers } = context.request;
  checkMetadata(headers, "x-object-meta-");
  checkLength(context);
  checkName(context.params.object ?? "");
  checkSymlink(headers);
  if (query.has("version-id")) return restoreVersion(swift, context);
  if (headers["x-copy-from"] !== undefined) return putCopy(swift, context, headers["x-copy-from"]);
  return putBytes(swift, context);
}

/** @throws Refusal 412, 501 */
function checkSymlink(headers: Headers): void {
  const { "x-symlink-target": target, "x-symlink-target-account": account } = headers;
  if (target === undefined) return;
  if (splitPath(percentText(target)) === undefined)
    throw new Refusal(412, "", "X-Symlink-Target header must be of the form <container name>/<object name>");
  if (account?.includes("/") === true) throw new Refusal(412, "", "Account name cannot contain slashes");
  throw notSimulated("symbolic links");
}

/** Makes an older version the object again. @throws Refusal 400, 404 */
function restoreVersion(swift: Swift, context: RequestContext): HttpReply {
  const container = requireContainer(swift, context);
  const name = context.params.object ?? "";
  const object = versionIn(container, name, context.query)?.object;
  if (object === undefined || object === null) throw notFound();
  container.objects.set(name, object);
  return createdReply(object, object.etag);
}

function putCopy(swift: Swift, context: RequestContext, source: string): HttpReply {
  const path = splitPath(percentText(source));
  if (path === undefined)
    throw new Refusal(412, "", "X-Copy-From header must be of the form <container name>/<object name>");
  if (bodyBytes(context).length > 0) throw badRequest("Copy requests require a zero byte body");
  return copyFrom(swift, context, path.join("/"), context);
}

/** @throws Refusal 400 if a dynamic large object's manifest is not a path */
function checkManifest(manifest: string | undefined): void {
  if (manifest !== undefined && (splitPath(manifest) === undefined || /[?&]/.test(manifest)))
    throw badRequest("X-Object-Manifest must be in the format container/prefix", HTML);
}

function putBytes(swift: Swift, context: RequestContext): HttpReply {
  const { request, params, query } = context;
  const data = bodyBytes(context);
  checkManifest(request.headers["x-object-manifest"]);
  const deleteAtS = parseDeleteAt(context);
  const container = requireContainer(swift, context);
  checkQuota(swift, params.account ?? "", container, data.length);
  const unless = request.headers["if-none-match"]?.trim();
  if (unless !== undefined && unless !== "*") throw badRequest("If-None-Match only supports *");
  if (unless === "*" && container.objects.has(params.object ?? "")) throw refusal(412);
  const segments = query.get("multipart-manifest") === "put" ? parseSegments(swift, context) : undefined;
  const object = newObject(context, data, segments, deleteAtS);
  const etag = segments === undefined ? object.etag : measureSegments(segments).etag;
  checkEtag(request.headers.etag, etag, object);
  const stored = store(swift, context, container, object);
  return createdReply(stored, segments === undefined ? etag : `"${etag}"`);
}

function newObject(
  { request: { headers }, params, cloud }: RequestContext,
  data: Uint8Array,
  segments: readonly Segment[] | undefined,
  deleteAtS: number | undefined,
): ObjectRow {
  const stored = segments === undefined ? data : Buffer.from(manifestText(segments));
  return {
    data: new Uint8Array(stored),
    etag: md5(stored),
    type: headers["content-type"] ?? guessType(params.object ?? ""),
    storedMs: cloud.kernel.nowMs,
    metadata: objectMetadata(headers),
    ...(deleteAtS !== undefined && { deleteAtS }),
    ...(segments && { segments }),
  };
}

/** @throws Refusal 422 when the client sent the digest of other bytes */
function checkEtag(expected: string | undefined, etag: string, object: ObjectRow): void {
  if (expected !== undefined && expected.replaceAll('"', "") !== etag)
    throw new Refusal(422, "", "", { headers: { "Last-Modified": httpDate(object.storedMs) } });
}

/** POST of an object: replaces its metadata, not its bytes. */
export function postObject(swift: Swift, context: RequestContext): HttpReply {
  const { headers } = context.request;
  checkMetadata(headers, "x-object-meta-");
  if (context.query.get("version-id")) throw badRequest("POST to a specific version is not allowed", HTML);
  const deleteAtS = parseDeleteAt(context);
  const { deleteAtS: _old, ...object } = requireObject(swift, context);
  requireContainer(swift, context).objects.set(context.params.object ?? "", {
    ...object,
    type: headers["content-type"] ?? object.type,
    metadata: objectMetadata(headers),
    ...(deleteAtS !== undefined && { deleteAtS }),
  });
  return acceptedReply(context);
}

/** DELETE of an object, not of its segments. */
export function deleteObject(swift: Swift, context: RequestContext): HttpReply {
  const { account = "", container = "", object = "" } = context.params;
  const row = requireContainer(swift, context);
  const version = versionIn(row, object, context.query);
  if (version !== undefined) {
    removeVersion(row, object, version);
    const current = row.objects.get(object)?.versionId ?? "null";
    return bareReply(204, { "X-Object-Version-Id": version.id, "X-Object-Current-Version-Id": current });
  }
  removeObject(swift, account, container, object);
  const mark = row.isVersioned === true ? versionsOf(row, object).at(-1) : undefined;
  return bareReply(204, versionHeader(mark === undefined ? {} : { versionId: mark.id }));
}
