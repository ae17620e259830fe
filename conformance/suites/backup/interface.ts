import type { JsonObject } from "../../client/http/json.ts";
import type { BackupSettings, RequestSetting } from "../../settings/schema.ts";
import { type BackupClaim, type BackupState, DEFAULT_BACKUP_DRIVER } from "../../settings/backup-words.ts";
import { DRIVERS } from "./drivers.ts";

/** One request of an interface. Names in braces in path and body stand for its subject: `{instance}`, `{backup}` and so on. */
export interface BackupRequest {
  /** `EXEC` and `BBR` run a program, and the path is the operation. */
  readonly method: string;
  readonly path: string;
  readonly body?: JsonObject;
  /** The members of its answer that may carry the id; the first one present does. Default: the interface's. */
  readonly id?: readonly string[];
  /** The same for the state. */
  readonly state?: readonly string[];
}

/** The operations that an interface may have. */
const BACKUP_OPERATIONS = [
  "list",
  "create",
  "get",
  "delete",
  "restore",
  "getRestore",
  "task",
  "restoreNew",
  "window",
  "restoreTo",
  "sources",
  "settings",
  "setKey",
  "setPolicy",
  "download",
] as const;
/** One of them. */
export type BackupOperationName = (typeof BACKUP_OPERATIONS)[number];

/** An id that a request needs and only a list reveals: that of the entry with the instance's name. */
interface Lookup {
  /** The name in braces that stands for it. */
  readonly name: string;
  readonly list: BackupRequest;
  readonly id: readonly string[];
}

/**
 * The interface of a vendor's backups: instance, backups, restores, as in four independent products. Absent
 * operations can't be requested. `id` and `state` are the members of an answer that may carry them, the first
 * one present; `states` are a vendor's words, in lower case.
 */
export interface BackupInterface extends Readonly<Partial<Record<BackupOperationName, BackupRequest>>> {
  readonly name: string;
  /** Default: the broker's URL. The broker's credentials are never sent elsewhere. */
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly id: readonly string[];
  readonly state: readonly string[];
  readonly states: Readonly<Record<string, BackupState>>;
  /** The vendor's claims. Undefined: none are made, which counts as B1. */
  readonly claims?: readonly BackupClaim[];
  readonly lookups?: readonly Lookup[];
  /** The values of further names in braces. */
  readonly values: Readonly<Record<string, string>>;
  /** The program of `EXEC` and `BBR`, with its arguments. */
  readonly program?: readonly string[];
  /** The parameters of a provision that restores; see `provision-parameter`. */
  readonly provision?: { readonly latest: JsonObject; readonly moment?: JsonObject };
}

/** Parses a line such as `GET /path` as a request. */
const parseRequestLine = (line: string): BackupRequest => {
  const [method = "", path = ""] = line.split(" ");
  return { method, path };
};

const listOf = (names: string | readonly string[]): readonly string[] => (typeof names === "string" ? [names] : names);

function requestFor(setting: RequestSetting): BackupRequest {
  if (typeof setting === "string") return parseRequestLine(setting);
  const { id, state, ...request } = setting;
  return { ...request, ...(id && { id: listOf(id) }), ...(state && { state: listOf(state) }) };
}

/** The interface that the section `backup` of a drydock.yml describes: a driver, with what differs from it. */
export function interfaceFor(settings: BackupSettings): BackupInterface {
  const { driver = DEFAULT_BACKUP_DRIVER, url, headers = {}, id, state, states = {}, claims, values, exec } = settings;
  const base = DRIVERS[driver];
  const requests = BACKUP_OPERATIONS.flatMap((name) => {
    const setting = settings[name];
    return setting === undefined ? [] : [[name, requestFor(setting)] as const];
  });
  const ownStates = Object.entries(states).map(([word, meaning]) => [word.toLowerCase(), meaning] as const);
  return {
    ...base,
    ...Object.fromEntries(requests),
    name: `${driver} (drydock.yml)`,
    headers,
    ...(url && { url: url.replace(/\/+$/, "") }),
    ...(id && { id: listOf(id) }),
    ...(state && { state: listOf(state) }),
    ...(claims && { claims }),
    ...(exec && { program: exec }),
    values: { ...base.values, ...values },
    states: { ...base.states, ...Object.fromEntries(ownStates) },
  };
}
