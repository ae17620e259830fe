import { isUuidLike } from "../../../kernel/index.ts";
import { repr } from "../../python/repr.ts";
import type { Formats } from "../../schema/schema.ts";

/*
 * The formats that Cinder's schemas name (cinder/api/validation/validators.py of Zed). A text is the refusal's whole message.
 */

const TEXT_LENGTH_MAX = 255;

const invalidInput = (reason: string): string => `Invalid input received: ${reason}`;
const invalidName = (reason: string): string => `An invalid 'name' value was provided. ${reason}`;

/** Length of a text as Python counts it. */
const lengthOf = (text: string): number => Array.from(text).length;

function checkLength(value: string, name: string, min: number): boolean | string {
  const length = lengthOf(value.trim());
  if (length < min) return invalidInput(`${name} has ${length} characters, less than ${min}.`);
  return length <= TEXT_LENGTH_MAX || invalidInput(`${name} has ${length} characters, more than ${TEXT_LENGTH_MAX}.`);
}

const optionalText =
  (name: string): Formats[string] =>
  (value) =>
    typeof value !== "string" || value === "" || checkLength(value, name, 0);

const requiredText =
  (name: string): Formats[string] =>
  (value) =>
    typeof value === "string" && value !== "" ? checkLength(value, name, 1) : `The '${name}' can not be None.`;

function checkName(value: unknown): boolean | string {
  if (typeof value !== "string" || value === "") return invalidName("The 'name' can not be None.");
  return value.trim() !== "" || invalidName("The 'name' can not be empty.");
}

const checkTrimmedName: Formats[string] = (value) => {
  const verdict = checkName(value);
  if (verdict !== true) return verdict;
  const isLong = lengthOf(String(value).trim()) > TEXT_LENGTH_MAX;
  return !isLong || invalidName("The 'name' can not be greater than 255 characters.");
};

const statusCheck =
  (kind: string, statuses: readonly string[], isRequired: boolean, verb = "statuses are"): Formats[string] =>
  (value) => {
    if (!isRequired && (value === null || value === "")) return true;
    if (typeof value === "string" && statuses.includes(value.toLowerCase())) return true;
    return `${kind} status: ${String(value)} is invalid, valid ${verb}: (${statuses.map(repr).join(", ")}).`;
  };

/** The statuses to which a volume can be reset, which are also those that a filter may name. */
export const VOLUME_STATUSES: readonly string[] = [
  "creating",
  "available",
  "deleting",
  "error",
  "error_deleting",
  "error_managing",
  "managing",
  "attaching",
  "in-use",
  "detaching",
  "maintenance",
  "restoring-backup",
  "error_restoring",
  "reserved",
  "awaiting-transfer",
  "backing-up",
  "error_backing-up",
  "error_extending",
  "downloading",
  "uploading",
  "retyping",
  "extending",
];

const SNAPSHOT_STATUSES = [
  "error",
  "available",
  "creating",
  "deleting",
  "deleted",
  "updating",
  "error_deleting",
  "unmanaging",
  "backing-up",
  "restoring",
];

const MIGRATION_STATUSES = ["migrating", "error", "success", "completing", "none", "starting"];

function checkReset(value: unknown): boolean | string {
  if (typeof value !== "object" || value === null) return true;
  const names = ["status", "attach_status", "migration_status"];
  const isGiven = Object.entries(value).some(([name, each]) => names.includes(name) && each !== null && each !== "");
  return isGiven || "Must specify 'status', 'attach_status' or 'migration_status' for update.";
}

function checkProgress(value: unknown): boolean | string {
  if (typeof value !== "string" || value === "") return true;
  if (!/^\s*[+-]?\d+\s*$/.test(value.slice(0, -1))) return invalidInput("progress must be an integer percentage");
  const percent = Number(value.slice(0, -1));
  const isFine = percent >= 0 && percent <= 100 && value.endsWith("%");
  return isFine || invalidInput("progress must be an integer percentage between 0 and 100");
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const LEVELS = ["INFO", "WARNING", "ERROR", "DEBUG"];

/** The formats that schemas of this service name. Those of quotas are checked where the quotas are known. */
export const FORMATS: Formats = {
  uuid: (value) => typeof value !== "string" || isUuidLike(value),
  name: checkName,
  name_skip_leading_trailing_spaces: checkTrimmedName,
  name_non_mandatory_remove_white_spaces: optionalText("name"),
  description_non_mandatory_remove_white_spaces: optionalText("description"),
  availability_zone: (value) => value === null || (requiredText("availability_zone")?.(value) ?? true),
  group_type: requiredText("group_type"),
  volume_status: statusCheck("Volume", VOLUME_STATUSES, false),
  volume_attach_status: statusCheck("Volume attach", ["attached", "detached"], false),
  volume_migration_status: statusCheck("Volume migration", MIGRATION_STATUSES, false),
  snapshot_status: statusCheck("Snapshot", SNAPSHOT_STATUSES, true),
  backup_status: statusCheck("Backup", ["available", "error"], true),
  validate_volume_reset_body: checkReset,
  progress: checkProgress,
  key_size: (value) => value === null || /^-?\d+$/.test(String(value)) || invalidInput("key_size must be an integer."),
  base64: (value) => typeof value === "string" && BASE64.test(value.replaceAll(/\s/g, "")),
  level: (value) => {
    const word = typeof value === "string" ? value : "";
    return LEVELS.includes(word.toUpperCase()) || invalidInput(`${word} is not a valid log level.`);
  },
};
