import type { BackupDriverName } from "../../settings/backup-words.ts";
import type { BackupInterface, BackupOperationName, BackupRequest } from "./interface.ts";

/** Words for states, in lower case. A vendor's word that is in no list means "in progress". */
const STATES: BackupInterface["states"] = {
  queued: "queued",
  pending: "queued",
  scheduled: "queued",
  running: "running",
  "in progress": "running",
  in_progress: "running",
  processing: "running",
  succeeded: "succeeded",
  success: "succeeded",
  done: "succeeded",
  complete: "succeeded",
  completed: "succeeded",
  finished: "succeeded",
  valid: "succeeded",
  failed: "failed",
  error: "failed",
  aborted: "failed",
  canceled: "failed",
  invalid: "failed",
  deleted: "deleted",
  purged: "deleted",
  expired: "deleted",
  create_in_progress: "running",
  create_succeeded: "succeeded",
  create_failed: "failed",
  delete_in_progress: "running",
  delete_succeeded: "deleted",
  delete_failed: "failed",
};

const COMMON = {
  headers: {},
  id: ["id", "backup_id", "restore_id", "backup_guid", "guid"],
  state: ["state", "status"],
  states: STATES,
  values: {},
} as const;

type Requests = Partial<Record<BackupOperationName, BackupRequest>>;

const ask = (method: string, path: string, more: Partial<BackupRequest> = {}): BackupRequest => ({
  method,
  path,
  ...more,
});

/** The common shape below one base path. */
function under(name: string, base: string, restore: string, getRestore: string, more: Requests = {}): BackupInterface {
  return {
    ...COMMON,
    name,
    list: ask("GET", `${base}/backups`),
    create: ask("POST", `${base}/backups`),
    get: ask("GET", `${base}/backups/{backup}`),
    delete: ask("DELETE", `${base}/backups/{backup}`),
    restore: ask("POST", `${base}/backups/{backup}/${restore}`),
    getRestore: ask("GET", `${base}/${getRestore}`),
    ...more,
  };
}

const POLICY = { keep_min: "{count}", keep_days: "{days}", schedule: "{cron}" };

/** Backups as an extension of the OSB API, as in its proposal 670: below the instance, with the broker's credentials. */
export function extensionAt(path: string, claims?: BackupInterface["claims"]): BackupInterface {
  const base = `/v2/service_instances/{instance}/extensions${path}`;
  const driver = under("extension", base, "restores", "restores/{restore}", {
    restoreNew: ask("POST", `${base}/restores`, { body: { backup_id: "{backup}", key: "{key}" } }),
    restoreTo: ask("POST", `${base}/restores`, { body: { restore_to: "{time}", source_instance_id: "{source}" } }),
    window: ask("GET", `${base}/pitr`),
    sources: ask("GET", `${base}/sources`),
    settings: ask("GET", `${base}/settings`),
    setKey: ask("PUT", `${base}/settings`, { body: { key: "{key}" } }),
    setPolicy: ask("PUT", `${base}/settings`, { body: POLICY }),
    download: ask("GET", `${base}/backups/{backup}/download`),
  });
  const restore = ask("POST", `${base}/backups/{backup}/restores`, { body: { key: "{key}" } });
  return { ...driver, restore, ...(claims && { claims }) };
}

/** Both versions of anynines' API; the restore into another instance is the second half of its disaster recovery. */
function a9sAt(name: string, base: string, restore: string): BackupInterface {
  return under(name, base, restore, "restores/{restore}", {
    restoreNew: ask("POST", `${base}/restores`, { body: { backup_id: "{backup}", key: "{key}" } }),
    restoreTo: ask("POST", `${base}/restores`, { body: { restore_to: "{time}" } }),
    window: ask("GET", `${base}/pitr`),
    settings: ask("GET", `${base}/config`),
    setKey: ask("PUT", base, { body: { key: "{key}" } }),
    download: ask("GET", `${base}/backups/{backup}/download`),
  });
}

const FABRIK = "/api/v1/service_instances/{instance}";
const IN_SPACE = "space_guid={space}";

