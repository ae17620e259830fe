import { type HttpReply, percentText } from "../../../kernel/index.ts";
import { notSimulated, refuseWith, Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { contentOf, md5 } from "../behaviour/large-objects.ts";
import { checkQuota } from "../behaviour/quotas.ts";
import { findObject, requireContainer, splitPath } from "../state/containers.ts";
import type { Headers, ObjectRow, Swift } from "../state/state.ts";
import { parseRange, unmetCondition } from "../wire/conditions.ts";
import { notFound, refusal } from "../wire/errors.ts";
import { httpDate, isYes, PLAIN, timestamp, titleCase } from "../wire/headers.ts";
import { isObjectMetadata, objectMetadata } from "../wire/metadata.ts";
import { checkName, createdReply, parseDeleteAt, store } from "./stored-objects.ts";

/** COPY: the same as a PUT of the destination that names its source. */
export function copyObject(swift: Swift, context: RequestContext): HttpReply {
  const { params, request } = context;
  const { destination } = request.headers;
  if (destination === undefined) throw new Refusal(412, "", "Destination header required");
  // It can't write a name that is not text.
  if (percentText(destination).includes("\ufffd"))
    throw refuseWith({ status: 500, headers: PLAIN, body: "An error occurred" });
  const [container, object] = splitPath(percentText(destination)) ?? [];
  if (container === undefined || object === undefined)
    throw new Refusal(412, "", "Destination header must be of the form <container name>/<object name>");
  checkName(object);
  return copyFrom(swift, context, `${params.container}/${params.object}`, {
    ...context,
    params: { ...params, container, object },
  });
}

/** @throws Refusal 403, 412, 501 */
function checkAccounts({ request, actor }: RequestContext, account: string): void {
  for (const name of ["destination-account", "x-copy-from-account"]) {
    const other = request.headers[name];
    if (other === undefined || other === account) continue;
    if (percentText(other).includes("/")) throw new Refusal(412, "", "Account name cannot contain slashes");
    if (!actor.isAdmin && !actor.roles.includes("ResellerAdmin")) throw refusal(403);
    throw notSimulated("copies between accounts");
  }
}

/** Copies what the object at `path` delivers to the path of `to`. @throws Refusal 404, 413, 501 */
export function copyFrom(
  swift: Swift,
  { request, params }: RequestContext,
  path: string,
  to: RequestContext,
): HttpReply {
  const { account = "" } = params;
  checkAccounts(to, account);
  const source = findObject(swift, account, path);
  if (source === undefined) throw notFound();
  const { data: whole, etag } = contentOf(swift, account, source);
  const shown = {
    Etag: etag,
    "Last-Modified": httpDate(source.storedMs),
    "X-Timestamp": timestamp(source.storedMs),
  };
  const unmet = unmetCondition(request.headers, { storedMs: source.storedMs, etag }, shown);
  if (unmet !== undefined) throw refuseWith(unmet);
  const range = parseRange(request.headers.range, whole.length);
  if (range === null) throw refusal(416);
  const data = range === undefined ? whole : whole.slice(range[0], range[1] + 1);
  const container = requireContainer(swift, to);
  checkQuota(swift, account, container, data.length);
  const object = copyOf(to, source, data);
  const stored = store(swift, to, container, object);
  return createdReply(stored, object.etag, copyHeaders(account, path, source, object));
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
