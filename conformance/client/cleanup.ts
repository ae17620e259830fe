import type { Answer, Operation } from "./answer.ts";
import type { Offer } from "./catalog.ts";
import { bodyOf } from "./http/observation.ts";
import { cleanupPatienceMs, type EndedOperation, isRemoved, longerMs } from "./polling.ts";
import { planIds, type RequestOptions } from "./request.ts";
import type { RunMemory } from "./run-memory.ts";
import type { ClientSettings } from "./settings.ts";

/** The number of unanswered requests after which cleaning up stops. */
const SILENCES_MAX = 6;
/** Attempts to remove a thing with no other operation in progress. */
const REFUSALS_MAX = 3;
/** Attempts to remove a thing whose deletion is accepted, but whose polls do not tell how it goes. */
const UNREADABLE_MAX = 16;
/** How often to look again for something that may still be in progress. */
const LOOKS_MAX = 2;

/** The parts of a client that removing a thing needs. */
interface Remover {
  /** The id of the thing. */
  readonly id: string;
  /** Requests the deletion (attempts count from 0) and waits for its end; undefined if there was no answer. */
  readonly attempt: (attempt: number) => Promise<EndedOperation | undefined>;
  /** Whether deletions never end: if so, none is waited for. */
  readonly isStalled: () => boolean;
  /** Whether a deletion was refused because another operation is in progress. */
  readonly isBusy: (refusal: Answer) => Promise<boolean>;
}

/** A 404 is a wrong answer to a deletion, but it too says that nothing is there. */
const isAbsent = (ended: EndedOperation | undefined): boolean =>
  ended !== undefined && [404, 410].includes(ended.answer.status);

/** Deletes until the broker says that the thing is gone; false if it is, or may be, still there. */
export async function removeUntilGone(
  settings: ClientSettings,
  memory: RunMemory,
  { id, attempt, isStalled, isBusy }: Remover,
): Promise<boolean> {
  const { clock, pollMsMin, pollMsMax } = settings;
  const endMs = clock.nowMs() + cleanupPatienceMs(settings, memory.longestMs);
  let refusals = 0;
  let unreadable = 0;
  let looks = memory.unsure.has(id) ? LOOKS_MAX : 0;
  let pauseMs = memory.unsure.has(id) ? pollMsMax : pollMsMin;
  const mayAsk = () => memory.silences < SILENCES_MAX && (!memory.lifeline.isLost || memory.lifeline.hasTries);
  for (; mayAsk(); pauseMs = longerMs(pauseMs, settings)) {
    const ended = await attempt(refusals);
    if (isRemoved(ended)) return true;
    const absent = isAbsent(ended);
    if (absent && looks-- === 0) return true;
    const isUnreadable = ended?.state === "unreadable" && ++unreadable < UNREADABLE_MAX;
    const isWaiting = absent || isUnreadable || (ended !== undefined && (await isBusy(ended.answer)));
    if (!isWaiting && ++refusals === REFUSALS_MAX) return !memory.wanted.has(id) && !memory.unsure.has(id);
    if (isStalled() || clock.nowMs() + pauseMs > endMs) return false;
    await clock.sleepMs(pauseMs);
  }
  return false;
}

/** The part of a client that asking about a thing needs. */
interface Asker {
  readonly settings: Pick<ClientSettings, "minor">;
  send(operation: Operation, options: RequestOptions): Promise<Answer>;
}

/**
 * Whether a deletion was refused because another operation is in progress, even if the broker does not say so
 * properly. Such an operation may only progress while somebody polls it.
 *
 * @throws NoAnswer
 */
export async function isBusy(client: Asker, offer: Offer, refusal: Answer): Promise<boolean> {
  const { instanceId, bindingId } = refusal;
  const options = { query: planIds(offer), instanceId, intent: "cleanup" } as const;
  const polls = [await client.send("poll-instance", options)];
  if (bindingId !== "" && client.settings.minor >= 14)
    polls.push(await client.send("poll-binding", { ...options, bindingId }));
  const isRunning = polls.some((poll) => bodyOf(poll)["state"] === "in progress");
  return isRunning || bodyOf(refusal)["error"] === "ConcurrencyError";
}
