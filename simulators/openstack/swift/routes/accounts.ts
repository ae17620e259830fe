import { type HttpReply, isoMicroseconds } from "../../../kernel/index.ts";
import type { RequestContext } from "../../service.ts";
import { reportedTotals } from "../behaviour/totals.ts";
import { dropExpired, ensureAccount } from "../state/containers.ts";
import type { ContainerRow, Headers, Swift, Totals } from "../state/state.ts";
import { badRequest, refusal } from "../wire/errors.ts";
import { bareReply, HTML, timestamp, titleCase } from "../wire/headers.ts";
import { listingReply, wantsJson } from "../wire/listing.ts";
import { mergeMetadata } from "../wire/metadata.ts";
import { acceptedReply } from "../wire/wire.ts";

/** A container in a listing of its account. */
interface KnownContainer extends Totals {
  readonly name: string;
  readonly last_modified: string;
}

const knownContainer = (swift: Swift, name: string, container: ContainerRow): KnownContainer => ({
  name,
  ...reportedTotals(swift, dropExpired(swift, container)),
  last_modified: isoMicroseconds(container.createdMs),
});

const countsOf = (prefix: string, containers: readonly KnownContainer[]): Headers => ({
  [`${prefix}container-count`]: String(containers.length),
  [`${prefix}object-count`]: String(containers.reduce((sum, { count }) => sum + count, 0)),
  [`${prefix}bytes-used`]: String(containers.reduce((sum, { bytes }) => sum + bytes, 0)),
});

/** GET and HEAD of an account. It is created with its first container or metadata; until then it is shown as empty. */
export function readAccount(swift: Swift, context: RequestContext): HttpReply {
  const { account = "" } = context.params;
  const stored = swift.slot.value.accounts.get(account);
  const containers = [...(stored ?? [])].map(([name, container]) => knownContainer(swift, name, container));
  const headers = titleCase({
    ...countsOf("x-account-", containers),
    "x-timestamp": timestamp(swift.cloud.kernel.nowMs),
    ...(stored === undefined && { "x-put-timestamp": timestamp(swift.cloud.kernel.nowMs) }),
    ...(stored !== undefined && {
      ...countsOf("x-account-storage-policy-policy-0-", containers),
      ...swift.slot.value.metadata.get(account),
      "accept-ranges": "bytes",
      "x-account-project-domain-id": "default",
    }),
  });
  const byName = new Map(containers.map((container) => [container.name, container]));
  const reply = listingReply(context, [...byName.keys()], (name) => ({ ...byName.get(name) }), headers);
  const isHeadOfNothing = context.request.method === "HEAD" && stored === undefined && wantsJson(context);
  return isHeadOfNothing ? { ...reply, status: 200 } : reply;
}

/** PUT of an account. */
export function putAccount(swift: Swift, context: RequestContext): HttpReply {
  const isNew = !swift.slot.value.accounts.has(context.params.account ?? "");
  postAccount(swift, context);
  return isNew ? bareReply(201) : acceptedReply(context);
}

const QUOTA = "x-account-meta-quota-bytes";
const QUOTA_REMOVED = "x-remove-account-meta-quota-bytes";

/** Checks that only resellers set quotas of accounts. @throws Refusal 400, 403 */
function checkQuotaChange({ request: { headers }, actor }: RequestContext): void {
  if (!(QUOTA in headers) && !(QUOTA_REMOVED in headers)) return;
  if (!actor.roles.includes("ResellerAdmin")) throw refusal(403);
  const quota = headers[QUOTA];
  if (quota && !/^\d+$/.test(quota)) throw badRequest("Invalid bytes quota.", HTML);
}

/** POST of an account: its metadata. */
export function postAccount(swift: Swift, context: RequestContext): HttpReply {
  checkQuotaChange(context);
  const { params, request } = context;
  const { metadata } = swift.slot.value;
  const { account = "" } = params;
  metadata.set(account, mergeMetadata(metadata.get(account) ?? {}, request.headers, "account"));
  ensureAccount(swift, account);
  return bareReply(204);
}
