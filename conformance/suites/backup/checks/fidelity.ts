import type { RecordedSession } from "../../../data/recorded-session.ts";
import { describeDifferences, differences, type DatabaseContents, readContents } from "../../../data/contents.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { type Evidence, fail, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { backupCheck } from "../plan.ts";
import { digestOf } from "../oracles/digest.ts";
import type { BackupOperation } from "../client.ts";
import { factsOf, createFilled, type FilledTable, MANY_ROWS, TYPES, VOLUME } from "../../tenants/tables.ts";
import type { BackupContext } from "../context.ts";

const TABLES: readonly FilledTable[] = [TYPES, MANY_ROWS, VOLUME];
const SHAPES = TABLES.map(({ shape }) => shape);
const SEQUENCE = "drydock_numbers";
/** Numbers drawn from the sequence before the backup. */
const DRAWN = 17;

/** Indexes, views and rights, if the engine has them. */
async function createObjects(session: RecordedSession): Promise<void> {
  const { shape } = MANY_ROWS;
  if (session.extras.has("index")) {
    const name = "drydock_types_by_number";
    await session.run({ do: "create-index", name, table: TYPES.shape, column: "an_integer" });
  }
  if (session.extras.has("view"))
    await session.run({ do: "create-view", name: "drydock_view", table: TYPES.shape.name });
  if (session.extras.has("type"))
    await session.run({ do: "create-type", name: "drydock_mood", labels: ["well", "so-so", "not at all"] });
  if (session.extras.has("grant")) await session.run({ do: "grant", table: shape.name });
}

async function prepare(
  session: RecordedSession,
): Promise<{ contents: DatabaseContents; extras: RecordedSession["extras"] }> {
  for (const table of TABLES) await createFilled(session, table);
  await createObjects(session);
  await session.run({ do: "create-sequence", sequence: SEQUENCE });
  for (let drawn = 0; drawn < DRAWN; drawn++) await session.run({ do: "next", sequence: SEQUENCE });
  return { contents: await readContents(session, SHAPES), extras: session.extras };
}

const OBJECTS = ["index", "view", "grant", "type"] as const;

/** A pass states what it compared: anything that the engine lacks, or its client can't create, was not examined. */
function passWith(
  extras: RecordedSession["extras"],
  contents: DatabaseContents,
  evidence: readonly Evidence[],
): Outcome {
  const lacking = OBJECTS.filter((kind) => !extras.has(kind));
  const unseen = lacking.length === 0 ? "" : `; not looked at, as this data plane has none: ${lacking.join(", ")}`;
  return { ...pass(...evidence), reason: `${contents.size} facts as before, digest ${digestOf(contents)}${unseen}` };
}

/** Removes two whole tables and some rows of the third, so that they can only come from the backup. */
async function destroy(session: RecordedSession): Promise<void> {
  for (const { shape } of [TYPES, VOLUME]) await session.run({ do: "drop-table", table: shape.name });
  const { shape, rows } = MANY_ROWS;
  for (const [key] of rows.slice(0, 20)) await session.run({ do: "delete", table: shape, key: String(key) });
}

/** A gap is allowed; a number that was handed out before is a fault. */
async function judgeSequence(
  context: BackupContext,
  tenant: Tenant,
  deeds: readonly BackupOperation[],
): Promise<Outcome | undefined> {
  const [[next] = []] = await context.readAfterRestore(tenant.access, deeds, (session) =>
    session.run({ do: "next", sequence: SEQUENCE }),
  );
  if (Number(next) > DRAWN) return undefined;
  const seen = `${next}, which was given out before`;
  return fail(`a number after ${DRAWN} from the sequence`, seen, ...context.evidence(deeds));
}

async function fidelity(context: BackupContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  const client = await context.backups(offer);
  const { contents: before, extras } = await context.inSession(tenant, prepare);
  const unkept = differences(factsOf(...TABLES), before).filter(({ kind }) => kind !== "extra");
  if (unkept.length > 0) return unknown(`the service does not keep what is written: ${describeDifferences(unkept)}`);
  const backup = await context.backup(client, tenant);
  await context.inSession(tenant, destroy);
  const deeds = [backup, await context.restore(client, tenant, backup)];
  const after = await context.readAfterRestore(tenant.access, deeds, (session) => readContents(session, SHAPES));
  const lost = differences(before, after).filter(({ kind }) => kind !== "extra");
  if (lost.length > 0)
    return fail("what was backed up, as it was", describeDifferences(lost), ...context.evidence(deeds, lost));
  const evidence = context.evidence(deeds);
  return (await judgeSequence(context, tenant, deeds)) ?? passWith(extras, before, evidence);
}

/** BK-10: a restore brings back what was backed up. */
export const fidelityCheck = backupCheck("BK-10", {
  requirement:
    "After a restore, tables, rows of every type and megabytes of them, indexes, constraints, views, rights, types, extensions and sequences are what they were when the backup was taken.",
  instances: 1,
  run: fidelity,
});
