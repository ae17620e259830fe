import { type Json, isObject, type JsonObject } from "../../client/http/json.ts";
import { badFile, membersAt, objectAt, textAt } from "../../settings/fields.ts";

/** What a backup, or a restore, can be. A vendor's own word that is in no list is a state that goes on. */
export const BACKUP_STATES = ["queued", "running", "succeeded", "failed", "deleted"] as const;
export type BackupState = (typeof BACKUP_STATES)[number];

/** One request of an interface. `{instance}`, `{backup}` and `{restore}` in path and body stand for ids. */
export interface BackupRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: JsonObject;
}

export const BACKUP_REQUEST_NAMES = [
  "list",
  "create",
  "get",
  "delete",
  "restore",
  "getRestore",
] as const satisfies readonly (keyof BackupInterface)[];
export type BackupRequestName = (typeof BACKUP_REQUEST_NAMES)[number];

/**
 * How a vendor's backups are reached: instance, backups, restores, as four independent products have it. `id` and `state` are
 * the members of an answer that carry them, first come; `states` are a vendor's words, in lower case.
 */
export interface BackupInterface {
  readonly name: string;
  /** Default: the broker's. Somewhere else the broker's credentials are not sent. */
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly list: BackupRequest;
  readonly create: BackupRequest;
  readonly get: BackupRequest;
  /** Absent where backups only go by themselves. */
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

const call = (line: string): BackupRequest => {
  const [method = "", path = ""] = line.split(" ");
  return { method, path };
};

/** The common shape below one base path. */
function under(name: string, base: string, restore: string, getRestore: string): BackupInterface {
  return {
    name,
    headers: {},
    list: call(`GET ${base}/backups`),
    create: call(`POST ${base}/backups`),
    get: call(`GET ${base}/backups/{backup}`),
    delete: call(`DELETE ${base}/backups/{backup}`),
    restore: call(`POST ${base}/backups/{backup}/${restore}`),
    getRestore: call(`GET ${base}/${getRestore}`),
    id: ["id", "backup_id", "restore_id", "guid"],
    state: ["state", "status"],
    states: STATES,
  };
}

/** Backups as an extension of the OSB API, as its proposal 670 has them: below the instance, with the broker's credentials. */
export const extensionAt = (path: string): BackupInterface =>
  under("extension", `/v2/service_instances/{instance}/extensions${path}`, "restores", "restores/{restore}");

/** Interfaces of products, by the name that drydock.yml may give; tried in this order when it gives none. */
export const DRIVERS: Readonly<Record<string, BackupInterface>> = {
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

const KNOWN = ["driver", "url", "headers", ...BACKUP_REQUEST_NAMES, "id", "state", "states"];

function callAt(value: Json, path: string): BackupRequest {
  const {
    method,
    path: to,
    body,
  } = isObject(value)
    ? { ...membersAt(value, path, ["method", "path", "body"]) }
    : { ...call(typeof value === "string" ? value : "") };
  if (typeof method !== "string" || !/^[A-Z]+$/.test(method) || typeof to !== "string" || !to.startsWith("/"))
    throw badFile(`"${path}" must be a method and a path, such as "POST /instances/{instance}/backups"`);
  return { method, path: to, ...(body === undefined ? {} : { body: objectAt(body, `${path}.body`) }) };
}

function urlAt(members: JsonObject): string | undefined {
  const text = textAt(members, "backup", "url");
  const url = text === undefined ? undefined : URL.parse(text);
  if (url === null || (url !== undefined && !/^https?:$/.test(url.protocol)))
    throw badFile(`"backup.url" must be an http or https URL`);
  return text?.replace(/\/+$/, "");
}

function statesAt(value: Json | undefined): BackupInterface["states"] {
  const entries = Object.entries(objectAt(value, "backup.states")).map(([word, state]) => {
    const known = BACKUP_STATES.find((each) => each === state);
    if (known === undefined) throw badFile(`"backup.states.${word}" must be one of ${BACKUP_STATES.join(", ")}`);
    return [word.toLowerCase(), known] as const;
  });
  return Object.fromEntries(entries);
}

function headersAt(value: Json | undefined): Record<string, string> {
  const members = objectAt(value, "backup.headers");
  return Object.fromEntries(
    Object.keys(members).map((name) => [name, textAt(members, "backup.headers", name) ?? ""] as const),
  );
}

/**
 * The part `backup` of drydock.yml: which interface a vendor's backups have. Undefined when the file says nothing: then it is
 * looked for.
 *
 *     backup:
 *       driver: a9s                    # extension, a9s, a9s-v1 or swisscom: where to begin; default a9s
 *       url: https://backups.example.com
 *       headers: { Authorization: "Basic …" }
 *       create: POST /instances/{instance}/backups          # what differs from the driver
 *       restore: { method: POST, path: /restores, body: { backup_id: "{backup}" } }
 *       id: backup_id
 *       state: status
 *       states: { fertig: succeeded }
 *
 * @throws TargetError bad-file
 */
export function parseBackupInterface(value: Json | undefined): BackupInterface | undefined {
  if (value === undefined || value === null) return undefined;
  const members = membersAt(value, "backup", KNOWN);
  const driver = textAt(members, "backup", "driver") ?? "a9s";
  const base = DRIVERS[driver];
  if (base === undefined) throw badFile(`"backup.driver" must be one of ${Object.keys(DRIVERS).join(", ")}`);
  const calls = BACKUP_REQUEST_NAMES.flatMap((name) => {
    const given = members[name];
    return given === undefined ? [] : [[name, callAt(given, `backup.${name}`)] as const];
  });
  const url = urlAt(members);
  const [id, state] = [textAt(members, "backup", "id"), textAt(members, "backup", "state")];
  return {
    ...base,
    ...Object.fromEntries(calls),
    name: `${driver} (drydock.yml)`,
    headers: headersAt(members["headers"]),
    ...(url === undefined ? {} : { url }),
    ...(id === undefined ? {} : { id: [id] }),
    ...(state === undefined ? {} : { state: [state] }),
    states: { ...base.states, ...statesAt(members["states"]) },
  };
}
