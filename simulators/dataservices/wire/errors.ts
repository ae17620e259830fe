/**
 * The refusals of a data service, by code; `sqlstate` is what PostgreSQL's own clients would see (Appendix A
 * of its manual).
 */
export const DATASERVICE_ERRORS = {
  DS_REFUSED: { message: "connection refused: nothing listens there, or no security group admits the source" },
  DS_RESET: { message: "the connection broke" },
  DS_WRONG_PASSWORD: { message: "password authentication failed for user", sqlstate: "28P01" },
  DS_NOT_YOUR_DATABASE: { message: "this user may not connect to the database", sqlstate: "28000" },
  DS_SESSION_ENDED: { message: "terminating connection due to administrator command", sqlstate: "57P01" },
  DS_NOT_READY: { message: "the database system is starting up", sqlstate: "57P03" },
  DS_UNCONFIRMED: {
    message: "no replica has confirmed the write: it may be there or not",
    sqlstate: "57014",
  },
  DS_DISK_FULL: { message: "no space left on the disk", sqlstate: "53100" },
  DS_READ_ONLY: { message: "cannot execute a write in a read-only transaction", sqlstate: "25006" },
  DS_NOT_SIMULATED: { message: "not simulated here" },
  DS_VM_TAKEN: { message: "the VM already carries another kind of data service: one per VM is simulated" },
  DS_BAD_JOB: { message: "the properties of the job are incomplete" },
  DS_NOT_A_DUMP: { message: "this is not a dump, or it is damaged" },
  DS_FOREIGN_DUMP: { message: "the dump comes from another kind of engine" },
  DS_DUMP_TOO_LARGE: { message: "the dump is larger than the limit" },
  DS_NOT_COVERED: { message: "the database holds what a dump does not cover; drop it and try again" },
  DS_COPY_BROKEN: { message: "the copy of a table is not whole" },
  DS_NOT_RESTORED: { message: "the server refuses a part of the dump, and nothing has changed" },
  DS_LIVE: { message: "the world has a live data plane: connect to the address with a real client" },
} as const satisfies Record<string, { readonly message: string; readonly sqlstate?: string }>;

/** The codes of `DATASERVICE_ERRORS`. */
export type DataServiceErrorCode = keyof typeof DATASERVICE_ERRORS;

/**
 * A refusal of a data service. The message is `CODE: text (detail)`; `sqlstate` is undefined if PostgreSQL
 * has none.
 */
export class DataServiceError extends Error {
  readonly code: DataServiceErrorCode;
  readonly sqlstate: string | undefined;
  readonly detail: string | undefined;

  constructor(code: DataServiceErrorCode, detail?: string) {
    const entry: { readonly message: string; readonly sqlstate?: string } = DATASERVICE_ERRORS[code];
    super(`${code}: ${entry.message}${detail === undefined ? "" : ` (${detail})`}`);
    this.name = "DataServiceError";
    this.code = code;
    this.detail = detail;
    this.sqlstate = entry.sqlstate;
  }

  /** The same refusal as one that was written down. */
  static again(code: DataServiceErrorCode, message: string): DataServiceError {
    const error = new DataServiceError(code);
    error.message = message;
    return error;
  }
}

/** Whether this is the code of a refusal of a data service. */
export const isDataServiceErrorCode = (code: string | undefined): code is DataServiceErrorCode =>
  code !== undefined && Object.hasOwn(DATASERVICE_ERRORS, code);
