import { DataError } from "../../../data/plane.ts";
import type { RecordedSession } from "../../../data/recorded-session.ts";
import type { TableShape } from "../../../data/statement.ts";
import type { Clock } from "../../../client/clock.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { BackupContext } from "../context.ts";
import type { LedgerRow, LedgerWrite } from "../oracles/ledger.ts";

/** Applications that write at once. */
const WRITERS = 8;
/** Pause of a writer between two writes, in milliseconds. */
const PAUSE_MS = 10;
/** Writes of one writer: during a longer backup they cover only part of its time. */
const WRITES_MAX = 400;
/** Writes of each writer before a backup is requested, and after it has ended. */
const AROUND = 4;

/** The writers' tables: a dump that reads one table after the other reads them at different moments. */
const HISTORIES: readonly TableShape[] = ["drydock_history_a", "drydock_history_b"].map((name) => ({
  name,
  columns: [
    { name: "id", type: "text" },
    { name: "value", type: "text" },
  ],
}));

const tableOf = (writer: number): TableShape => HISTORIES[writer % HISTORIES.length] ?? { name: "", columns: [] };

/** The writes while something happened, and its result. */
interface WrittenBeside<T> {
  readonly writes: readonly LedgerWrite[];
  readonly result: T;
}

interface Run {
  readonly clock: Clock;
  readonly writes: LedgerWrite[];
  /** Set once the writers may stop after a few more writes. */
  isOver: boolean;
}

/**
 * Runs one writer, which waits for each acknowledgement before the next write. A failed write has an unknown
 * outcome, so its key is not used again.
 */
async function write(session: RecordedSession, writer: number, run: Run, ready: () => void): Promise<void> {
  const table = tableOf(writer);
  let left = AROUND;
  for (let seq = 0; seq < WRITES_MAX && left > 0; seq++) {
    const sentMs = run.clock.nowMs();
    const payload = `${writer}.${seq} of ${sentMs}`;
    const isAcked = await session.run({ do: "insert", table, rows: [[`${writer}/${seq}`, payload]] }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof DataError) return false;
        throw error;
      },
    );
    run.writes.push({ writer, seq, payload, sentMs, ackedMs: isAcked ? run.clock.nowMs() : undefined });
    if (seq + 1 === AROUND) ready();
    if (run.isOver) left--;
    await run.clock.sleepMs(PAUSE_MS);
  }
  ready();
}

/** Writes with several applications while something happens: some writes come before it, some after its end. */
export async function writeBeside<T>(
  context: BackupContext,
  { access }: Tenant,
  work: () => Promise<T>,
): Promise<WrittenBeside<T>> {
  const { recorder } = context;
  const { clock } = context.platform.settings;
  const sessions: RecordedSession[] = [];
  const run: Run = { clock, writes: [], isOver: false };
  try {
    for (let at = 0; at < WRITERS; at++) sessions.push(await recorder.openWhenReady(access));
    for (const table of HISTORIES) await sessions[0]?.run({ do: "create-table", table });
    const begun = sessions.map(() => Promise.withResolvers<void>());
    const writing = Promise.all(sessions.map((session, at) => write(session, at, run, () => begun[at]?.resolve())));
    await Promise.race([Promise.all(begun.map(({ promise }) => promise)), writing]);
    try {
      return { result: await work(), writes: run.writes };
    } finally {
      run.isOver = true;
      await writing;
    }
  } finally {
    for (const session of sessions) await session.close();
  }
}

/** The contents of the writers' tables. */
export async function readLedger(session: RecordedSession): Promise<readonly LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (const table of HISTORIES)
    for (const [key, payload] of await session.run({ do: "rows", table })) {
      const [writer, seq] = String(key).split("/").map(Number);
      rows.push({ writer: writer ?? -1, seq: seq ?? -1, payload: String(payload) });
    }
  return rows;
}
