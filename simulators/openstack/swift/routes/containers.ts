import { type HttpReply, isoMicroseconds } from "../../../kernel/index.ts";
import { notSimulated } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { measureObject } from "../behaviour/large-objects.ts";
import { removeContainer } from "../behaviour/removal.ts";
import { seenTotals } from "../behaviour/totals.ts";
import { ensureAccount, findContainer, requireContainer } from "../state/containers.ts";
import { LIMITS } from "../state/limits.ts";
import type { ContainerRow, Headers, ObjectRow, Swift } from "../state/state.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { bareReply, HTML, httpDate, timestamp, titleCase } from "../wire/headers.ts";
import { listingReply } from "../wire/listing.ts";
import { mergeMetadata } from "../wire/metadata.ts";
import { acceptedReply } from "../wire/wire.ts";

const NOT_SIMULATED = /^x-(versions-|history-location|container-sync-|storage-policy$|symlink-)/;

/** The container's metadata after this request. @throws Refusal 400, 501 */
function nextMetadata(known: Headers, { request: { headers } }: RequestContext): Headers {
  const unknown = Object.keys(headers).find((name) => NOT_SIMULATED.test(name));
  if (unknown !== undefined && !(unknown === "x-storage-policy" && headers[unknown] === "Policy-0"))
    throw notSimulated(unknown);
  for (const what of ["bytes", "count"]) {
    const quota = headers[`x-container-meta-quota-${what}`];
    if (quota && !/^\d+$/.test(quota)) throw badRequest(`Invalid ${what} quota.`, HTML);
  }
  return mergeMetadata(known, headers, "container");
}

/** PUT of a container. */
export function putContainer(swift: Swift, context: RequestContext): HttpReply {
  const { account = "", container: name = "" } = context.params;
  if (name.includes("/")) throw notFound();
  const length = Buffer.byteLength(name);
  if (length > LIMITS.max_container_name_length)
    throw badRequest(`Container name length of ${length} longer than ${LIMITS.max_container_name_length}`, HTML);
  const known = findContainer(swift, account, name);
  if (known !== undefined) {
    change(swift, known, context);
    return acceptedReply(context);
  }
  const { kernel } = swift.cloud;
  const metadata = nextMetadata({}, context);
  const created = { objects: new Map(), createdMs: kernel.nowMs, changedMs: kernel.nowMs, metadata };
  ensureAccount(swift, account).set(name, created);
  kernel.record("swift", "container.create", `${account}/${name}`);
  return bareReply(201);
}

function change(swift: Swift, container: ContainerRow, context: RequestContext): void {
  container.metadata = nextMetadata(container.metadata, context);
  container.changedMs = swift.cloud.kernel.nowMs;
  delete container.seen;
}

/** POST of a container: its metadata. */
export function postContainer(swift: Swift, context: RequestContext): HttpReply {
  change(swift, requireContainer(swift, context), context);
  return bareReply(204);
}

/** DELETE of a container, which must be empty. */
export function deleteContainer(swift: Swift, { params }: RequestContext): HttpReply {
  removeContainer(swift, params.account ?? "", params.container ?? "");
  return bareReply(204);
}

/** GET and HEAD of a container. */
export function readContainer(swift: Swift, context: RequestContext): HttpReply {
  const container = requireContainer(swift, context);
  // The proxy has asked the container again, and caches the answer.
  delete container.seen;
  const { count, bytes } = seenTotals(swift, container);
  const headers = titleCase({
    "x-container-object-count": String(count),
    "x-container-bytes-used": String(bytes),
    "x-timestamp": timestamp(container.createdMs),
    "last-modified": httpDate(container.changedMs),
    "accept-ranges": "bytes",
    "x-storage-policy": "Policy-0",
    ...container.metadata,
  });
  const view = (name: string): object => {
    const object = container.objects.get(name);
    return object === undefined ? { name } : listedObject(name, object);
  };
  return listingReply(context, [...container.objects.keys()], view, headers);
}

function listedObject(name: string, object: ObjectRow): object {
  const { bytes, etag } = measureObject(object);
  return {
    bytes,
    hash: object.etag,
    name,
    content_type: object.type,
    last_modified: isoMicroseconds(object.storedMs),
    ...(object.segments !== undefined && { slo_etag: `"${etag}"` }),
  };
}
