import type { Answer } from "./answer.ts";
import { maximumPollingSeconds, type Offer } from "./catalog.ts";
import { answerOrSilence } from "./no-answer.ts";
import { bodyOf } from "./http/observation.ts";
import type { RawResponse } from "./http/transport.ts";
import type { ClientSettings } from "./settings.ts";

/**
 * How an operation ended. `refused`: the request was not accepted; `gone`: 410 from a poll; `unreadable`: the
 * polls do not show its state, so nobody can wait for it.
 */
export interface EndedOperation {
  readonly state: "succeeded" | "failed" | "gone" | "timed-out" | "refused" | "unreadable";
  readonly answer: Answer;
  readonly polls: readonly Answer[];
  /** What the first poll was answered, if that was a 5xx and the same poll, sent again, was not. */
  readonly stumbled?: Answer;
}

/** Whether a deletion was accepted and has ended. */
export const isRemoved = (ended: EndedOperation | undefined): boolean =>
  ended?.state === "succeeded" || ended?.state === "gone";

/**
 * Whether an operation took as long as one that never ends: it was in progress throughout, or every poll was
 * answered 5xx.
 */
export const isEndless = ({ state, polls }: EndedOperation): boolean =>
  state === "timed-out" || (state === "unreadable" && (polls.at(-1)?.status ?? 0) >= 500);

/** The end of an operation according to a poll; undefined while it continues. */
export function stateOf(poll: Answer): "succeeded" | "failed" | "gone" | undefined {
  const isDeletion = poll.polled === "deprovision" || poll.polled === "unbind";
  if (poll.status === 410) return isDeletion ? "gone" : "failed";
  if (poll.status === 404 && isDeletion) return "gone";
  if (poll.status >= 400 && poll.status < 500) return "failed";
  const state = bodyOf(poll)["state"];
  return state === "succeeded" || state === "failed" ? state : undefined;
}

/** Longest time for which every poll may be answered 5xx, in milliseconds: the broker may be restarting. */
const BROKEN_MS_MAX = 10_000;

/** Whether later polls can't be expected to say more, because this answer has none of the states. */
const isUnreadable = (poll: Answer): boolean => poll.status < 500 && bodyOf(poll)["state"] !== "in progress";

/** Whether a poll says that the operation continues. One that is refused, fails, or names a state that no version has proves nothing. */
export const tellsProgress = (poll: Answer): boolean =>
  poll.status === 200 && stateOf(poll) === undefined && !isUnreadable(poll);

/** Whether an answer that claims to be final names an operation, and that is in progress: then it is no end, whatever its status. */
export async function isInProgress(answer: Answer, ask: () => Promise<Answer>): Promise<boolean> {
  const { operation } = bodyOf(answer);
  const isFinal = answer.status === 200 || answer.status === 201;
  if (!isFinal || typeof operation !== "string" || operation === "") return false;
  const poll = await answerOrSilence(ask());
  return poll !== undefined && tellsProgress(poll);
}

/** Longest wait that a broker's Retry-After can ask for, in milliseconds. */
const RETRY_AFTER_MS_MAX = 60_000;

/**
 * The wait that Retry-After asks for (RFC 9110, 10.2.3: seconds or a date), in milliseconds; undefined if it
 * is absent or unreadable.
 */
export function retryAfterMs(answer: Pick<RawResponse, "headers">, nowMs: number): number | undefined {
  const value = answer.headers["retry-after"];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX) : undefined;
}

type Pauses = Pick<ClientSettings, "pollMsMin" | "pollMsMax">;

/** The next pause of a loop that waits longer each time: half as long again, up to `pollMsMax`. */
export function longerMs(pauseMs: number, { pollMsMax }: Pauses): number {
  return Math.min(pauseMs * 1.5, pollMsMax);
}

/**
 * The pause before the next poll: a fraction of the elapsed time, so that the end is noticed late by that
 * fraction at most. The first poll comes after the shortest time that such operations have taken.
 */
function pauseMsAfter(elapsedMs: number, shortestMs: number, { pollMsMin, pollMsMax }: Pauses): number {
  const untilLikelyMs = shortestMs * 0.7 - elapsedMs;
  return Math.min(Math.max(elapsedMs * 0.15, untilLikelyMs, pollMsMin), pollMsMax);
}

/** The two functions of a client that following an operation needs. */
interface Poller {
  readonly poll: () => Promise<Answer>;
  /** Waits before the poll after `last`. */
  readonly pause: (ms: number, last: Answer) => Promise<void>;
  /** How long the operation may be in progress, in milliseconds; with 0 it is polled once. */
  readonly patienceMs: number;
  /** The shortest time that an operation of its kind has taken so far, in milliseconds; 0 if none has ended. */
  readonly shortestMs: number;
}

/**
 * How long the removal of one thing may take, in milliseconds: the run's limit for it, but at least twice what the longest operation of
 * the run took, since many may wait for each other behind the broker.
 */
export function cleanupPatienceMs({ operationMsMax, cleanupMsMax }: ClientSettings, longestMs: number): number {
  return Math.min(operationMsMax, Math.max(cleanupMsMax, 2 * longestMs));
}

/** How long an operation may be in progress, in milliseconds: the plan's maximum_polling_duration or the run's limit. */
export function patienceMs(settings: ClientSettings, offer: Offer, { intent }: Answer, longestMs: number): number {
  const { operationMsMax } = settings;
  if (intent === "cleanup") return cleanupPatienceMs(settings, longestMs);
  return Math.min(operationMsMax, (maximumPollingSeconds(offer) ?? Number.POSITIVE_INFINITY) * 1000);
}

/**
 * Polls an operation that was answered 202 until it has ended or its time is up: after Retry-After, or a
 * growing pause.
 */
export async function pollUntilEnded(
  settings: ClientSettings,
  answer: Answer,
  poller: Poller,
): Promise<EndedOperation> {
  const { clock } = settings;
  const startMs = clock.nowMs();
  const endMs = startMs + poller.patienceMs;
  const polls: Answer[] = [];
  let readableMs = startMs;
  for (;;) {
    const poll = await poller.poll();
    polls.push(poll);
    const state = stateOf(poll);
    if (state !== undefined) return { state, answer, polls };
    const nowMs = clock.nowMs();
    if (poll.status < 500) readableMs = nowMs;
    if (isUnreadable(poll) || nowMs - readableMs >= BROKEN_MS_MAX) return { state: "unreadable", answer, polls };
    const leftMs = endMs - nowMs;
    // A 5xx does not say that it is still in progress.
    if (leftMs <= 0) return { state: poll.status < 500 ? "timed-out" : "unreadable", answer, polls };
    const pauseMs = retryAfterMs(poll, nowMs) ?? pauseMsAfter(nowMs - startMs, poller.shortestMs, settings);
    // If asked to come back after its time is up, the client polls a last time just then.
    await poller.pause(Math.min(pauseMs, leftMs), poll);
  }
}
