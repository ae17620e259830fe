/** A refusal of a platform's request: a status, an error code where the OSB specification has one ("Service Broker Errors"), and a sentence. */
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
/** 400 for a body whose Content-Type is not JSON. */
export const wrongType = (): OsbError => badRequest("Content-Type must be application/json.");
/** 422 ConcurrencyError. */
export const concurrency = (): OsbError =>
  new OsbError(422, "Another operation for this service instance is in progress.", "ConcurrencyError");
/** 422 AsyncRequired. */
export const asyncRequired = (): OsbError =>
  new OsbError(422, "This service plan requires client support for asynchronous service operations.", "AsyncRequired");

/** The backend did not do its part now but may later: it refused, was cut off, or is unavailable. */
export class BackendError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BackendError";
  }
}

/** The broker's own database is unavailable. A write may or may not have happened; nothing was refused. */
export class StoreError extends BackendError {
  constructor(cause: unknown) {
    // An error of several addresses has no message of its own.
    super(
      `the store: ${cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : cause.name) : String(cause)}`,
    );
    this.name = "StoreError";
  }
}

/** The backend has refused definitively: a failed task, a wrong request. Trying again changes nothing. */
export class FinalError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FinalError";
  }
}

/** Another process has taken an operation over. The worker so far must stop, and change nothing more. */
export class LeaseLostError extends Error {
  constructor(operationId: string) {
    super(`operation ${operationId} was taken over by another process`);
    this.name = "LeaseLostError";
  }
}
