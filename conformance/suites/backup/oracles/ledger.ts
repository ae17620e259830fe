/** One write of one writer. */
export interface LedgerWrite {
  readonly writer: number;
  /** From 0, without gaps, in the order in which the writer wrote. */
  readonly seq: number;
  readonly payload: string;
  readonly sentMs: number;
  /** When it was acknowledged; undefined if it is unknown whether it took effect. */
  readonly ackedMs: number | undefined;
}

/** A restored row. */
export interface LedgerRow {
  readonly writer: number;
  readonly seq: number;
  readonly payload: string;
}

/** From the request for a backup to the moment when its end was first seen. */
export interface BackupSpan {
  readonly askedMs: number;
  readonly endedMs: number;
}

/**
 * An objection to a restored ledger. `foreign`: a row that nobody wrote; `gap`: a writer's later row is there
 * but an earlier one is not; `stale`: a row that was acknowledged before the backup was requested is missing;
 * `appended`: a row that was sent after its end is there; `torn`: no single moment explains which rows are
 * there and which are not.
 */
interface LedgerFault {
  readonly kind: "foreign" | "gap" | "stale" | "appended" | "torn";
  readonly text: string;
}

const keyOf = ({ writer, seq }: LedgerRow): string => `${writer}/${seq}`;
const nameOf = ({ writer, seq }: LedgerRow): string => `write ${seq} of writer ${writer}`;

function findForeign(byKey: ReadonlyMap<string, LedgerWrite>, rows: readonly LedgerRow[]): readonly LedgerFault[] {
  return rows.flatMap((row): LedgerFault[] => {
    const write = byKey.get(keyOf(row));
    if (write?.payload === row.payload) return [];
    const how = write === undefined ? "was never sent" : "has another payload";
    return [{ kind: "foreign", text: `${nameOf(row)} is there, but ${how}` }];
  });
}

/** A missing write without an acknowledgement may never have taken effect: it leaves no gap. */
function findGaps(writes: readonly LedgerWrite[], isThere: (write: LedgerWrite) => boolean): readonly LedgerFault[] {
  const last = new Map<number, number>();
  for (const write of writes)
    if (isThere(write)) last.set(write.writer, Math.max(write.seq, last.get(write.writer) ?? -1));
  const missing = writes.filter((write) => write.ackedMs !== undefined && !isThere(write));
  return missing.flatMap((write): LedgerFault[] => {
    const later = last.get(write.writer) ?? -1;
    if (later < write.seq) return [];
    return [{ kind: "gap", text: `${nameOf(write)} is missing, but its write ${later} is there` }];
  });
}

function findOutside(
  writes: readonly LedgerWrite[],
  isThere: (write: LedgerWrite) => boolean,
  { askedMs, endedMs }: BackupSpan,
): readonly LedgerFault[] {
  return writes.flatMap((write): LedgerFault[] => {
    const { sentMs, ackedMs = Number.POSITIVE_INFINITY } = write;
    if (ackedMs < askedMs && !isThere(write))
      return [
        {
          kind: "stale",
          text: `${nameOf(write)}, acknowledged ${askedMs - ackedMs} ms before the backup was asked for, is missing`,
        },
      ];
    if (sentMs > endedMs && isThere(write))
      return [
        {
          kind: "appended",
          text: `${nameOf(write)}, sent ${sentMs - endedMs} ms after the backup had ended, is there`,
        },
      ];
    return [];
  });
}

/** Looks for a single cut: everything that was acknowledged before it is there, and nothing that was sent after it. */
function findTear(writes: readonly LedgerWrite[], isThere: (write: LedgerWrite) => boolean): readonly LedgerFault[] {
  const there = writes.filter(isThere).toSorted((a, b) => b.sentMs - a.sentMs)[0];
  const missing = writes
    .filter((write) => write.ackedMs !== undefined && !isThere(write))
    .toSorted((a, b) => (a.ackedMs ?? 0) - (b.ackedMs ?? 0))[0];
  if (there === undefined || missing?.ackedMs === undefined || missing.ackedMs >= there.sentMs) return [];
  const apart = there.sentMs - missing.ackedMs;
  return [
    {
      kind: "torn",
      text: `${nameOf(missing)} is missing, and ${nameOf(there)}, sent ${apart} ms after it was acknowledged, is there`,
    },
  ];
}

/**
 * Judges the restored rows by what was written, and when. It needs no knowledge of the vendor: the rows of
 * each writer must be a prefix of what it wrote, and one moment between the request for the backup and its
 * end must explain all of them. The worst fault comes first.
 */
export function judgeLedger(
  writes: readonly LedgerWrite[],
  rows: readonly LedgerRow[],
  span: BackupSpan,
): readonly LedgerFault[] {
  const byKey = new Map(writes.map((write) => [keyOf(write), write]));
  const found = new Set(rows.map(keyOf));
  const isThere = (write: LedgerWrite): boolean => found.has(keyOf(write));
  const outside = findOutside(writes, isThere, span);
  return [...findForeign(byKey, rows), ...outside, ...findGaps(writes, isThere), ...findTear(writes, isThere)];
}
