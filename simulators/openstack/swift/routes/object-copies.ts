import { type HttpReply, percentText } from "../../../kernel/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { contentOf, md5 } from "../behaviour/large-objects.ts";
import { checkQuota } from "../behaviour/quotas.ts";
import { findObject, requireContainer, splitPath } from "../state/containers.ts";
import type { Headers, ObjectRow, Swift } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { httpDate, isYes, titleCase } from "../wire/headers.ts";
import { isObjectMetadata, objectMetadata } from "../wire/metadata.ts";
import { checkName, createdReply, parseDeleteAt, store } from "./stored-objects.ts";

/** COPY: the same as a PUT of the destination that names its source. */
export function copyObject(swift: Swift, context: RequestContext): HttpReply {
  const { params, request } = context;
  const { destination } = request.headers;
  if (destination === undefined) throw new Refusal(412, "", "Destination header required");
  const [container, object] = splitPath(percentText(destination)) ?? [];
  if (container === undefined || object === undefined)
    throw new Refusal(412, "", "Destination header must be of the form <container name>/<object name>");
  checkName(object);
  return copyFrom(swift, context, `${params.container}/${params.object}`, {
    ...context,
    params: { ...params, container, object },
  });
}

/** Copies what the object at `path` delivers to the path of `to`. @throws Refusal 404, 413, 501 */
export function copyFrom(
  swift: Swift,
  { request, params }: RequestContext,
  path: string,
  to: RequestContext,
): HttpReply {
  const { account = "" } = params;
  for (const name of ["destination-account", "x-copy-from-account"])
    if (request.headers[name] !== undefined && request.headers[name] !== account)
      throw notSimulated("copies between accounts");
  const source = findObject(swift, account, path);
  if (source === undefined) throw notFound();
  const container = requireContainer(swift, to);
  const { data } = contentOf(swift, account, source);
  checkQuota(swift, account, container, data.length);
  const object = copyOf(to, source, data);
  store(to, container, object);
  return createdReply(object, object.etag, copyHeaders(account, path, source, object));
}

/** The copy takes over the source's metadata, unless the client asks for fresh ones. */
function copyOf(to: RequestContext, source: ObjectRow, data: Uint8Array): ObjectRow {
  const { headers } = to.request;
  const { "x-object-manifest": _manifest, ...inherited } = source.metadata;
  const deleteAtS = parseDeleteAt(to);
  return {
    data,
    etag: md5(data),
    type: headers["content-type"] ?? source.type,
    storedMs: to.cloud.kernel.nowMs,
    metadata: { ...(isYes(headers["x-fresh-metadata"]) ? {} : inherited), ...objectMetadata(headers) },
    ...(deleteAtS !== undefined && { deleteAtS }),
  };
}

function copyHeaders(account: string, path: string, source: ObjectRow, copy: ObjectRow): Headers {
  const own = Object.entries(copy.metadata).filter(([name]) => isObjectMetadata(name));
  return {
    "X-Copied-From-Account": account,
    "X-Copied-From": path.split("/").map(encodeURIComponent).join("/"),
    "X-Copied-From-Last-Modified": httpDate(source.storedMs),
    ...titleCase(Object.fromEntries(own)),
  };
}
