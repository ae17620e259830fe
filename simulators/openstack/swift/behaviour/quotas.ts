import { Refusal } from "../../refusal.ts";
import type { ContainerRow, Swift } from "../state/state.ts";
import { reportedBytes, seenTotals } from "./totals.ts";

const quotaExceeded = (): Refusal => new Refusal(413, "", "Upload exceeds quota.");

/** Checks that an upload of `bytes` fits the quotas of the account and the container, as far as the proxy knows. @throws Refusal 413 */
export function checkQuota(swift: Swift, account: string, container: ContainerRow, bytes: number): void {
  const limit = Number(swift.slot.value.metadata.get(account)?.["x-account-meta-quota-bytes"] ?? Infinity);
  if (bytes > limit || reportedBytes(swift, account) + bytes > limit) throw quotaExceeded();
  const quota = (what: "bytes" | "count"): number =>
    Number(container.metadata[`x-container-meta-quota-${what}`] ?? Infinity);
  const seen = seenTotals(swift, container);
  if (seen.bytes + bytes > quota("bytes") || seen.count + 1 > quota("count")) throw quotaExceeded();
}
