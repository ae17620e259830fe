import { DataError } from "../../../data/plane.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import { runNative } from "../attempts.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { requirePostgres } from "./postgresql.ts";

/**
 * Code that runs during a restore: a constraint that calls a function for each row, and a table name that
 * breaks out of a comment of a text dump and calls it as well. The function records the role that it runs as,
 * and whether that role has power over the server.
 */
const HOSTILE: readonly string[] = [
  "CREATE TABLE drydock_ran (who text, power text)",
  "CREATE FUNCTION drydock_note(text) RETURNS boolean LANGUAGE plpgsql AS $note$ BEGIN INSERT INTO drydock_ran SELECT rolname, (rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls)::text FROM pg_roles WHERE rolname = current_user; RETURN true; EXCEPTION WHEN others THEN RETURN true; END $note$",
  "CREATE TABLE drydock_hostile (id text PRIMARY KEY, CHECK (drydock_note(id)))",
  "INSERT INTO drydock_hostile VALUES ('first')",
];
const NAMED = `CREATE TABLE "drydock_n\nSELECT drydock_note('name');--" (id text)`;
const WHO = "SELECT who, power FROM drydock_ran";

async function judgeHostileDump(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const client = await context.backups(offer, "B1", "create", "restore");
  const tenant = await context.tenant(offer);
  const obstacle = await context.inSession(tenant, async (session): Promise<Outcome | undefined> => {
    await requirePostgres(session);
    for (const text of HOSTILE) {
      const result = await runNative(session, text);
      if (result instanceof DataError)
        return notApplicable(
          `it needs a tenant who may create functions and constraints: ${result.message}`,
          ...context.lastStep(),
        );
    }
    // Not every engine accepts such a name.
    await runNative(session, NAMED);
    return undefined;
  });
  if (obstacle !== undefined) return obstacle;
  const backup = await context.backup(client, tenant);
  const restore = await client.restore(tenant.live.id, backup.id);
  const rows = await context.readAfterRestore(tenant.access, [backup, restore], (session) => runNative(session, WHO));
  const evidence = context.evidence([backup, restore]);
  if (rows instanceof DataError)
    return restore.state === "succeeded"
      ? fail("what the tenant made to be there after the restore", rows.message, ...evidence)
      : { ...pass(...evidence), reason: `the restore of a hostile dump ended ${restore.state}` };
  const [who] = rows.find(([, power]) => power === "true" || power === "t") ?? [];
  return who === undefined
    ? pass(...evidence)
    : fail(
        "what a tenant has put into its database to run with no more than its own rights",
        `it ran as ${who}`,
        ...evidence,
      );
}

/** IS-64: a hostile dump runs nothing. */
export const hostileDumpCheck = isolationCheck("IS-64", {
  requirement:
    "Functions, constraints and names that a tenant has put into its database run at a restore with no power over the server.",
  run: judgeHostileDump,
});
