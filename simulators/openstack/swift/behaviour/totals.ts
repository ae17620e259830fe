import type { ContainerRow, Swift, Totals } from "../state/state.ts";

/** How long the proxy caches what it knows about a container. */
const SEEN_MS = 60_000;
/** After how long containers report their objects to their account. */
const REPORT_MS = 30_000;

/** Objects and bytes of a container; with `untilMs` only what was stored by then. */
function countObjects({ objects, versions }: ContainerRow, untilMs = Infinity): Totals {
  let count = 0;
  let bytes = 0;
  for (const { data, storedMs, versionId } of objects.values()) {
    if (storedMs > untilMs) continue;
    count++;
    // The bytes of an object that is a version are counted there.
    if (versionId === undefined) bytes += data.length;
  }
  for (const rows of versions?.values() ?? [])
    for (const { object, storedMs } of rows) if (storedMs <= untilMs) bytes += object?.data.length ?? 0;
  return { count, bytes };
}

/** The proxy's view of a container: up to a minute old. */
export function seenTotals({ cloud }: Swift, container: ContainerRow): Totals {
  const { nowMs } = cloud.kernel;
  if (container.seen === undefined || container.seen.atMs + SEEN_MS <= nowMs)
    container.seen = { ...countObjects(container), atMs: nowMs };
  return container.seen;
}

/** The last report of a container to its account: half a minute old. */
export const reportedTotals = ({ cloud }: Swift, container: ContainerRow): Totals =>
  countObjects(container, cloud.kernel.nowMs - REPORT_MS);

/** The bytes that the containers have reported to their account. */
export function reportedBytes(swift: Swift, account: string): number {
  let bytes = 0;
  for (const container of swift.slot.value.accounts.get(account)?.values() ?? [])
    bytes += reportedTotals(swift, container).bytes;
  return bytes;
}
