import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import { type BackupContext, describeEnd } from "../context.ts";
import { backupCheck } from "../plan.ts";

/** The management database is set back to a state before a backup: the backup is listed again, or reported missing, and nothing else is lost. */
async function judgeSetBack(context: BackupContext): Promise<Outcome> {
  context.requireFault("set-back");
  const { client, live } = await context.apiStage("B1", "create", "list");
  const first = await context.backup(client, { live });
  const listIds = async (): Promise<readonly (string | undefined)[]> =>
    (client.entriesOf(await client.ask("list", { instance: live.id })) ?? [])
      .filter((each) => client.stateOf(each) !== "deleted")
      .map((each) => client.idOf(each));
  const removed = client.can("delete") ? await context.backup(client, { live }) : undefined;
  if (removed !== undefined) await client.ask("delete", { instance: live.id, backup: removed.id });
  await context.withFault("set-back", live.id, async () => {});
  const after = await listIds();
  const next = await client.create(live.id);
  if (next.state !== "succeeded")
    return fail("a backup to succeed after the control plane was set back", describeEnd(next), next.began, next.last);
  const report = context.run.backend.looks?.["reconcile"];
  if (removed !== undefined && after.includes(removed.id)) {
    const named = report === undefined ? [] : await report(live.id);
    if (!named.some((line) => line.includes(removed.id)))
      return fail(
        "a backup that was removed not to come back without a word",
        "it is listed again after the control plane was set back",
        removed.last,
        next.last,
      );
  }
  if (after.includes(first.id)) return pass(first.last, next.last);
  if (report === undefined)
    return notApplicable(
      "nobody can ask what was forgotten (hooks.looks.reconcile in drydock.yml)",
      first.last,
      next.last,
    );
  const lines = await report(live.id);
  const isNamed = lines.some((line) => line.includes(first.id) || line.includes(live.id));
  return isNamed
    ? pass(first.last, next.last)
    : fail("a backup that was forgotten to be reported", `${lines.length} lines without it`, first.last, next.last);
}

/** BK-39: a control plane that was set back. */
export const setBackCheck = backupCheck("BK-39", {
  requirement:
    "A control plane that was set back still shows a later backup, or reports that it was forgotten, and does not list one that was removed.",
  exclusive: true,
  run: judgeSetBack,
});
