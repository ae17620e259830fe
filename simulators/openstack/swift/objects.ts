import { type HttpReply, percentText } from "../../kernel/index.ts";
import { Refusal, refuseWith } from "../refusal.ts";
import type { Context } from "../service.ts";
import { checkedSegments, contentOf, findObject, manifestOf, pathOf, slo } from "./large.ts";
import {
  badRequest,
  bare,
  bytesOf,
  checkMetadata,
  type ContainerRow,
  containerOf,
  findContainer,
  type Headers,
  HTML,
  httpDate,
  LIMITS,
  md5,
  notFound,
  notSimulated,
  type ObjectRow,
  objectOf,
  reportedBytes,
  seenTotals,
  stamp,
  type Swift,
  titled,
} from "./state.ts";
import { accepted, paged, refused } from "./style.ts";

/** Headers that are stored with an object, beside its metadata. */
const KEPT = [
  "content-disposition",
  "content-encoding",
  "x-object-manifest",
  "cache-control",
  "content-language",
  "expires",
];

const metadataIn = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith("x-object-meta-") || KEPT.includes(name)),
  );

/** What Python guesses from a name, of what matters here. */
const TYPES: Readonly<Record<string, string>> = {
  txt: "text/plain",
  json: "application/json",
  html: "text/html",
  tar: "application/x-tar",
  tgz: "application/x-tar",
  xml: "text/xml",
  png: "image/png",
};
const guessed = (name: string): string => TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream";

/** When the object is to go, in seconds. */
function deleteAt({ request, cloud }: Context): number | undefined {
  const nowS = cloud.kernel.nowMs / 1000;
  const seconds = (header: string): number | undefined => {
    const given = request.headers[header.toLowerCase()];
    if (given !== undefined && !/^\s*-?\d+\s*$/.test(given)) throw badRequest(`Non-integer ${header}`);
    return given === undefined ? undefined : Number(given);
  };
  const after = seconds("X-Delete-After");
  if (after !== undefined && after <= 0) throw badRequest("X-Delete-After in past");
  const at = after === undefined ? seconds("X-Delete-At") : Math.floor(nowS + after);
  if (at !== undefined && at <= nowS) throw badRequest("X-Delete-At in past");
  return at;
}

function checkQuota(swift: Swift, { account = "" }: Context["params"], container: ContainerRow, length: number): void {
  const limit = Number(swift.slot.value.metadata.get(account)?.["x-account-meta-quota-bytes"] ?? Infinity);
  if (length > limit || reportedBytes(swift, account) + length > limit)
    throw new Refusal(413, "", "Upload exceeds quota.");
  const quota = (what: string): number => Number(container.metadata[`x-container-meta-quota-${what}`] ?? Infinity);
  const { count, bytes } = seenTotals(swift, container);
  if (bytes + length > quota("bytes") || count + 1 > quota("count"))
    throw new Refusal(413, "", "Upload exceeds quota.");
}

/** The length comes first, or chunks whose end tells it; a copy has none of its own. */
function checkLength({ request }: Context): void {
  const { "content-length": length, "transfer-encoding": coding, "x-copy-from": source } = request.headers;
  const plain = { headers: { "Content-Type": "text/plain" } };
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    throw new Refusal(400, "", "Invalid Transfer-Encoding header value", plain);
  if (length === undefined && coding === undefined && source === undefined)
    throw new Refusal(411, "", "Missing Content-Length header.", plain);
}

function checkName(name: string): void {
  const length = Buffer.byteLength(name);
  if (length > LIMITS.max_object_name_length)
    throw badRequest(`Object name length of ${length} longer than ${LIMITS.max_object_name_length}`);
}

function store({ params, cloud }: Context, container: ContainerRow, object: ObjectRow): void {
  container.objects.set(params.object ?? "", object);
  cloud.kernel.record("swift", "object.put", `${params.account}/${params.container}/${params.object}`, {
    bytes: object.data.length,
    etag: object.etag,
  });
}

const made = (object: ObjectRow, etag: string, headers = {}): HttpReply =>
  bare(201, { Etag: etag, "Last-Modified": httpDate(object.storedMs), ...headers });

