import { jsonOf, reply } from "../../../osb/memory-broker/http.ts";
import type { ToyInstance } from "../../toy/behaviour.ts";
import {
  answerOrder,
  type BackupDialect,
  isoTime,
  ownBackup,
  putSettings,
  refuse,
  showSettings,
  textOf,
} from "../../toy/extension.ts";
import { ownerOf, type Task, type ToyVault } from "../../toy/vault.ts";

const STATUSES: Readonly<Record<Task["state"], string>> = {
  queued: "queued",
  running: "running",
  succeeded: "done",
  failed: "failed",
  deleted: "deleted",
};

const show = (task: Task): object => ({
  id: Number(task.id.slice(2)),
  status: STATUSES[task.state],
  triggered_at: isoTime(task.triggeredMs),
  finished_at: isoTime(task.finishedMs),
});

const showOrder = (task: Task): object => ({ id: Number(task.id.slice(2)), message: "job queued" });

/** anynines' backup manager, the API of one instance (as of 2025): numbers as ids, 201 for an order, `done`. */
export function a9sDialect(base: readonly string[], restoreLeaf: "restore" | "restores"): BackupDialect {
  return (request, vault) => {
    const { path, method } = request;
    if (!base.every((segment, at) => path[at] === segment)) return undefined;
    const [id = "", kind, backupId, leaf] = path.slice(base.length);
    const instance = vault.cloud.instances.get(id);
    if (instance === undefined) return refuse(404);
    const body = jsonOf(request);
    const settings = (): ReturnType<typeof reply> => {
      const put = putSettings(vault, instance, method === "PUT" ? body : {});
      return put === undefined ? refuse(400) : reply(200, showSettings(vault, put));
    };
    if (kind === undefined || kind === "config") return settings();
    if (kind === "restores" && backupId !== undefined) return showFound(vault.restoreOf(`b-${backupId}`, id));
    if (kind === "restores")
      return answerOrder(vault.restore(instance, sourceOf(vault, instance, body["backup_id"]), undefined), showOrder);
    if (kind !== "backups") return refuse(404);
    if (backupId === undefined)
      return method === "POST" ? answerOrder(vault.order(instance, undefined), showOrder, 201) : list(vault, instance);
    if (leaf === restoreLeaf) {
      const backup = ownBackup(vault, "restore", instance, `b-${backupId}`);
      return answerOrder(vault.restore(instance, backup, textOf(body, "key")), showOrder);
    }
    if (method !== "DELETE") return showFound(ownBackup(vault, "get", instance, `b-${backupId}`));
    const backup = ownBackup(vault, "delete", instance, `b-${backupId}`);
    if (backup === undefined) return refuse(404);
    const refusal = vault.remove(backup);
    return refusal === undefined ? reply(200, { message: "deleted" }) : refuse(refusal.refused);
  };
}

function sourceOf(vault: ToyVault, instance: ToyInstance, id: unknown): Task | undefined {
  const backup = vault.backup(`b-${String(id)}`);
  return backup !== undefined && backup.owner === ownerOf(instance.request) ? backup : undefined;
}

function list(vault: ToyVault, instance: ToyInstance): ReturnType<typeof reply> {
  const mine = vault.tasks().filter((each) => each.kind === "backup" && vault.does.owns("list", instance, each, vault));
  return reply(200, mine.map(show));
}

const showFound = (task: Task | undefined): ReturnType<typeof reply> =>
  task === undefined ? refuse(404) : reply(200, show(task));
