import type { HttpReply, HttpRequest } from "../http/message.ts";

/** Wrong passwords that are answered at once; after that, one is answered per pause. */
export const FREE_MAX = 5;
/** How long each further wrong password waits behind the one before. */
export const PAUSE_MS = 1000;
/** Answers to wrong passwords that may wait at a time; while that many wait, no password is checked. */
export const WAITING_MAX = 16;

/** Where Keystone and UAA take passwords: /v3/auth/tokens, /v3/users/:id/password, /oauth/token. */
const LOGIN = /\/(tokens?|password)\/?$/;

const bringsPassword = ({ method, path, headers }: HttpRequest): boolean =>
  /^basic\s/i.test(headers.authorization ?? "") || (method === "POST" && LOGIN.test(path));

/**
 * Slows down password guessing at one listener. It counts all clients together: on loopback an address costs nothing, and one account is
 * enough to guess at. Right passwords are answered at once, unless too many wrong ones are waiting. A request with a token is never
 * delayed.
 */
export class PasswordThrottle {
  readonly #nowMs: () => number;
  /** When the pauses of the wrong passwords so far end. */
  #paidMs = Number.NEGATIVE_INFINITY;

  /** `nowMs`: a clock that never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get #owedMs(): number {
    return Math.max(0, this.#paidMs - this.#nowMs());
  }

  /** The answer to a further password while too many wrong ones wait. */
  refusalOf(request: HttpRequest): HttpReply | undefined {
    const overMs = this.#owedMs - (FREE_MAX + WAITING_MAX) * PAUSE_MS;
    if (overMs <= 0 || !bringsPassword(request)) return undefined;
    const seconds = Math.ceil(overMs / 1000);
    return {
      status: 429,
      headers: { "Retry-After": String(seconds), "Content-Type": "text/plain; charset=utf-8" },
      body: `Too many wrong passwords; try again in ${seconds} s.\n`,
    };
  }

  /** How long to hold an answer back, ms. Call it once per answer. */
  pauseMsFor(request: HttpRequest, { status }: HttpReply): number {
    if (status !== 401 || !bringsPassword(request)) return 0;
    this.#paidMs = this.#nowMs() + this.#owedMs + PAUSE_MS;
    return Math.max(0, this.#owedMs - FREE_MAX * PAUSE_MS);
  }
}