export function putObject(swift: Swift, context: Context): HttpReply {
  const { request, params, cloud, query } = context;
  const { headers } = request;
  checkMetadata(headers, "x-object-meta-");
  checkLength(context);
  checkName(params.object ?? "");
  if (Object.keys(headers).some((name) => name.startsWith("x-symlink-target"))) throw notSimulated("symbolic links");
  const data = bytesOf(context);
  if (headers["x-copy-from"] !== undefined) return copyFrom(swift, context, data.length);
  const manifest = headers["x-object-manifest"];
  if (manifest !== undefined && (pathOf(manifest) === undefined || /[?&]/.test(manifest)))
    throw badRequest("X-Object-Manifest must be in the format container/prefix", HTML);
  const deleteAtS = deleteAt(context);
  const container = containerOf(swift, context);
  checkQuota(swift, params, container, data.length);
  if (headers["if-none-match"]?.trim() === "*" && container.objects.has(params.object ?? "")) throw refused(412);
  const segments = query.get("multipart-manifest") === "put" ? checkedSegments(swift, context) : undefined;
  const stored = segments === undefined ? data : Buffer.from(manifestOf(segments));
  const object: ObjectRow = {
    data: new Uint8Array(stored),
    etag: md5(stored),
    type: headers["content-type"] ?? guessed(params.object ?? ""),
    storedMs: cloud.kernel.nowMs,
    metadata: metadataIn(headers),
    ...(deleteAtS !== undefined && { deleteAtS }),
    ...(segments && { segments }),
  };
  const etag = segments === undefined ? object.etag : slo(segments).etag;
  const expected = headers.etag?.replaceAll('"', "");
  if (expected !== undefined && expected !== etag)
    throw new Refusal(422, "", "", { headers: { "Last-Modified": httpDate(object.storedMs) } });
  store(context, container, object);
  return made(object, segments === undefined ? etag : `"${etag}"`);
}

const FORM = "header must be of the form <container name>/<object name>";

function copyFrom(swift: Swift, context: Context, length: number): HttpReply {
  const source = pathOf(percentText(context.request.headers["x-copy-from"] ?? ""));
  if (source === undefined) throw new Refusal(412, "", `X-Copy-From ${FORM}`);
  if (length > 0) throw badRequest("Copy requests require a zero byte body");
  return copy(swift, context, source.join("/"), context);
}

/** COPY: as a PUT of the destination that names its source. */
export function copyObject(swift: Swift, context: Context): HttpReply {
  const { params, request } = context;
  const { destination } = request.headers;
  if (destination === undefined) throw new Refusal(412, "", "Destination header required");
  const [container, object] = pathOf(percentText(destination)) ?? [];
  if (container === undefined || object === undefined) throw new Refusal(412, "", `Destination ${FORM}`);
  checkName(object);
  return copy(swift, context, `${params.container}/${params.object}`, {
    ...context,
    params: { ...params, container, object },
  });
}

function copy(swift: Swift, { request, params, cloud }: Context, path: string, to: Context): HttpReply {
  const account = params.account ?? "";
  for (const name of ["destination-account", "x-copy-from-account"])
    if (request.headers[name] !== undefined && request.headers[name] !== account)
      throw notSimulated("copies between accounts");
  const source = findObject(swift, account, path);
  if (source === undefined) throw notFound();
  const container = containerOf(swift, to);
  const { data } = contentOf(swift, account, source);
  checkQuota(swift, params, container, data.length);
  const isFresh = ["true", "1", "yes", "on", "t", "y"].includes(
    (request.headers["x-fresh-metadata"] ?? "").toLowerCase(),
  );
  const { "x-object-manifest": _manifest, ...inherited } = source.metadata;
  const deleteAtS = deleteAt(to);
  const object: ObjectRow = {
    data,
    etag: md5(data),
    type: request.headers["content-type"] ?? source.type,
    storedMs: cloud.kernel.nowMs,
    metadata: { ...(isFresh ? {} : inherited), ...metadataIn(request.headers) },
    ...(deleteAtS !== undefined && { deleteAtS }),
  };
  store(to, container, object);
  return made(object, object.etag, {
    "X-Copied-From-Account": account,
    "X-Copied-From": path.split("/").map(encodeURIComponent).join("/"),
    "X-Copied-From-Last-Modified": httpDate(source.storedMs),
    ...titled(
      Object.fromEntries(Object.entries(object.metadata).filter(([name]) => name.startsWith("x-object-meta-"))),
    ),
  });
}

/** POST replaces what is known of the object, not its bytes. */
export function postObject(swift: Swift, context: Context): HttpReply {
  const { headers } = context.request;
  checkMetadata(headers, "x-object-meta-");
  const deleteAtS = deleteAt(context);
  const { deleteAtS: _old, ...object } = objectOf(swift, context);
  const manifest = object.metadata["x-object-manifest"];
  containerOf(swift, context).objects.set(context.params.object ?? "", {
    ...object,
    type: headers["content-type"] ?? object.type,
    metadata: { ...metadataIn(headers), ...(manifest !== undefined && { "x-object-manifest": manifest }) },
    ...(deleteAtS !== undefined && { deleteAtS }),
  });
  return accepted(context);
}

