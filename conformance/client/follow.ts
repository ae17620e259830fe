import type { Answer, Operation } from "./answer.ts";
import type { Offer } from "./catalog.ts";
import { NoAnswer } from "./no-answer.ts";
import type { PatientAnswer } from "./patience.ts";
import { type EndedOperation, patienceMs, pollUntilEnded } from "./polling.ts";
import { pollOf, type RequestOptions } from "./request.ts";
import type { RunMemory, Wait } from "./run-memory.ts";
import { pauseAfter } from "./sender.ts";
import type { ClientSettings } from "./settings.ts";

/** What following an operation needs of a client. */
interface Follower {
  readonly settings: ClientSettings;
  readonly memory: RunMemory;
  readonly ask: (operation: Operation, options: RequestOptions) => Promise<PatientAnswer>;
}

/** Polls the operation that a 202 began until it has ended or its time is up; see `pollUntilEnded`. @throws NoAnswer */
export async function follow(
  { settings, memory, ask }: Follower,
  offer: Offer,
  answer: Answer,
): Promise<{ readonly ended: EndedOperation; readonly sinceMs: number }> {
  const sinceMs = settings.clock.nowMs();
  const wait: Wait = { operation: answer.operation, planName: offer.plan.name, sinceMs };
  const heard: Answer[] = [];
  const poll = async (): Promise<Answer> => {
    const { operation, asked } = pollOf(offer, answer);
    const { answer: last, replaced } = await ask(operation, asked);
    heard.push(...replaced.filter((each): each is Answer => !(each instanceof NoAnswer)), last);
    return last;
  };
  memory.waits.add(wait);
  try {
    const ended = await pollUntilEnded(settings, answer, {
      poll,
      pause: (ms, last) => pauseAfter(settings, ms, last),
      patienceMs: memory.isStalled(offer, answer.operation) ? 0 : patienceMs(settings, offer, answer, memory.longestMs),
      shortestMs: memory.shortestMs(offer, answer),
    });
    const [first] = heard;
    const isReplaced = first !== undefined && first !== ended.polls[0];
    return { ended: isReplaced ? { ...ended, stumbled: first } : ended, sinceMs };
  } finally {
    memory.waits.delete(wait);
  }
}
