import { timeline } from "./timeline.ts";
import type { BackupSpan, LedgerRow, LedgerWrite } from "./ledger.ts";

/**
 * A history as lines for a report: time runs to the right, `[` and `]` enclose the backup, `=` is a write
 * from request to acknowledgement.
 */
export function drawHistory(writes: readonly LedgerWrite[], rows: readonly LedgerRow[], span: BackupSpan): string {
  const times = [span.askedMs, span.endedMs, ...writes.flatMap(({ sentMs, ackedMs = sentMs }) => [sentMs, ackedMs])];
  const [startMs, endMs] = [Math.min(...times), Math.max(...times)];
  const line = timeline(startMs, endMs);
  const there = new Set(rows.map(({ writer, seq }) => `${writer}/${seq}`));
  const shown = writes.map((write) => {
    const { writer, seq, sentMs, ackedMs } = write;
    const name = `${writer}/${seq}`;
    const drawn = line(sentMs, ackedMs ?? endMs, "=", "=", ackedMs === undefined ? "?" : "=");
    return `${name.padEnd(8)}${there.has(name) ? "there  " : "missing"} |${drawn}`;
  });
  return [`${"backup".padEnd(15)} |${line(span.askedMs, span.endedMs, "[", "-", "]")}`, ...shown].join("\n");
}
