import type { Answer, Operation } from "./answer.ts";
import { NoAnswer } from "./no-answer.ts";
import { TransportError } from "./http/transport.ts";
import { isFull } from "./refusal.ts";
import { isSuccess, type RequestOptions } from "./request.ts";
import type { RunMemory } from "./run-memory.ts";

/** How often a request that fails is repeated: once, and more often at a broker that is known to fail now and then. */
const REPEATS = { steady: 1, unsteady: 5 } as const;

/** The pause before a second repeat, in milliseconds; each further one is twice as long. */
const PAUSE_MS = 100;

/** What a request is about, as far as its repetition depends on it. */
interface Subject {
  readonly operation: Operation;
  readonly options: Pick<RequestOptions, "intent" | "abandon" | "isOnce">;
  /** Whether the thing that the request names was there before, or may have been: if it is made, or removed, a repetition may meet the result. */
  readonly wasThere: boolean;
}

/** How a request is sent, and what the run knows of the broker. */
interface Asker {
  readonly ask: () => Promise<Answer>;
  readonly pause: (ms: number) => Promise<unknown>;
  readonly memory: RunMemory;
}

/** An answer, and the results of earlier attempts that it replaces. */
export interface PatientAnswer {
  readonly answer: Answer;
  readonly replaced: readonly (Answer | NoAnswer)[];
}

/** An answer that another attempt may improve on: the broker failed. 501 is a refusal, and lack of room does not pass. */
const isStumble = (answer: Answer): boolean => answer.status >= 500 && answer.status !== 501 && !isFull(answer);

const isDeletion = (operation: Operation): boolean => operation === "deprovision" || operation === "unbind";

const isCreation = (operation: Operation): boolean => operation === "provision" || operation === "bind";

/** Whether the answer to a repetition says what the first one would have said. */
function replaces({ operation, options, wasThere }: Subject, again: Answer, isUnsteady: boolean): boolean {
  if (again.status >= 500) return false;
  // The first attempt may have removed it, or made it, although it was answered 5xx.
  if (isDeletion(operation)) return !wasThere || (again.status !== 404 && again.status !== 410);
  if (isCreation(operation) && !wasThere && (again.status === 200 || again.status === 409)) return false;
  // What the request races with may have ended by now.
  return options.intent !== "race" || isUnsteady || (!isSuccess(again) && again.status !== 404);
}

/** Whether it is a request that a platform would send, about something that may exist or is to be made. */
const isSentByPlatforms = ({ operation, options: { intent = "plain" }, wasThere }: Subject): boolean =>
  (intent === "plain" || intent === "cleanup") && (wasThere || isCreation(operation));

/** An answer, or that there was none: to which nothing but the broker's failure led. @throws NoAnswer for any other reason */
async function attempt(subject: Subject, { ask, memory }: Asker): Promise<Answer | NoAnswer> {
  const { operation, options, wasThere } = subject;
  const isOrdinary = isSentByPlatforms(subject);
  const known = isOrdinary ? memory.silenceOf(operation) : undefined;
  if (known !== undefined) throw known;
  try {
    const answer = await ask();
    if (isOrdinary) memory.noteAnswerTo(operation);
    return answer;
  } catch (error) {
    const isOfNothing = !wasThere && !isCreation(operation);
    if (error instanceof NoAnswer) error.about = { operation, intent: options.intent ?? "plain", isOfNothing };
    if (error instanceof NoAnswer && (error.fault === "reset" || error.fault === "timeout")) return error;
    throw error;
  }
}

/** How often a request is repeated. One that takes a minute to go unanswered is not, if others like it went unanswered twice. */
function repeatsAfter(first: Answer | NoAnswer, { operation, options }: Subject, { memory }: Asker): number {
  const { intent, abandon, isOnce } = options;
  const repeats = memory.isUnsteady ? REPEATS.unsteady : REPEATS.steady;
  if (abandon === true || isOnce === true) return 0;
  if (!(first instanceof NoAnswer)) return isStumble(first) ? repeats : 0;
  if (memory.lifeline.isLost || intent === "race" || intent === "cleanup") return 0;
  if (first.fault === "reset") return repeats;
  return memory.isLeftSilent(operation) ? 0 : REPEATS.steady;
}

/**
 * The first result stands. If the broker is known to fail now and then, and the repetition shows what may be the work of the first attempt, nobody
 * can tell what that one would have been answered.
 */
function firstOf(first: Answer | NoAnswer, later: Answer | undefined, isUnsteady: boolean): PatientAnswer {
  if (first instanceof NoAnswer) throw first;
  if (later === undefined || !isUnsteady) return { answer: first, replaced: [] };
  const message = `answered ${first.status}, and ${later.status} when sent again: the first attempt may have been carried out`;
  throw new NoAnswer(first.request, new TransportError("reset", message));
}

/**
 * Sends a request. One that fails (5xx), or gets no answer, is sent again: a broker, or a proxy in front of it, may stumble now and then, and is
 * judged by what it does otherwise. If no repetition gets through, or one may show what the first attempt has done, the first result counts.
 *
 * @throws NoAnswer
 */
export async function sendPatiently(subject: Subject, asker: Asker): Promise<PatientAnswer> {
  const { memory } = asker;
  const first = await attempt(subject, asker);
  const replaced = [first];
  const repeats = repeatsAfter(first, subject, asker);
  for (let at = 0; at < repeats; at++) {
    if (at > 0) await asker.pause(PAUSE_MS * 2 ** (at - 1));
    const again = await attempt(subject, asker);
    if (again instanceof NoAnswer) memory.noteSilenceOf(subject.operation, again);
    else if (replaces(subject, again, memory.isUnsteady)) {
      memory.noteStumble();
      return { answer: again, replaced };
    } else if (!isStumble(again)) return firstOf(first, again, memory.isUnsteady && subject.options.intent !== "race");
    replaced.push(again);
  }
  return firstOf(first, undefined, false);
}
