import { cleanUp, deleteOrphanDisks } from "../artifacts/cleanup.ts";
import { deleteRelease } from "../artifacts/delete-release.ts";
import { exportRelease } from "../artifacts/exports.ts";
import { createRelease } from "../artifacts/releases.ts";
import { createStemcell, deleteStemcell } from "../artifacts/stemcells.ts";
import { sweep } from "../artifacts/sweep.ts";
import { deleteDeployment } from "../deploy/delete.ts";
import { deploy } from "../deploy/deploy.ts";
import { runInstanceAction } from "../instances/actions.ts";
import { deleteVmByCid } from "../instances/delete-vm.ts";
import { attachDiskByCid, orphanDiskByCid } from "../instances/disk-tasks.ts";
import { runErrand } from "../instances/errands.ts";
import { collectLogs } from "../instances/logs.ts";
import {
  createSnapshot,
  deleteDeploymentSnapshots,
  deleteSnapshot,
  snapshotDeployment,
} from "../instances/snapshots.ts";
import { ssh } from "../instances/ssh.ts";
import { retrieveVmStats } from "../instances/vitals.ts";
import { applyResolutions } from "../problems/resolver.ts";
import { scanAndFix } from "../problems/scan-and-fix.ts";
import { scanCloud } from "../problems/scan.ts";
import type { Body } from "../../kernel/index.ts";
import type { TaskRunners } from "./jobs.ts";

/** The function that does the work of each kind of task. */
export const RUNNERS: TaskRunners = {
  deploy,
  delete_deployment: deleteDeployment,
  create_stemcell: createStemcell,
  delete_stemcell: deleteStemcell,
  create_release: createRelease,
  delete_release: deleteRelease,
  vms: retrieveVmStats,
  delete_orphan_disks: deleteOrphanDisks,
  cleanup: cleanUp,
  sweep,
  scan_and_fix: scanAndFix,
  cck_scan: scanCloud,
  cck_apply: applyResolutions,
  errand: runErrand,
  export_release: exportRelease,
  logs: collectLogs,
  ssh,
  snapshot_deployment: snapshotDeployment,
  create_snapshot: createSnapshot,
  delete_snapshot: deleteSnapshot,
  delete_deployment_snapshots: deleteDeploymentSnapshots,
  delete_vm: deleteVmByCid,
  orphan_disk: orphanDiskByCid,
  attach_disk: attachDiskByCid,
  dynamic_disk: refuseDynamicDisk,
  update_instance: runInstanceAction,
};

// biome-ignore lint/correctness/useYield: a task's work is a process
function* refuseDynamicDisk(): Body<string> {
  throw new Error("not simulated: dynamic disks");
}
