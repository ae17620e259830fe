import { jsonOf, reply, type WireResponse } from "../../../osb/memory-broker/http.ts";
import { type BackupDialect, ownBackup, refuse, textOf } from "../../toy/extension.ts";
import type { Refusal, Task } from "../../toy/vault.ts";

const WORDS: Readonly<Record<Task["state"], string>> = {
  queued: "PROCESSING",
  running: "PROCESSING",
  succeeded: "COMPLETE",
  failed: "FAILED",
  deleted: "COMPLETE",
};

/** A request starts a job, with its URL in a header; the answer itself is empty. */
const asJob = (made: Task | Refusal): WireResponse =>
  "refused" in made
    ? refuse(made.refused)
    : { status: 202, headers: { location: `https://toy.test/v3/jobs/${made.instance}.${made.id}` }, text: "" };

/** The platform's side of Tanzu: backups have an id and a time in seconds; the states are those of jobs. */
export const tanzuDialect: BackupDialect = (request, vault) => {
  const { path, method } = request;
  const [root, what, id = "", kind, leaf] = path;
  if (root !== "v3") return undefined;
  if (what === "jobs") {
    const task = vault.tasks().find((each) => `${each.instance}.${each.id}` === id);
    return task === undefined ? refuse(404) : reply(200, { guid: id, operation: task.kind, state: WORDS[task.state] });
  }
  const instance = vault.cloud.instances.get(id);
  if (instance === undefined) return refuse(404);
  if (kind === "restore") {
    const backup = ownBackup(vault, "restore", instance, textOf(jsonOf(request), "backup_id") ?? "");
    return asJob(vault.restore(instance, backup, undefined));
  }
  if (kind !== "backups" || leaf !== undefined) return refuse(404);
  if (method === "POST") return asJob(vault.order(instance, undefined));
  const good = vault
    .tasks()
    .filter((each) => each.state === "succeeded" && vault.does.owns("list", instance, each, vault));
  const backups = good.filter((each) => each.kind === "backup");
  return reply(200, {
    backups: backups.map((each) => ({ id: each.id, created_at: Math.floor(each.triggeredMs / 1000) })),
  });
};
