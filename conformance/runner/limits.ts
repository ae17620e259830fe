/** Checks side by side, unless the caller says otherwise. */
export const JOBS = 64;
/** Service instances at once, unless the caller says otherwise. */
export const INSTANCES_AT_ONCE = 64;
/** Requests at once: as few as a broker that answers one by one can bear. */
export const REQUESTS_AT_ONCE = 4;

/** How long a run waits for operations, all in milliseconds. */
export interface OperationLimits {
  /** How long an asynchronous operation may be in progress. */
  readonly operationMsMax: number;
  readonly pollMsMin: number;
  readonly pollMsMax: number;
  /** How long the removal of one thing may take. */
  readonly cleanupMsMax: number;
}

/** The limits of a run that sets none. */
export const OPERATION_LIMITS: OperationLimits = {
  operationMsMax: 600_000,
  pollMsMin: 20,
  pollMsMax: 2_000,
  cleanupMsMax: 300_000,
};
