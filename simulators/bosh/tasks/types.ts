/** The types of tasks, as `bosh tasks` shows them. */
export const TASK_TYPES = [
  "update_stemcell",
  "delete_stemcell",
  "update_release",
  "delete_release",
  "export_release",
  "update_deployment",
  "delete_deployment",
  "update_instance",
  "run_errand",
  "cck_scan",
  "cck_apply",
  "cck_scan_and_fix",
  "snapshot_deployment",
  "create_snapshot",
  "delete_deployment_snapshots",
  "delete_snapshot",
  "fetch_logs",
  "ssh",
  "vms",
  "attach_disk",
  "orphan_disk",
  "delete_orphan_disks",
  "delete_vm",
  "delete_artifacts",
] as const;
/** A type of task. */
export type TaskType = (typeof TASK_TYPES)[number];
