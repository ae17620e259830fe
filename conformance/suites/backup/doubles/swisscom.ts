import { reply } from "../../../osb/memory-broker/http.ts";
import { answerOrder, type BackupDialect, ownBackup, refuse } from "../../toy/extension.ts";
import type { Task } from "../../toy/vault.ts";

const WORDS: Readonly<Record<Task["state"], string>> = {
  queued: "IN_PROGRESS",
  running: "IN_PROGRESS",
  succeeded: "SUCCEEDED",
  failed: "FAILED",
  deleted: "SUCCEEDED",
};

const showBackup = ({ id, instance, state }: Task): object => ({
  id,
  service_instance_id: instance,
  status: `${state === "deleted" ? "DELETE" : "CREATE"}_${WORDS[state]}`,
});

const showRestore = ({ id, of, state }: Task): object => ({ id, backup_id: of, status: WORDS[state] });

/** Swisscom's broker: every change is answered 202; a backup's state says which operation it belongs to. */
export const swisscomDialect: BackupDialect = ({ path, method }, vault) => {
  const [root, what, id = "", kind, backupId, leaf, restoreId] = path;
  if (root !== "custom" || what !== "service_instances") return undefined;
  const instance = vault.cloud.instances.get(id);
  if (instance === undefined || kind !== "backups") return refuse(404);
  if (backupId === undefined && method === "POST") return answerOrder(vault.order(instance, undefined), showBackup);
  if (backupId === undefined)
    return reply(
      200,
      vault
        .tasks()
        .filter((each) => each.kind === "backup" && vault.does.owns("list", instance, each, vault))
        .map(showBackup),
    );
  if (restoreId !== undefined) {
    const restore = vault.restoreOf(restoreId, id);
    return restore === undefined ? refuse(404) : reply(200, showRestore(restore));
  }
  const operation = leaf === "restores" ? "restore" : method === "DELETE" ? "delete" : "get";
  const backup = ownBackup(vault, operation, instance, backupId);
  if (operation === "restore") return answerOrder(vault.restore(instance, backup, undefined), showRestore);
  if (backup === undefined) return refuse(404);
  if (operation === "get") return reply(200, showBackup(backup));
  const refusal = vault.remove(backup);
  return refusal === undefined ? reply(202, {}) : refuse(refusal.refused);
};
