import type { HttpReply } from "../kernel/index.ts";

/** The parts of a refusal besides status, type and message. */
interface RefusalExtras {
  readonly headers?: Readonly<Record<string, string>>;
  /** More members of the service's error object (Keystone's `identity`, Designate's `errors`, Nova's `retryAfter` …). */
  readonly members?: Readonly<Record<string, unknown>>;
  /** A body that replaces the service's error body. */
  readonly reply?: HttpReply;
}

/**
 * The refusal of a request, or of a call from another service. Handlers and the operations of `cloud.ts` throw it; the service that answers the
 * client turns it into its own error body (docs/discoveries/openstack.md, "What differs per service"). `type` is the service's word on the wire, if
 * it has one (`NetworkNotFound`, `itemNotFound`, `zone_not_found`), else empty.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  readonly extras: RefusalExtras;

  constructor(status: number, type: string, message: string, extras: RefusalExtras = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.extras = extras;
  }
}

/** Refuses with a complete reply. */
export const refuseWith = (reply: HttpReply): Refusal => new Refusal(reply.status, "", "", { reply });

/** 400 of a type of the service's own. */
export const invalidRequest = (type: string, message: string): Refusal => new Refusal(400, type, message);

/** 501: the real service has it, this simulator does not. */
export const notSimulated = (what: string): Refusal => new Refusal(501, "", `not simulated: ${what}`);
