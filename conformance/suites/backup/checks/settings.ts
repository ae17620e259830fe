import { DataError } from "../../../data/plane.ts";
import type { RecordedSession } from "../../../data/recorded-session.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import { parametersOf } from "../../../osb/request-bodies.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import type { BackupContext } from "../context.ts";
import { backupCheck } from "../plan.ts";

const TABLE = markedTable("drydock_settings", "settings", "only");

/** The setup of an instance besides its tables: rows of a name and a value, by kind. */
const VIEWS: readonly (readonly [kind: string, sql: string])[] = [
  ["extension", "SELECT extname::text, extversion::text FROM pg_extension ORDER BY 1"],
  ["database", "SELECT datname::text, '' FROM pg_database ORDER BY 1"],
  [
    "setting",
    "SELECT name::text, setting::text FROM pg_settings WHERE source IN ('configuration file', 'database', 'user') AND setting NOT LIKE '%/%' ORDER BY 1",
  ],
];

/** A name with its value, by kind: `setting work_mem` to `64`. */
type Settings = ReadonlyMap<string, string>;

const NONE: Settings = new Map();

async function readSettings(session: RecordedSession): Promise<Settings> {
  const found = new Map<string, string>();
  if (!session.extras.has("native")) return found;
  for (const [kind, text] of VIEWS) {
    try {
      for (const [name, value] of await session.run({ do: "native", text })) found.set(`${kind} ${name}`, value ?? "");
    } catch (error) {
      // The kinds that this engine lacks, or does not show to its tenants.
      if (!(error instanceof DataError) || error.fault !== "failed") throw error;
    }
  }
  return found;
}

/** The instance's parameters as the API shows them; undefined if it shows none. */
async function shownParameters(context: BackupContext, live: Parameters<typeof context.osb.fetchInstance>[0]) {
  const answer = await context.osb.fetchInstance(live);
  return answer === undefined ? undefined : bodyOf(answer)["parameters"];
}

async function judgeSettings(context: BackupContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  // No values are invented, because one that the schema allows may well fill the disk. Only given or required
  // parameters have to be kept.
  const parameters = parametersOf(context.run, offer, "provision");
  const client = await context.backups(offer, "B1", "create", "restore");
  const tenant = await context.tenant(offer, await context.osb.freshOf(offer, parameters));
  const { live } = tenant;
  await context.inSession(tenant, (session) => createFilled(session, TABLE));
  // The query for settings is in PostgreSQL's dialect.
  const read = tenant.access.login.client === "postgresql" ? readSettings : async () => NONE;
  const was = await context.inSession(tenant, read);
  const shown = await shownParameters(context, live);
  if (was.size === 0 && shown === undefined)
    return notApplicable("neither the data plane nor GET of the instance shows settings", context.run.catalog);
  const backup = await context.backup(client, tenant);
  const restore = await context.restore(client, tenant, backup);
  const is = await context.readAfterRestore(tenant.access, [backup, restore], read);
  const evidence = context.evidence([backup, restore]);
  const changed = [...new Set([...was.keys(), ...is.keys()])].find((name) => was.get(name) !== is.get(name));
  if (changed !== undefined)
    return fail(
      `${changed} to be ${was.get(changed) ?? "absent"}, as before`,
      is.get(changed) ?? "absent",
      ...evidence,
    );
  const now = await shownParameters(context, live);
  if (JSON.stringify(now) !== JSON.stringify(shown))
    return fail("GET of the instance to show the parameters that it showed before", "others", ...evidence);
  return { ...pass(...evidence, ...context.lastStep()), reason: `${was.size} settings as before` };
}

/** BK-18: settings survive a restore. */
export const settingsCheck = backupCheck("BK-18", {
  requirement:
    "Extensions, databases, settings and parameters of an instance are after a restore what they were when it was backed up.",
  run: judgeSettings,
});
