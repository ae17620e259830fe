/** A vendor's claims about its backups; see `backup.claims`. */
export const BACKUP_CLAIMS = ["B1", "B2", "B3", "B4", "B5"] as const;
/** A claim of the section `backup`. */
export type BackupClaim = (typeof BACKUP_CLAIMS)[number];

/** The states of backups and restores. A vendor's own word that is in no list means "in progress". */
export const BACKUP_STATES = ["queued", "running", "succeeded", "failed", "deleted"] as const;
/** Known backup interfaces, by name; see `DRIVERS` in the backup suite. */
export const BACKUP_DRIVER_NAMES = [
  "extension",
  "a9s",
  "a9s-v1",
  "swisscom",
  "service-fabrik",
  "tanzu",
  "shield",
  "provision-parameter",
  "bbr",
  "exec",
] as const;
/** The driver from which a section `backup` starts if it names none. */
export const DEFAULT_BACKUP_DRIVER = "a9s";

/** The state of a backup or a restore. */
export type BackupState = (typeof BACKUP_STATES)[number];

/** The name of an interface of backups. */
export type BackupDriverName = (typeof BACKUP_DRIVER_NAMES)[number];
