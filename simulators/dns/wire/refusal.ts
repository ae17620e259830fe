/** A refusal of Consul; the message is Consul's own. Stores and parsers throw subclasses of it. */
export class Refusal extends Error {}

/** A refusal with a status of its own: its message is the body. */
export class HttpError extends Error {
  readonly status: number;
  /** Whether the reply lacks the headers of a read, as refusals by the agent itself do. */
  readonly isBare: boolean;

  constructor(status: number, message: string, isBare = status === 400 || status === 404) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.isBare = isBare;
  }
}

/** Nobody leads: the request is held, then fails. */
export class NoLeader extends Error {}

/** @throws HttpError 400 */
export const refuseBadRequest = (message: string): never => {
  throw new HttpError(400, message);
};

/** @throws HttpError 500, as Consul does for what its servers refuse */
export const refuseInternally = (message: string): never => {
  throw new HttpError(500, message);
};

/** Consul's refusal if the caller's token does not suffice. */
export const PERMISSION_DENIED = "Permission denied";

/** @throws HttpError 403 */
export const deny = (detail = ""): never => {
  throw new HttpError(403, PERMISSION_DENIED + detail);
};

/** Refuses a part of Consul that is not simulated. @throws HttpError 501 */
export const refuseNotSimulated = (what: string): never => {
  throw new HttpError(501, `not simulated: ${what}`);
};
