import { DataError } from "../../../data/plane.ts";
import type { RecordedSession } from "../../../data/recorded-session.ts";
import type { TableShape } from "../../../data/statement.ts";
import { createFilled } from "../../tenants/tables.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { BackupContext } from "../context.ts";
import type { Balance, CausalPair } from "../oracles/invariants.ts";

/** Accounts in each of the two tables, and the initial balance of one. */
const ACCOUNTS = 5;
const INITIAL = 100;
/** Their total at any time. */
export const TOTAL = 2 * ACCOUNTS * INITIAL;
/** Steps of an application: during a longer backup they cover only part of its time. */
const STEPS_MAX = 1000;
const PAUSE_MS = 7;
/** Steps before something is requested, and after it has ended. */
const AROUND = 6;

const tableNamed = (name: string, type: "text" | "bigint"): TableShape => ({
  name,
  columns: [
    { name: "id", type: "text" },
    { name: "value", type },
  ],
});

const BANKS = [tableNamed("drydock_bank_a", "bigint"), tableNamed("drydock_bank_b", "bigint")] as const;
const CAUSES = tableNamed("drydock_causes", "text");
const EFFECTS = tableNamed("drydock_effects", "text");

type Step = (session: RecordedSession, at: number) => Promise<void>;

/** Takes steps in a session while something happens: some before it, some after its end. */
async function stepBeside<T>(
  context: BackupContext,
  { access }: Tenant,
  { prepare, step }: { readonly prepare: (session: RecordedSession) => Promise<void>; readonly step: Step },
  work: () => Promise<T>,
): Promise<T> {
  const { clock } = context.platform.settings;
  const session = await context.recorder.openWhenReady(access);
  const [ready, state] = [Promise.withResolvers<void>(), { isOver: false }];
  const loop = async (): Promise<void> => {
    for (let [at, left] = [0, AROUND]; at < STEPS_MAX && left > 0; at++) {
      if (at === AROUND) ready.resolve();
      if (state.isOver) left--;
      await step(session, at).catch((error: unknown) => {
        if (!(error instanceof DataError)) throw error;
      });
      await clock.sleepMs(PAUSE_MS);
    }
    ready.resolve();
  };
  try {
    await prepare(session);
    const stepping = loop();
    await Promise.race([ready.promise, stepping]);
    try {
      return await work();
    } finally {
      state.isOver = true;
      await stepping;
    }
  } finally {
    await session.close();
  }
}

/** Moves amounts between accounts of two tables, each in one step, while something happens. */
export function transferBeside<T>(context: BackupContext, tenant: Tenant, work: () => Promise<T>): Promise<T> {
  const keys = Array.from({ length: ACCOUNTS }, (_, at) => `account ${at}`);
  const prepare = async (session: RecordedSession): Promise<void> => {
    for (const shape of BANKS) await createFilled(session, { shape, rows: keys.map((key) => [key, String(INITIAL)]) });
  };
  const step: Step = async (session, at) => {
    const [from, to] = at % 2 === 0 ? BANKS : [BANKS[1], BANKS[0]];
    const place = (table: TableShape, offset: number) => ({ table, key: keys[(at * 3 + offset) % ACCOUNTS] ?? "" });
    await session.run({ do: "transfer", from: place(from, 0), to: place(to, 1), amount: 1 + (at % 17) });
  };
  return stepBeside(context, tenant, { prepare, step }, work);
}

/** The balances of the accounts. */
export async function readBalances(session: RecordedSession): Promise<readonly Balance[]> {
  const found: Balance[] = [];
  for (const table of BANKS)
    for (const [key, amount] of await session.run({ do: "rows", table }))
      found.push([`${table.name} ${key}`, Number(amount)]);
  return found;
}

/** Writes to one table, and to another once that is acknowledged, while something happens; returns what was done. */
export async function chainBeside<T>(
  context: BackupContext,
  tenant: Tenant,
  work: () => Promise<T>,
): Promise<{ readonly pairs: readonly CausalPair[]; readonly result: T }> {
  const pairs: CausalPair[] = [];
  const prepare = async (session: RecordedSession): Promise<void> => {
    for (const table of [EFFECTS, CAUSES]) await session.run({ do: "create-table", table });
  };
  const step: Step = async (session, at) => {
    const [cause, effect] = [`cause ${at}`, `effect ${at}`];
    pairs.push({ cause, effect });
    await session.run({ do: "insert", table: CAUSES, rows: [[cause, ""]] });
    await session.run({ do: "insert", table: EFFECTS, rows: [[effect, ""]] });
  };
  const result = await stepBeside(context, tenant, { prepare, step }, work);
  return { pairs, result };
}

/** The existing causes and effects. */
export async function readChain(
  session: RecordedSession,
): Promise<readonly [ReadonlySet<string>, ReadonlySet<string>]> {
  const keysOf = async (table: TableShape): Promise<ReadonlySet<string>> =>
    new Set((await session.run({ do: "rows", table })).map(([key]) => String(key)));
  return [await keysOf(CAUSES), await keysOf(EFFECTS)];
}
