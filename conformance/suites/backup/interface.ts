import type { JsonObject } from "../../client/http/json.ts";
import { type BackupSettings, type RequestSetting } from "../../settings/schema.ts";
import { type BackupDriverName, type BackupState, DEFAULT_BACKUP_DRIVER } from "../../settings/backup-section.ts";

/** One request of an interface. `{instance}`, `{backup}` and `{restore}` in path and body stand for ids. */
export interface BackupRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: JsonObject;
}

const BACKUP_REQUEST_NAMES = [
  "list",
  "create",
  "get",
  "delete",
  "restore",
  "getRestore",
] as const satisfies readonly (keyof BackupInterface)[];

/**
 * How a vendor's backups are reached: instance, backups, restores, as four independent products have it. `id` and `state` are
 * the members of an answer that carry them, first come; `states` are a vendor's words, in lower case.
 */
export interface BackupInterface {
  readonly name: string;
  /** Default: the broker's. The broker's credentials are not sent anywhere else. */
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly list: BackupRequest;
  readonly create: BackupRequest;
  readonly get: BackupRequest;
  /** Absent where backups can only expire by themselves. */
  readonly delete?: BackupRequest;
  readonly restore: BackupRequest;
  readonly getRestore: BackupRequest;
  readonly id: readonly string[];
  readonly state: readonly string[];
  readonly states: Readonly<Record<string, BackupState>>;
}

const STATES: BackupInterface["states"] = {
  queued: "queued",
  pending: "queued",
  running: "running",
  "in progress": "running",
  in_progress: "running",
  processing: "running",
  succeeded: "succeeded",
  success: "succeeded",
  done: "succeeded",
  completed: "succeeded",
  finished: "succeeded",
  failed: "failed",
  error: "failed",
  aborted: "failed",
  deleted: "deleted",
  create_in_progress: "running",
  create_succeeded: "succeeded",
  create_failed: "failed",
  delete_in_progress: "running",
  delete_succeeded: "deleted",
  delete_failed: "failed",
};

const parseRequestLine = (line: string): BackupRequest => {
  const [method = "", path = ""] = line.split(" ");
  return { method, path };
};

/** The common shape below one base path. */
function under(name: string, base: string, restore: string, getRestore: string): BackupInterface {
  return {
    name,
    headers: {},
    list: parseRequestLine(`GET ${base}/backups`),
    create: parseRequestLine(`POST ${base}/backups`),
    get: parseRequestLine(`GET ${base}/backups/{backup}`),
    delete: parseRequestLine(`DELETE ${base}/backups/{backup}`),
    restore: parseRequestLine(`POST ${base}/backups/{backup}/${restore}`),
    getRestore: parseRequestLine(`GET ${base}/${getRestore}`),
    id: ["id", "backup_id", "restore_id", "guid"],
    state: ["state", "status"],
    states: STATES,
  };
}

/** Backups as an extension of the OSB API, as its proposal 670 has them: below the instance, with the broker's credentials. */
export const extensionAt = (path: string): BackupInterface =>
  under("extension", `/v2/service_instances/{instance}/extensions${path}`, "restores", "restores/{restore}");

/** Interfaces of products, by the name that drydock.yml may give; tried in this order when it gives none. */
export const DRIVERS: Readonly<Record<BackupDriverName, BackupInterface>> = {
  extension: extensionAt("/backup"),
  a9s: under("a9s", "/instances/{instance}", "restore", "restores/{restore}"),
  "a9s-v1": under("a9s-v1", "/v1/instances/{instance}", "restores", "restores/{restore}"),
  swisscom: under(
    "swisscom",
    "/custom/service_instances/{instance}",
    "restores",
    "backups/{backup}/restores/{restore}",
  ),
};

function requestFor(setting: RequestSetting): BackupRequest {
  return typeof setting === "string" ? parseRequestLine(setting) : setting;
}

/** The interface that the section `backup` of a drydock.yml describes: a driver, with what differs from it. */
export function interfaceFor(settings: BackupSettings): BackupInterface {
  const { driver = DEFAULT_BACKUP_DRIVER, url, headers = {}, id, state, states = {} } = settings;
  const base = DRIVERS[driver];
  const requests = BACKUP_REQUEST_NAMES.flatMap((name) => {
    const setting = settings[name];
    return setting === undefined ? [] : [[name, requestFor(setting)] as const];
  });
  const ownStates = Object.entries(states).map(([word, meaning]) => [word.toLowerCase(), meaning] as const);
  return {
    ...base,
    ...Object.fromEntries(requests),
    name: `${driver} (drydock.yml)`,
    headers,
    ...(url === undefined ? {} : { url: url.replace(/\/+$/, "") }),
    ...(id === undefined ? {} : { id: [id] }),
    ...(state === undefined ? {} : { state: [state] }),
    states: { ...base.states, ...Object.fromEntries(ownStates) },
  };
}
