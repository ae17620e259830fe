import { setMaxListeners } from "node:events";
import {
  type RawRequest,
  type RawResponse,
  type SendOptions,
  type Transport,
  TransportError,
} from "./http/transport.ts";

/** How many deletions are sent to a lost broker in case it is back; the rest is only listed. */
const LAST_TRIES = 1;

/** How often in all the catalog is asked for before a broker that hangs up counts as lost: it may do so now and then. */
const LOOKS_MAX = 4;

/** Asks until there is an answer. A broker that hangs up is asked again; one that refuses connections, or takes its time, is not. */
export async function isAnswered(look: () => Promise<unknown>): Promise<boolean> {
  for (let at = 1; ; at++) {
    const error: unknown = await look().then(
      () => undefined,
      (reason: unknown) => reason ?? "no reason",
    );
    if (error === undefined) return true;
    const isHangUp = error instanceof Error && "fault" in error && error.fault === "reset";
    if (!isHangUp || at === LOOKS_MAX) return false;
  }
}

/** Why no answer comes from a broker that has gone or hangs. */
const SILENCES: readonly TransportError["fault"][] = ["refused", "reset", "timeout"];

/**
 * Whether the broker answers at all. One request without an answer may be the request's own fault; if no other has been answered since it was sent,
 * and a request for the catalog is not answered either, the broker is lost: nothing waits for it any more.
 */
export class Lifeline {
  #answeredMs: number | undefined;
  #looking: Promise<boolean> | undefined;
  #end = new AbortController();
  #triesLeft = LAST_TRIES;
  #reason: string | undefined;

  constructor() {
    setMaxListeners(0, this.#end.signal);
  }

  /** Whether nothing more may be sent, except for the removals that `takeTry` allows. */
  get isLost(): boolean {
    return this.#end.signal.aborted;
  }

  /** Whether another removal may be tried at a lost broker. */
  get hasTries(): boolean {
    return this.#triesLeft > 0;
  }

  /** The evidence that the broker is lost; undefined while it is not. */
  get reason(): string | undefined {
    return this.isLost ? this.#reason : undefined;
  }

  /** Aborted when the broker is lost. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Uses up one of the last tries at a lost broker; false if none is left. */
  takeTry(): boolean {
    return this.#triesLeft-- > 0;
  }

  /** Records any answer: a broker that was lost is back. */
  noteAnswer(atMs: number): void {
    this.#answeredMs = atMs;
    if (!this.isLost) return;
    this.#end = new AbortController();
    setMaxListeners(0, this.#end.signal);
    this.#triesLeft = LAST_TRIES;
  }

  /**
   * Called when a request sent at `sentMs` got no answer: finds out whether the broker is there, once for all
   * such requests.
   */
  async noteSilence(sentMs: number, { fault }: TransportError, reason: string, look: () => Promise<unknown>) {
    const isBegun = this.#answeredMs !== undefined;
    if (!isBegun || this.isLost || !SILENCES.includes(fault)) return;
    if ((this.#answeredMs ?? 0) > sentMs) return;
    this.#looking ??= isAnswered(look);
    const isThere = await this.#looking;
    this.#looking = undefined;
    if (isThere || this.isLost) return;
    this.#reason = reason;
    this.#end.abort();
  }
}

/**
 * Sends unless the broker is lost, and stops waiting once it turns out to be. A request sent before may have arrived.
 *
 * @throws TransportError
 */
export async function sendAlive(
  lifeline: Lifeline,
  transport: Transport,
  request: RawRequest,
  options: SendOptions,
): Promise<RawResponse> {
  const { signal: lost, isLost } = lifeline;
  const signals = [...(options.signal ? [options.signal] : []), ...(isLost ? [] : [lost])];
  try {
    return await transport(request, { ...options, signal: AbortSignal.any(signals) });
  } catch (error) {
    const isGivenUp = error instanceof TransportError && error.fault === "aborted" && !options.signal?.aborted;
    if (!isGivenUp) throw error;
    throw new TransportError("timeout", "no answer, nor to any other request", { cause: error });
  }
}
