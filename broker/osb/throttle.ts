import { hash } from "node:crypto";
import type { Host } from "../host.ts";

/** Wrong passwords that cost nothing: more than people mistype, or a conformance suite tries on every endpoint. */
const FREE_FAILURES = 30;
/** How often one wrong password is forgiven. Each right one forgives one as well: a client that knows the password is mostly right. */
const FORGIVEN_MS = 5_000;
/** Delay of the answer to the first wrong password too many; it doubles each time. */
const DELAY_MS = 250;
/** Short enough that a platform that is set up wrongly still gets its 401, not a timeout. */
const DELAY_MS_MAX = 4_000;
/** Failures above this number are not counted, so that all are forgiven within minutes. */
const FAILURES_MAX = 60;
/** Late answers at once for one client and user name. With the longest delay, that leaves one guess a second. */
const LATE_ANSWERS_MAX = 4;
/** Late answers at once for all clients together: each holds a connection. */
const ALL_LATE_ANSWERS_MAX = 256;
/** How many clients and user names are remembered; the one that failed longest ago is forgotten first. */
const CLIENTS_MAX = 10_000;

interface History {
  failures: number;
  /** When `failures` was last brought up to date, in ms since the Unix epoch. */
  sinceMs: number;
  lateAnswers: number;
}

/** The result of a login attempt; `retryAfterS` (seconds) if the password was not even looked at. */
export type Attempt = "right" | "wrong" | { readonly retryAfterS: number };

/** Remembers wrong passwords, and slows down further tries. */
export interface Throttle {
  /**
   * Checks a password with `isRight`, unless too many wrong ones of its client are waiting for their answers. A right one is answered at once, whatever
   * was tried before; a wrong one is answered late, after many others.
   *
   * @param client its address
   */
  attempt(client: string, username: string, isRight: () => boolean): Promise<Attempt>;
}

/** Makes a throttle that slows down guessing, for each address and user name, in bounded memory. */
export function createThrottle(host: Pick<Host, "nowMs" | "waitMs">): Throttle {
  const histories = new Map<string, History>();
  let late = 0;

  const historyOf = (key: string): History => {
    const nowMs = host.nowMs();
    const history = histories.get(key) ?? { failures: 0, sinceMs: nowMs, lateAnswers: 0 };
    const forgiven = Math.max(0, Math.floor((nowMs - history.sinceMs) / FORGIVEN_MS));
    history.failures = Math.max(0, history.failures - forgiven);
    history.sinceMs = history.failures === 0 ? nowMs : history.sinceMs + forgiven * FORGIVEN_MS;
    return history;
  };
  const remember = (key: string, history: History): void => {
    histories.delete(key);
    if (history.failures === 0) return;
    histories.set(key, history);
    const [oldest] = histories.keys();
    if (histories.size > CLIENTS_MAX && oldest !== undefined) histories.delete(oldest);
  };
  const answerLate = async (history: History): Promise<void> => {
    const doublings = history.failures - FREE_FAILURES - 1;
    history.lateAnswers++;
    late++;
    try {
      await host.waitMs(Math.min(DELAY_MS_MAX, DELAY_MS * 2 ** doublings));
    } finally {
      history.lateAnswers--;
      late--;
    }
  };
  return {
    attempt: async (client, username, isRight) => {
      // A name may be long; its digest is not.
      const key = `${client} ${hash("sha256", username)}`;
      const history = historyOf(key);
      const isSuspect = history.failures > FREE_FAILURES;
      if (isSuspect && (history.lateAnswers >= LATE_ANSWERS_MAX || late >= ALL_LATE_ANSWERS_MAX))
        return { retryAfterS: DELAY_MS_MAX / 1000 };
      const isWelcome = isRight();
      history.failures = isWelcome ? Math.max(0, history.failures - 1) : Math.min(FAILURES_MAX, history.failures + 1);
      remember(key, history);
      if (isWelcome) return "right";
      if (history.failures > FREE_FAILURES) await answerLate(history);
      return "wrong";
    },
  };
}
