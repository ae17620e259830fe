/** The reasons why there is no real server, each in one line with its remedy. */
export const LIVE_PLANE_ERRORS = {
  LIVE_PG_MISSING:
    "not simulated here: no PostgreSQL binaries on this machine; run npm install with optional dependencies, or put initdb and postgres on the PATH",
  LIVE_PG_INIT: "initdb failed",
  LIVE_PG_UNCONFIRMED: "no replica has confirmed the change in time",
  LIVE_PG_START: "PostgreSQL did not start",
  LIVE_REDIS_START: "the Redis server did not start",
  LIVE_DATA_NO_USER:
    "a data service does not run as root, and this machine has neither a user postgres nor nobody; run as another user",
  LIVE_DATA_LIMIT: "too many servers are in use; raise enginesMax or close connections",
  LIVE_DATA_VMS: "too many VMs with a data service have listeners; raise vmsMax",
  LIVE_DATA_CLOSED: "the live plane is closed",
  LIVE_DATA_DISK_FULL: "the disk is full: raise max_disk_threshold, or take a larger plan",
  LIVE_DATA_NOT_READY: "the database system is starting up",
  LIVE_DATA_NO_INSTANCE: "the data service does not run",
} as const;

/** The codes of `LIVE_PLANE_ERRORS`. */
export type LivePlaneErrorCode = keyof typeof LIVE_PLANE_ERRORS;

/** A failure of the live plane. The message is `CODE: text (detail)`. */
export class LivePlaneError extends Error {
  readonly code: LivePlaneErrorCode;

  constructor(code: LivePlaneErrorCode, detail?: string) {
    super(`${code}: ${LIVE_PLANE_ERRORS[code]}${detail === undefined ? "" : ` (${detail})`}`);
    this.name = "LivePlaneError";
    this.code = code;
  }
}
