/**
 * One HTTP request and its answer as bytes: common to all ways of reaching a broker (sockets, a `fetch` in
 * process).
 */
export interface RawRequest {
  readonly method: string;
  readonly url: string;
  /** Sent as spelled, because the case of names matters to one check. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Names of headers with values that a check made up: they hold no secret, so evidence shows them as sent.
   * Default: none.
   */
  readonly madeUp?: readonly string[];
  readonly body?: string;
}

/** An answer as received, with its content coding undone. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** How a request is sent. */
export interface SendOptions {
  readonly signal?: AbortSignal;
  /** Sends the request and walks away before the answer, as a client whose connection broke; rejects with `abandoned`. */
  readonly abandon?: boolean;
}

/** A way to send one request. @throws TransportError */
export type Transport = (request: RawRequest, options?: SendOptions) => Promise<RawResponse>;

/** The limits of every exchange. */
export interface TransportLimits {
  /** The longest answer that is read, in bytes. */
  readonly bodyBytesMax: number;
  /** From the first byte sent to the last byte received, in milliseconds; a trickling body does not extend it. */
  readonly exchangeMs: number;
}

/** The default limits: 4 MiB and one minute. */
export const TRANSPORT_LIMITS: TransportLimits = { bodyBytesMax: 4 * 1024 * 1024, exchangeMs: 60_000 };

/** The reason why there was no complete answer. */
export type TransportFault =
  | "refused"
  | "unresolved"
  | "reset"
  | "timeout"
  | "tls"
  | "too-large"
  | "abandoned"
  | "throttled"
  | "aborted"
  | "out-of-time"
  | "protocol";

/** There was no complete answer; `fault` says why. */
export class TransportError extends Error {
  readonly fault: TransportFault;
  constructor(fault: TransportFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TransportError";
    this.fault = fault;
  }
}

/**
 * Collects a body up to a limit. `add` returns false once the limit is passed, and keeps a copy: a `fetch` that is not ours may use
 * the memory of a chunk again.
 */
export class BoundedBody {
  readonly #chunks: Uint8Array[] = [];
  readonly #bytesMax: number;
  #bytes = 0;
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }
  add(chunk: Uint8Array): boolean {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#bytesMax) return false;
    this.#chunks.push(new Uint8Array(chunk));
    return true;
  }
  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

/** The error for an answer beyond the limit. */
export function tooLarge(bytesMax: number): TransportError {
  return new TransportError("too-large", `the answer is longer than ${bytesMax} bytes`);
}
