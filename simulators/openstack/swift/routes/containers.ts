import { type HttpReply, isoMicroseconds, percentText } from "../../../kernel/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { measureObject } from "../behaviour/large-objects.ts";
import { removeContainer } from "../behaviour/removal.ts";
import { listedVersions } from "../behaviour/versions.ts";
import { seenTotals } from "../behaviour/totals.ts";
import { ensureAccount, findContainer, requireContainer } from "../state/containers.ts";
import { LIMITS } from "../state/limits.ts";
import type { ContainerRow, Headers, ObjectRow, Swift } from "../state/state.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { cleanList } from "../wire/access-lists.ts";
import { bareReply, HTML, httpDate, isYes, timestamp, titleCase } from "../wire/headers.ts";
import { linesReply, listingReply } from "../wire/listing.ts";
import { mergeMetadata } from "../wire/metadata.ts";
import { acceptedReply } from "../wire/wire.ts";

/** The target to which the objects of a container are synchronised. @throws Refusal 400, 501 */
function checkSync(to: string | undefined): void {
  if (to === undefined || to === "") return;
  const [, scheme = "", host = ""] = /^(?:([a-z]*):)?(?:\/\/([^/]*))?/i.exec(to) ?? [];
  if (!to.startsWith("//") && scheme !== "http" && scheme !== "https")
    throw badRequest(`Invalid scheme '${scheme}' in X-Container-Sync-To, must be "//", "http", or "https".`, HTML);
  if (host !== "127.0.0.1") throw badRequest(`Invalid host '${host}' in X-Container-Sync-To`, HTML);
  throw notSimulated("x-container-sync-to");
}

const LOCATIONS = ["x-versions-location", "x-history-location"] as const;

/** The place of older versions, as a change of metadata. @throws Refusal 400, 412 */
function locationIn(headers: Headers): Headers {
  const given = LOCATIONS.filter((name) => (headers[name] ?? "") !== "");
  if (given.length > 1) throw badRequest("Only one of x-versions-location or x-history-location may be specified");
  const [name] = given;
  const place = percentText(headers[name ?? ""] ?? "");
  if (place.includes("/")) throw new Refusal(412, "", "Container name cannot contain slashes");
  return name === undefined ? {} : { [name]: place };
}

/** Whether there is any header about the place of versions, which replaces it. */
const namesLocation = (headers: Headers): boolean =>
  LOCATIONS.some((name) => headers[name] !== undefined || headers[name.replace("x-", "x-remove-")] !== undefined);

/** The container's metadata after this request. @throws Refusal 400, 412, 501 */
function nextMetadata(known: Headers, { request: { headers } }: RequestContext): Headers {
  checkSync(headers["x-container-sync-to"]);
  const place = locationIn(headers);
  const kept = namesLocation(headers)
    ? Object.fromEntries(Object.entries(known).filter(([name]) => !LOCATIONS.some((each) => each === name)))
    : known;
  for (const what of ["bytes", "count"]) {
    const quota = headers[`x-container-meta-quota-${what}`];
    if (quota && !/^\d+$/.test(quota)) throw badRequest(`Invalid ${what} quota.`, HTML);
  }
  return { ...mergeMetadata({ ...kept, ...place }, cleanLists(headers), "container") };
}

/** The headers with access lists in the form in which they are kept. @throws Refusal 400 */
function cleanLists(headers: Headers): Headers {
  const lists = ["x-container-read", "x-container-write"].flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, cleanList(name, value)] as const];
  });
  return { ...headers, ...Object.fromEntries(lists) };
}

/** Whether the container keeps versions, if the request says so. */
function setVersioning(container: ContainerRow, { request: { headers } }: RequestContext): void {
  const said = headers["x-versions-enabled"];
  if (said !== undefined) container.isVersioned = isYes(said);
}

/** @throws Refusal 400 */
function checkPolicy({ request: { headers } }: RequestContext): void {
  const policy = headers["x-storage-policy"];
  if (policy !== undefined && policy !== "" && policy.toLowerCase() !== "policy-0")
    throw badRequest(`Invalid X-Storage-Policy '${policy}'`);
}

/** PUT of a container. */
export function putContainer(swift: Swift, context: RequestContext): HttpReply {
  const { account = "", container: name = "" } = context.params;
  if (name.includes("/")) throw notFound();
  const length = Buffer.byteLength(name);
  if (length > LIMITS.max_container_name_length)
    throw badRequest(`Container name length of ${length} longer than ${LIMITS.max_container_name_length}`, HTML);
  checkPolicy(context);
  const known = findContainer(swift, account, name);
  if (known !== undefined) {
    change(swift, known, context);
    return acceptedReply(context);
  }
  const { kernel } = swift.cloud;
  const metadata = nextMetadata({}, context);
  const created: ContainerRow = { objects: new Map(), createdMs: kernel.nowMs, changedMs: kernel.nowMs, metadata };
  setVersioning(created, context);
  ensureAccount(swift, account).set(name, created);
  kernel.record("swift", "container.create", `${account}/${name}`);
  return bareReply(201);
}

function change(swift: Swift, container: ContainerRow, context: RequestContext): void {
  container.metadata = nextMetadata(container.metadata, context);
  setVersioning(container, context);
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
    ...(container.isVersioned !== undefined && { "x-versions-enabled": container.isVersioned ? "True" : "False" }),
  });
  if (context.query.has("versions")) return versionsReply(context, container, headers);
  const view = (name: string): object => {
    const object = container.objects.get(name);
    return object === undefined ? { name } : listedObject(context, name, object);
  };
  return listingReply(context, [...container.objects.keys()], view, headers);
}

/** All versions of all objects. @throws Refusal 400 */
function versionsReply(context: RequestContext, container: ContainerRow, headers: Headers): HttpReply {
  const { query } = context;
  if (query.has("version_marker") && !query.has("marker"))
    throw badRequest("version_marker param requires marker", HTML);
  return linesReply(context, listedVersions(container), headers);
}

function listedObject({ params }: RequestContext, name: string, object: ObjectRow): object {
  const { bytes, etag } = measureObject(object);
  return {
    bytes,
    hash: object.etag,
    name,
    content_type: object.type,
    last_modified: isoMicroseconds(object.storedMs),
    ...(object.segments !== undefined && { slo_etag: `"${etag}"` }),
    ...(object.versionId !== undefined && {
      symlink_path: `/v1/${params.account}/${params.container}/${encodeURIComponent(name)}?version-id=${object.versionId}`,
      version_symlink: true,
    }),
  };
}
