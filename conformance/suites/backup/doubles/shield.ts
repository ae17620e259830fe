import { jsonOf, reply, type WireResponse } from "../../../osb/memory-broker/http.ts";
import { type BackupDialect, refuse, textOf } from "../../toy/extension.ts";
import type { Refusal, Task, ToyVault } from "../../toy/vault.ts";

/** The SHIELD tenant with the targets of all instances. */
export const SHIELD_TENANT = "tenant-of-the-platform";

const STATUSES: Readonly<Record<Task["state"], string>> = {
  queued: "pending",
  running: "running",
  succeeded: "done",
  failed: "failed",
  deleted: "done",
};

const showStart = (made: Task | Refusal): WireResponse =>
  "refused" in made ? refuse(made.refused) : reply(200, { ok: "Scheduled", task_uuid: `task-${made.id}` });

const archiveOf = ({ id, instance, state, triggeredMs }: Task): object => ({
  uuid: id,
  target_uuid: `target-${instance}`,
  status: state === "deleted" ? "purged" : state === "failed" ? "invalid" : "valid",
  taken_at: Math.floor(triggeredMs / 1000),
  size: 1000,
});

const answerTargets = (vault: ToyVault): WireResponse =>
  reply(
    200,
    [...vault.cloud.instances.keys()].map((id) => ({ uuid: `target-${id}`, name: id, plugin: "toy" })),
  );

const instanceOf = (vault: ToyVault, uuid: string | undefined, prefix: string) =>
  vault.cloud.instances.get((uuid ?? "").replace(prefix, ""));

function answerArchives(
  request: Parameters<BackupDialect>[0],
  vault: ToyVault,
  id: string | undefined,
  leaf: string | undefined,
): WireResponse {
  const { method, query } = request;
  if (id === undefined) {
    const target = query["target"]?.replace("target-", "");
    const all = vault
      .tasks()
      .filter((each) => each.kind === "backup" && each.instance === target && each.state !== "queued");
    return reply(200, all.map(archiveOf));
  }
  const archive = vault.backup(id);
  if (archive === undefined) return refuse(404);
  if (leaf === "restore") {
    const target = instanceOf(vault, textOf(jsonOf(request), "target"), "target-");
    return target === undefined ? refuse(404) : showStart(vault.restore(target, archive, undefined));
  }
  if (method !== "DELETE") return reply(200, archiveOf(archive));
  const refusal = vault.remove(archive);
  return refusal === undefined ? reply(200, { ok: "Archive deleted" }) : refuse(refusal.refused);
}

/** SHIELD v2: targets, jobs, tasks, archives, all below a tenant; the task of a backup names its archive. */
export const shieldDialect: BackupDialect = (request, vault) => {
  const [root, tenants, tenant, what, id, leaf] = request.path;
  if (root !== "v2" || tenants !== "tenants") return undefined;
  if (tenant !== SHIELD_TENANT) return refuse(404);
  if (what === "targets") return answerTargets(vault);
  if (what === "archives") return answerArchives(request, vault, id, leaf);
  if (what === "jobs" && id === undefined) {
    const instance = instanceOf(vault, request.query["target"], "target-");
    return reply(200, instance === undefined ? [] : [{ uuid: `job-${instance.id}`, target: { name: instance.id } }]);
  }
  if (what === "jobs") {
    const instance = instanceOf(vault, id, "job-");
    return instance === undefined ? refuse(404) : showStart(vault.order(instance, undefined));
  }
  const task = vault.tasks().find((each) => `task-${each.id}` === id);
  if (what !== "tasks" || task === undefined) return refuse(404);
  const archive = task.kind === "backup" && task.state === "succeeded" ? { archive_uuid: task.id } : {};
  return reply(200, { uuid: id, type: task.kind, status: STATUSES[task.state], ...archive });
};