/** The space is named in each request; the newest backup and the newest restore of an instance have no id in the path. */
const SERVICE_FABRIK: BackupInterface = {
  ...COMMON,
  name: "service-fabrik",
  id: ["backup_guid", "guid"],
  list: ask("GET", `/api/v1/backups?${IN_SPACE}&instance_id={instance}`),
  create: ask("POST", `${FABRIK}/backup`, { body: { type: "online", space_guid: "{space}" } }),
  get: ask("GET", `/api/v1/backups/{backup}?${IN_SPACE}`),
  delete: ask("DELETE", `/api/v1/backups/{backup}?${IN_SPACE}`),
  restore: ask("POST", `${FABRIK}/restore`, { body: { backup_guid: "{backup}", space_guid: "{space}" } }),
  getRestore: ask("GET", `${FABRIK}/restore?${IN_SPACE}`),
  restoreNew: ask("POST", `${FABRIK}/restore`, {
    body: { backup_guid: "{backup}", source_instance_id: "{source}", space_guid: "{space}" },
  }),
  restoreTo: ask("POST", `${FABRIK}/restore`, {
    body: { time_stamp: "{millis}", source_instance_id: "{source}", space_guid: "{space}" },
  }),
};

/**
 * The platform's side: a job does the work without naming its backup, which is the newly listed one. Its
 * restore has no public path.
 */
const TANZU: BackupInterface = {
  ...COMMON,
  name: "tanzu",
  list: ask("GET", "/v3/service_instances/{instance}/backups"),
  create: ask("POST", "/v3/service_instances/{instance}/backups"),
  task: ask("GET", "{location}"),
};

const TENANT = "/v2/tenants/{tenant}";

/** A job writes the archive of a target; tasks do the work. An instance's target is the one that names it. */
const SHIELD: BackupInterface = {
  ...COMMON,
  name: "shield",
  id: ["uuid"],
  lookups: [
    { name: "target", list: ask("GET", `${TENANT}/targets`), id: ["uuid"] },
    { name: "job", list: ask("GET", `${TENANT}/jobs?target={target}`), id: ["uuid"] },
  ],
  list: ask("GET", `${TENANT}/archives?target={target}`),
  create: ask("POST", `${TENANT}/jobs/{job}/run`, { id: ["task_uuid"] }),
  get: ask("GET", `${TENANT}/archives/{backup}`),
  delete: ask("DELETE", `${TENANT}/archives/{backup}`),
  restore: ask("POST", `${TENANT}/archives/{backup}/restore`, { id: ["task_uuid"], body: { target: "{target}" } }),
  restoreNew: ask("POST", `${TENANT}/archives/{backup}/restore`, { id: ["task_uuid"], body: { target: "{target}" } }),
  task: ask("GET", `${TENANT}/tasks/{task}`, { id: ["archive_uuid"] }),
};

/** Restores are provisions, as with GOV.UK's broker for RDS; the platform takes snapshots. */
const PROVISION_PARAMETER: BackupInterface = {
  ...COMMON,
  name: "provision-parameter",
  provision: {
    latest: { restore_from_latest_snapshot_of: "{source}" },
    moment: { restore_from_point_in_time_of: "{source}", restore_from_point_in_time_before: "{time}" },
  },
};

function programOf(name: string, method: "EXEC" | "BBR", operations: readonly BackupOperationName[]): BackupInterface {
  const requests = operations.map((each) => [each, ask(method, `/${each}`)] as const);
  return { ...COMMON, name, ...Object.fromEntries(requests) };
}

const ON_DEMAND: readonly BackupOperationName[] = ["list", "create", "get", "delete", "restore"];
const ALL: readonly BackupOperationName[] = [
  ...ON_DEMAND,
  "getRestore",
  "restoreNew",
  "window",
  "restoreTo",
  "sources",
  "settings",
  "setKey",
  "setPolicy",
  "download",
];

/** Interfaces of products, by the name that drydock.yml may give. */
export const DRIVERS: Readonly<Record<BackupDriverName, BackupInterface>> = {
  extension: extensionAt("/backup"),
  a9s: a9sAt("a9s", "/instances/{instance}", "restore"),
  "a9s-v1": a9sAt("a9s-v1", "/v1/instances/{instance}", "restores"),
  swisscom: under(
    "swisscom",
    "/custom/service_instances/{instance}",
    "restores",
    "backups/{backup}/restores/{restore}",
  ),
  "service-fabrik": SERVICE_FABRIK,
  tanzu: TANZU,
  shield: SHIELD,
  "provision-parameter": PROVISION_PARAMETER,
  bbr: programOf("bbr", "BBR", ON_DEMAND),
  exec: programOf("exec", "EXEC", ALL),
};

/**
 * The drivers that are tried, in this order, if drydock.yml names none: they need only the broker's own URL
 * and credentials.
 */
export const KNOWN_DRIVERS: readonly BackupInterface[] = (["extension", "a9s", "a9s-v1", "swisscom"] as const).map(
  (name) => DRIVERS[name],
);
