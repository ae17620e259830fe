import { jsonOf, reply, type WireResponse } from "../../../osb/memory-broker/http.ts";
import type { ToyInstance } from "../../toy/behaviour.ts";
import { answerOrder, type BackupDialect, isoTime, ownBackup, refuse, textOf } from "../../toy/extension.ts";
import { ownerOf, type Task, type ToyVault } from "../../toy/vault.ts";

const WORDS: Readonly<Record<Task["state"], string>> = {
  queued: "processing",
  running: "processing",
  succeeded: "succeeded",
  failed: "failed",
  deleted: "deleted",
};

const show = ({ id, instance, state, startedMs, finishedMs, of }: Task): object => ({
  backup_guid: of ?? id,
  instance_guid: instance,
  state: WORDS[state],
  started_at: isoTime(startedMs),
  finished_at: isoTime(finishedMs),
});

const isOfSpace = (instance: ToyInstance | undefined, space: string | undefined): instance is ToyInstance =>
  instance !== undefined && space !== undefined && ownerOf(instance.request).endsWith(`/${space}`);

const newest = (vault: ToyVault, kind: Task["kind"], { id }: ToyInstance): Task | undefined =>
  vault.tasks().findLast((each) => each.kind === kind && each.instance === id);

/** Backups by their own id: the named space must be the instance's. */
function answerBackups(
  vault: ToyVault,
  method: string,
  id: string | undefined,
  query: Readonly<Record<string, string>>,
): WireResponse {
  const { cloud } = vault;
  if (id === undefined) {
    const instance = cloud.instances.get(query["instance_id"] ?? "");
    if (!isOfSpace(instance, query["space_guid"])) return refuse(403);
    const mine = vault
      .tasks()
      .filter((each) => each.kind === "backup" && vault.does.owns("list", instance, each, vault));
    return reply(200, mine.map(show));
  }
  const backup = vault.backup(id);
  const instance = cloud.instances.get(backup?.instance ?? "");
  if (backup === undefined || backup.state === "deleted") return refuse(method === "DELETE" ? 410 : 404);
  if (!isOfSpace(instance, query["space_guid"])) return refuse(403);
  if (method !== "DELETE") return reply(200, show(backup));
  const refusal = vault.remove(backup);
  return refusal === undefined ? reply(200, {}) : refuse(422);
}

/** Service Fabrik: the space is in each request, the last backup and the last restore of an instance have no id in their path. */
export const serviceFabrikDialect: BackupDialect = (request, vault) => {
  const { path, method, query } = request;
  const [root, version, what, id = "", leaf] = path;
  if (root !== "api" || version !== "v1") return undefined;
  if (what === "backups") return answerBackups(vault, method, path[3], query);
  const body = jsonOf(request);
  const instance = vault.cloud.instances.get(id);
  if (!isOfSpace(instance, textOf(body, "space_guid") ?? query["space_guid"])) return refuse(403);
  const kind = leaf === "backup" ? "backup" : "restore";
  if (method === "GET") {
    const last = newest(vault, kind, instance);
    return last === undefined ? refuse(404) : reply(200, show(last));
  }
  const showStart = (task: Task): object => ({ name: kind, backup_guid: task.of ?? task.id });
  if (kind === "backup") return answerOrder(vault.order(instance, undefined), showStart);
  const backup = ownBackup(vault, "restore", instance, textOf(body, "backup_guid") ?? "");
  return answerOrder(vault.restore(instance, backup, undefined), showStart);
};
