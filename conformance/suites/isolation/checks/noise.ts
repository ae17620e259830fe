import { DataError } from "../../../data/plane.ts";
import type { RecordedSession } from "../../../data/recorded-session.ts";
import type { TableRow } from "../../../data/statement.ts";
import { type Evidence, fail, type Outcome, pass } from "../../../runner/check.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";

/** The most connections that the noisy instance opens. */
const CONNECTIONS_MAX = 200;
/** The rows that it writes, in characters: 16 MiB in all. */
const ROW_CHARS = 256 * 1024;
const ROWS = 64;
/** How many times its neighbour is checked meanwhile. */
const LOOKS = 5;

const table = markedTable("drydock_noise", "the noisy one");

/** Opens connections until the server refuses. */
async function fillConnections(context: IsolationContext, { access }: Tenant): Promise<RecordedSession[]> {
  const held: RecordedSession[] = [];
  try {
    while (held.length < CONNECTIONS_MAX) held.push(await context.recorder.open(access));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
  return held;
}

async function write(held: readonly RecordedSession[]): Promise<void> {
  const filler = "x".repeat(ROW_CHARS);
  for (let at = 0; at < ROWS; at++) {
    const row: TableRow = [`r${at}`, filler];
    const written = held[at % held.length]?.run({ do: "insert", table: table.shape, rows: [row] });
    await written?.catch((error: unknown) => {
      // A refusal means that the server has reached its limit.
      if (!(error instanceof DataError)) throw error;
    });
  }
}

/** Whether a neighbour is served: it logs in again, writes and reads. */
async function judgeQuiet(context: IsolationContext, quiet: Tenant, at: number): Promise<DataError | undefined> {
  const { shape } = table;
  return context.recorder
    .withSession(quiet.access, async (session) => {
      await session.run({ do: "insert", table: shape, rows: [[`look-${at}`, "served"]] });
      await session.run({ do: "rows", table: shape });
    })
    .then(() => undefined)
    .catch((error: unknown) => {
      if (error instanceof DataError) return error;
      throw error;
    });
}

async function judgeNoise(context: IsolationContext): Promise<Outcome> {
  context.requireDangerous("IS-42");
  const offer = await context.requireUsableOffer();
  const [noisy, quiet] = [await context.tenant(offer), await context.tenant(offer)];
  for (const each of [noisy, quiet]) await context.inSession(each, (session) => createFilled(session, table));
  const held = await fillConnections(context, noisy);
  const evidence: Evidence[] = [...context.lastStep()];
  try {
    const writing = write(held);
    let refusal: DataError | undefined;
    for (let at = 0; at < LOOKS; at++) refusal ??= await judgeQuiet(context, quiet, at);
    evidence.push(...context.lastStep());
    await writing;
    refusal ??= await judgeQuiet(context, quiet, LOOKS);
    if (refusal !== undefined)
      return fail(
        "an instance to be served, whatever its neighbour does",
        `while another held ${held.length} connections and wrote: ${refusal.message}`,
        ...evidence,
        ...context.lastStep(),
      );
    return { ...pass(...evidence), reason: `its neighbour held ${held.length} connections and wrote ${ROWS} rows` };
  } finally {
    for (const session of held) await session.close();
  }
}

/** IS-42: a noisy neighbour. */
export const noiseCheck = isolationCheck("IS-42", {
  requirement:
    "While one instance's connections are used up and it is written to, another one lets in, writes and reads.",
  instances: 2,
  exclusive: true,
  run: judgeNoise,
});
