import { createHmac } from "node:crypto";
import { percentText, sameSecret } from "../../../kernel/index.ts";
import { notSimulated, refuseWith } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { findContainer } from "../state/containers.ts";
import type { Swift } from "../state/state.ts";
import { pageReply } from "../wire/wire.ts";

/** By the number of digits of the signature. */
const DIGESTS: Readonly<Record<number, string>> = { 40: "sha1", 64: "sha256", 128: "sha512" };

/** Whether the request uses a temporary URL. */
export const isSigned = ({ params, query }: RequestContext): boolean =>
  params.object !== undefined && (query.has("temp_url_sig") || query.has("temp_url_expires"));

/** When a temporary URL expires, in seconds since 1970; NaN where it does not say. */
export const expiryOf = ({ query }: RequestContext): number => {
  const expires = query.get("temp_url_expires") ?? "";
  return /^\d+$/.test(expires) ? Number(expires) : Date.parse(expires) / 1000;
};

/** The keys with which the account and the container sign, at most two each. */
function keysFor(swift: Swift, { account = "", container = "" }: RequestContext["params"]): readonly string[] {
  const ofAccount = swift.slot.value.metadata.get(account) ?? {};
  const ofContainer = findContainer(swift, account, container)?.metadata ?? {};
  return ["", "-2"]
    .flatMap((suffix) => [
      ofAccount[`x-account-meta-temp-url-key${suffix}`],
      ofContainer[`x-container-meta-temp-url-key${suffix}`],
    ])
    .filter((key) => key !== undefined);
}

/** The methods whose signature is good for a method: that of GET, PUT or POST also allows HEAD. */
const methodsFor = (method: string): readonly string[] =>
  method === "HEAD" ? ["HEAD", "GET", "PUT", "POST"] : [method];

function isSignedBy(key: string, digest: string, context: RequestContext): boolean {
  const { query, request } = context;
  const path = percentText(request.path);
  return methodsFor(request.method).some((method) =>
    sameSecret(
      createHmac(digest, key)
        .update(`${method}\n${expiryOf(context)}\n${path}`)
        .digest("hex"),
      query.get("temp_url_sig") ?? "",
    ),
  );
}

/** A signature of one repeated digit is not a signature. */
const isTrivial = (query: URLSearchParams): boolean => new Set(query.get("temp_url_sig") ?? "").size <= 1;

/** Checks that a request is signed with a key of the account or container, for its method and path, and has not expired. @throws Refusal 401 */
export function checkSignature(swift: Swift, context: RequestContext): void {
  const { query, params, cloud } = context;
  const digest = DIGESTS[(query.get("temp_url_sig") ?? "").length];
  const isLive = expiryOf(context) >= cloud.kernel.nowMs / 1000;
  if (digest !== undefined && isLive && keysFor(swift, params).some((key) => isSignedBy(key, digest, context))) return;
  // Signatures of prefixes or addresses are not verified: only what is wrong in any case is refused.
  const unknown = ["temp_url_prefix", "temp_url_ip_range"].find((name) => query.has(name));
  if (unknown !== undefined && isLive && /^[0-9a-f]+$/.test(query.get("temp_url_sig") ?? "") && !isTrivial(query))
    throw notSimulated(unknown);
  const challenge = { "WWW-Authenticate": 'Swift realm="unknown"' };
  throw refuseWith(pageReply(context, 401, challenge, "401 Unauthorized: Temp URL invalid\n"));
}
