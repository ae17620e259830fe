import type { BackupSpan, LedgerRow, LedgerWrite } from "./ledger.ts";

/** Most characters in a line. */
const WIDTH = 40;

/** A history as lines for a report: time runs to the right, `[` and `]` are the backup, `=` a write from request to acknowledgement. */
export function drawHistory(writes: readonly LedgerWrite[], rows: readonly LedgerRow[], span: BackupSpan): string {
  const times = [span.askedMs, span.endedMs, ...writes.flatMap(({ sentMs, ackedMs = sentMs }) => [sentMs, ackedMs])];
  const [startMs, endMs] = [Math.min(...times), Math.max(...times)];
  const place = (ms: number): number => Math.round(((ms - startMs) / Math.max(1, endMs - startMs)) * (WIDTH - 1));
  const line = (fromMs: number, toMs: number, left: string, fill: string, right: string): string => {
    const cells = Array.from({ length: WIDTH }, () => " ");
    for (let at = place(fromMs); at <= place(toMs); at++) cells[at] = fill;
    cells[place(toMs)] = right;
    cells[place(fromMs)] = left;
    return cells.join("").trimEnd();
  };
  const there = new Set(rows.map(({ writer, seq }) => `${writer}/${seq}`));
  const shown = writes.map((write) => {
    const { writer, seq, sentMs, ackedMs } = write;
    const name = `${writer}/${seq}`;
    const drawn = line(sentMs, ackedMs ?? endMs, "=", "=", ackedMs === undefined ? "?" : "=");
    return `${name.padEnd(8)}${there.has(name) ? "there  " : "missing"} |${drawn}`;
  });
  return [`${"backup".padEnd(15)} |${line(span.askedMs, span.endedMs, "[", "-", "]")}`, ...shown].join("\n");
}