export function removeObject(swift: Swift, account: string, container: string, name: string): void {
  if (findContainer(swift, account, container)?.objects.delete(name) !== true) throw notFound();
  swift.cloud.kernel.record("swift", "object.delete", `${account}/${container}/${name}`);
}

export function deleteObject(swift: Swift, context: Context): HttpReply {
  const { account = "", container = "", object = "" } = context.params;
  removeObject(swift, account, container, object);
  return bare(204);
}

const tags = (header: string): readonly string[] => header.split(",").map((tag) => tag.trim().replaceAll('"', ""));

/** The answer to a condition that does not hold. Swift asks for the match first, then for the dates. */
function unmet(context: Context, object: ObjectRow, etag: string, headers: Headers): HttpReply | undefined {
  const { request } = context;
  const plain = etag.replaceAll('"', "");
  const { "if-match": match, "if-none-match": none } = request.headers;
  const holds = (header: string): boolean => tags(header).some((tag) => tag === "*" || tag === plain);
  const storedMs = Math.ceil(object.storedMs / 1000) * 1000;
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  const until = Date.parse(request.headers["if-unmodified-since"] ?? "");
  const { "Content-Type": _type, "Accept-Ranges": _ranges, ...kept } = headers;
  const notModified: HttpReply = { status: 304, headers: { ...headers, "Content-Length": "0" } };
  const failed: HttpReply = { status: 412, headers: { ...HTML, ...kept, "Content-Length": "0" } };
  if (match !== undefined && !holds(match)) return failed;
  if (none !== undefined && holds(none)) return notModified;
  if (storedMs > until) return failed;
  return storedMs <= since ? notModified : undefined;
}

/** First and last byte; `null`: there is nothing there; `undefined`: no range, or one that makes no sense. */
function rangeOf(header: string | undefined, length: number): readonly [number, number] | null | undefined {
  const specs = /^bytes=(.+)$/.exec(header ?? "")?.[1]?.split(",") ?? [];
  if (specs.length > 1) throw notSimulated("several ranges at once");
  const [, first, last] = /^\s*(\d*)-(\d*)\s*$/.exec(specs[0] ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") return Number(last) === 0 ? null : [Math.max(0, length - Number(last)), length - 1];
  if (last !== "" && Number(last) < Number(first)) return undefined;
  return Number(first) >= length
    ? null
    : [Number(first), last === "" ? length - 1 : Math.min(Number(last), length - 1)];
}

/** GET and HEAD. */
export function readObject(swift: Swift, context: Context, isSigned: boolean): HttpReply {
  const { request, query, params } = context;
  const object = objectOf(swift, context);
  if (object.segments !== undefined && query.get("multipart-manifest") === "get")
    return manifestReply(object, request.method);
  const isManifest = query.get("multipart-manifest") === "get";
  const content = isManifest
    ? { data: object.data, etag: object.etag, headers: {} }
    : contentOf(swift, params.account ?? "", object);
  const kept = Object.entries(object.metadata).filter(
    ([name]) => !isSigned || !/^x-object-meta-(?!public-)/.test(name),
  );
  const headers: Record<string, string> = {
    "Content-Type": object.type,
    ...titled(Object.fromEntries(kept)),
    ...content.headers,
    ...(object.deleteAtS !== undefined && { "X-Delete-At": String(object.deleteAtS) }),
    ...(isSigned && signedHeaders(context)),
    Etag: content.etag,
    "Last-Modified": httpDate(object.storedMs),
    "X-Timestamp": stamp(object.storedMs),
    "Accept-Ranges": "bytes",
  };
  const failed = unmet(context, object, content.etag, headers);
  if (failed !== undefined) return failed;
  const { data } = content;
  if (request.method === "HEAD") return { status: 200, headers: { ...headers, "Content-Length": String(data.length) } };
  const range = rangeOf(request.headers.range, data.length);
  if (range === null) throw refuseWith(paged(context, 416, { ...headers, "Content-Range": `bytes */${data.length}` }));
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
    "X-Timestamp": stamp(object.storedMs),
    "Accept-Ranges": "bytes",
    "Content-Length": String(object.data.length),
  };
  return { status: 200, headers, ...(method !== "HEAD" && { body: object.data }) };
}

/** A signed address is for downloads. */
function signedHeaders({ query, params }: Context): Headers {
  const name = query.get("filename") ?? params.object?.split("/").at(-1) ?? "";
  const expires = query.get("temp_url_expires") ?? "";
  const untilMs = /^\d+$/.test(expires) ? Number(expires) * 1000 : Date.parse(expires);
  return {
    "Content-Disposition": query.has("inline")
      ? "inline"
      : `attachment; filename="${encodeURIComponent(name)}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    Expires: new Date(untilMs).toUTCString(),
  };
}
