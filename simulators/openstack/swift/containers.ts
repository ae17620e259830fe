import type { HttpReply } from "../../kernel/index.ts";
import type { Context } from "../service.ts";
import { listed, wantsJson } from "./listing.ts";
import {
  accountOf,
  badRequest,
  bare,
  type ContainerRow,
  containerOf,
  findContainer,
  fresh,
  type Headers,
  HTML,
  httpDate,
  isoListed,
  LIMITS,
  mergedMetadata,
  notFound,
  notSimulated,
  REPORT_MS,
  seenTotals,
  stamp,
  type Swift,
  titled,
  totals,
} from "./state.ts";
import { slo } from "./large.ts";
import { accepted, refused } from "./style.ts";

/** GET and HEAD of an account. It comes to be with its first container or metadata; before, it is shown as empty. */
export function readAccount(swift: Swift, context: Context): HttpReply {
  const { kernel } = swift.cloud;
  const account = context.params.account ?? "";
  const containers = swift.slot.value.accounts.get(account);
  const known = [...(containers ?? new Map<string, ContainerRow>())].map(
    ([name, row]) => [name, totals(fresh(swift, row), kernel.nowMs - REPORT_MS), row.createdMs] as const,
  );
  const counted = {
    "container-count": String(known.length),
    "object-count": String(known.reduce((sum, [, { count }]) => sum + count, 0)),
    "bytes-used": String(known.reduce((sum, [, { bytes }]) => sum + bytes, 0)),
  };
  const under = (prefix: string): Headers =>
    Object.fromEntries(Object.entries(counted).map(([name, value]) => [`${prefix}${name}`, value]));
  const headers = titled({
    ...under("x-account-"),
    "x-timestamp": stamp(kernel.nowMs),
    ...(containers !== undefined && {
      ...under("x-account-storage-policy-policy-0-"),
      ...swift.slot.value.metadata.get(account),
      "accept-ranges": "bytes",
      "x-account-project-domain-id": "default",
    }),
  });
  const isHeadOfNothing = context.request.method === "HEAD" && containers === undefined && wantsJson(context);
  const byName = new Map(
    known.map(([name, row, createdMs]) => [name, { ...row, last_modified: isoListed(createdMs) }]),
  );
  const reply = listed(context, [...byName.keys()], (name) => ({ name, ...byName.get(name) }), headers);
  return isHeadOfNothing ? { ...reply, status: 200 } : reply;
}

export function putAccount(swift: Swift, context: Context): HttpReply {
  const isNew = !swift.slot.value.accounts.has(context.params.account ?? "");
  postAccount(swift, context);
  return isNew ? bare(201) : accepted(context);
}

const ACCOUNT_QUOTA = ["x-account-meta-quota-bytes", "x-remove-account-meta-quota-bytes"];

/** Quotas of accounts are for resellers to set. @throws Refusal 400, 403 */
function checkAccountQuota({ request, actor }: Context): void {
  if (!ACCOUNT_QUOTA.some((name) => name in request.headers)) return;
  if (!actor.roles.includes("ResellerAdmin")) throw refused(403);
  const quota = request.headers["x-account-meta-quota-bytes"];
  if (quota && !/^\d+$/.test(quota)) throw badRequest("Invalid bytes quota.", HTML);
}

export function postAccount(swift: Swift, context: Context): HttpReply {
  checkAccountQuota(context);
  const { params, request } = context;
  const { metadata } = swift.slot.value;
  const account = params.account ?? "";
  metadata.set(account, mergedMetadata(metadata.get(account) ?? {}, request.headers, "account"));
  accountOf(swift, account);
  return bare(204);
}

const NOT_SIMULATED = /^x-(versions-|history-location|container-sync-|storage-policy$|symlink-)/;

/** The container's metadata after this request. */
function changed(known: Headers, { request }: Context): Headers {
  const unknown = Object.keys(request.headers).find((name) => NOT_SIMULATED.test(name));
  if (unknown !== undefined && !(unknown === "x-storage-policy" && request.headers[unknown] === "Policy-0"))
    throw notSimulated(unknown);
  for (const what of ["bytes", "count"]) {
    const quota = request.headers[`x-container-meta-quota-${what}`];
    if (quota && !/^\d+$/.test(quota)) throw badRequest(`Invalid ${what} quota.`, HTML);
  }
  return mergedMetadata(known, request.headers, "container");
}

export function putContainer(swift: Swift, context: Context): HttpReply {
  const { params, cloud } = context;
  const { account = "", container: name = "" } = params;
  if (name.includes("/")) throw notFound();
  const length = Buffer.byteLength(name);
  if (length > LIMITS.max_container_name_length)
    throw badRequest(`Container name length of ${length} longer than ${LIMITS.max_container_name_length}`, HTML);
  const known = findContainer(swift, account, name);
  if (known !== undefined) {
    change(swift, known, context);
    return accepted(context);
  }
  const { nowMs } = cloud.kernel;
  const metadata = changed({}, context);
  accountOf(swift, account).set(name, { objects: new Map(), createdMs: nowMs, changedMs: nowMs, metadata });
  cloud.kernel.record("swift", "container.create", `${account}/${name}`);
  return bare(201);
}

function change(swift: Swift, container: ContainerRow, context: Context): void {
  container.metadata = changed(container.metadata, context);
  container.changedMs = swift.cloud.kernel.nowMs;
  delete container.seen;
}

export function postContainer(swift: Swift, context: Context): HttpReply {
  change(swift, containerOf(swift, context), context);
  return bare(204);
}

/** Takes an empty container away. */
export function removeContainer(swift: Swift, account: string, name: string): void {
  const container = findContainer(swift, account, name);
  if (container === undefined) throw notFound();
  if (container.objects.size > 0) throw refused(409);
  accountOf(swift, account).delete(name);
  swift.cloud.kernel.record("swift", "container.delete", `${account}/${name}`);
}

export function deleteContainer(swift: Swift, { params }: Context): HttpReply {
  removeContainer(swift, params.account ?? "", params.container ?? "");
  return bare(204);
}

export function readContainer(swift: Swift, context: Context): HttpReply {
  const container = containerOf(swift, context);
  // The proxy has asked the container anew, and believes what it heard.
  delete container.seen;
  const { count, bytes } = seenTotals(swift, container);
  const headers = titled({
    "x-container-object-count": String(count),
    "x-container-bytes-used": String(bytes),
    "x-timestamp": stamp(container.createdMs),
    "last-modified": httpDate(container.changedMs),
    "accept-ranges": "bytes",
    "x-storage-policy": "Policy-0",
    ...container.metadata,
  });
  const view = (name: string): object => {
    const { data, etag, type, storedMs, segments } = container.objects.get(name) ?? { data: "", etag: "", type: "" };
    const large = segments && slo(segments);
    return {
      bytes: large?.bytes ?? data.length,
      hash: etag,
      name,
      content_type: type,
      last_modified: isoListed(storedMs ?? 0),
      ...(large && { slo_etag: `"${large.etag}"` }),
    };
  };
  return listed(context, [...container.objects.keys()], view, headers);
}
