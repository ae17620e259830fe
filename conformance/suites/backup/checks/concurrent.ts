import { differences, describeDifferences, type DatabaseContents } from "../../../data/contents.ts";
import { fail, type Outcome, pass } from "../../../runner/check.ts";
import { createFilled, markedTable, seeTable } from "../../tenants/tables.ts";
import type { BackupOperation } from "../client.ts";
import { type BackupContext, describeEnd } from "../context.ts";
import { backupCheck } from "../plan.ts";

const STATE = markedTable("drydock_at_once", "one state", "first", "second", "third");
const VALUE = { name: "value", type: "text" } as const;

const look = seeTable(STATE);

const isClear = ({ state, began }: BackupOperation): boolean =>
  state === "succeeded" || state === "failed" || (state === "refused" && began.status < 500);

/** The state that the data match; undefined if they match none. */
const stateIn = (seen: DatabaseContents, states: readonly DatabaseContents[]): number | undefined => {
  const at = states.findIndex((each) => differences(each, seen).length === 0);
  return at < 0 ? undefined : at;
};

/** Two requests at once, of each kind: each ends or is refused, and the data have the state of one moment. */
async function judgeAtOnce(context: BackupContext): Promise<Outcome> {
  const { client, tenant } = await context.stage("B1", "create", "restore");
  const { id } = tenant.live;
  const old = await context.inSession(tenant, async (session) => (await createFilled(session, STATE), look(session)));
  const backup = await context.backup(client, tenant);
  const now = await context.inSession(tenant, async (session) => {
    for (const key of ["first", "second", "third"])
      await session.run({ do: "update", table: STATE.shape, key, column: VALUE, value: "changed since" });
    return look(session);
  });
  const states = [old, now];
  const deeds: BackupOperation[] = await Promise.all([client.create(id), client.create(id)]);
  const mixed = await Promise.all([client.create(id), client.restore(id, backup.id)]);
  deeds.push(...mixed, ...(await Promise.all([client.restore(id, backup.id), client.restore(id, backup.id)])));
  const evidence = deeds.map(({ began }) => began);
  const stuck = deeds.find((each) => !isClear(each));
  if (stuck !== undefined)
    return fail("operations at once to end, or to be refused as busy", describeEnd(stuck), stuck.began, stuck.last);
  const seen = await context.readAfterRestore(tenant.access, deeds, look);
  if (stateIn(seen, states) === undefined)
    return fail(
      "the data of one moment",
      describeDifferences(differences(old, seen)),
      ...evidence,
      ...context.lastStep(),
    );
  const next = await client.create(id);
  if (next.state !== "succeeded")
    return fail(
      "a backup to succeed once all of them have ended",
      describeEnd(next),
      ...evidence,
      next.began,
      next.last,
    );
  const [taken] = mixed;
  if (taken.state !== "succeeded") return pass(...evidence);
  const restore = await context.restore(client, tenant, taken);
  const kept = await context.readAfterRestore(tenant.access, [taken, restore], look);
  if (stateIn(kept, states) !== undefined) return pass(...evidence, restore.last);
  return fail(
    "a backup beside a restore to hold one moment",
    describeDifferences(differences(old, kept)),
    taken.last,
    restore.last,
    ...context.lastStep(),
  );
}

/** BK-05: operations at once leave a consistent instance. */
export const atOnceCheck = backupCheck("BK-05", {
  requirement:
    "Backups and restores that are requested at once are carried out one after the other or refused, each ends, and the data are those of one moment.",
  run: judgeAtOnce,
});
