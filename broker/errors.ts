/** What a platform gets for an error: a status, the code of the OSB specification where it has one ("Service Broker Errors"), and a sentence. */
export class OsbError extends Error {
  readonly status: number;
  readonly error: string | undefined;

  constructor(status: number, description: string, error?: string) {
    super(description);
    this.name = "OsbError";
    this.status = status;
    this.error = error;
  }
}

/** 400 with this sentence. */
export const badRequest = (description: string): OsbError => new OsbError(400, description);
/** 400 for a body that is not said to be JSON. */
export const wrongType = (): OsbError => badRequest("Content-Type must be application/json.");
/** 422 ConcurrencyError. */
export const concurrency = (): OsbError =>
  new OsbError(422, "Another operation for this service instance is in progress.", "ConcurrencyError");
/** 422 AsyncRequired. */
export const asyncRequired = (): OsbError =>
  new OsbError(422, "This service plan requires client support for asynchronous service operations.", "AsyncRequired");

/** The backend did not do its part now, but may later: refused, cut off, out of order. */
export class BackendError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BackendError";
  }
}

/** The broker's own database is away. What was to be written down may be written down or not; nothing was refused. */
export class StoreError extends BackendError {
  constructor(cause: unknown) {
    // An error of several addresses has no message of its own.
    super(
      `the store: ${cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : cause.name) : String(cause)}`,
    );
    this.name = "StoreError";
  }
}

/** The backend has said no for good: a task that failed, a request that is wrong. Trying again changes nothing. */
export class FinalError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FinalError";
  }
}
