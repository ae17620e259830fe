import type { DatabaseContents } from "../../data/contents.ts";
import { createFilled, markedTable, seeTable } from "../tenants/tables.ts";
import type { BackupContext, Stage } from "./context.ts";

/** The data in an instance when something breaks. */
export const STATE = markedTable("drydock_faulted", "before the fault", "first", "second");

/** Reads it. */
export const look = seeTable(STATE);

/** Writes it. */
export async function fillState(context: BackupContext, { tenant }: Stage): Promise<DatabaseContents> {
  return context.inSession(tenant, async (session) => (await createFilled(session, STATE), look(session)));
}
