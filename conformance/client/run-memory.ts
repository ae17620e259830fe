import type { Answer, Operation } from "./answer.ts";
import type { Offer } from "./catalog.ts";
import type { EndedOperation } from "./polling.ts";
import type { NoAnswer } from "./no-answer.ts";
import { Lifeline } from "./lifeline.ts";
import { planIn, type RequestOptions } from "./request.ts";

/** How many operations of one kind on a plan may time out in a row before the run stops waiting for them. */
const TIMEOUTS_MAX = 2;

/** An operation that a client waits for. */
export interface Wait {
  readonly operation: Operation;
  readonly planName: string;
  /** When it began, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** The knowledge about operations of one kind on a plan. */
interface Experience {
  /** How many in a row did not end in time. */
  timeouts: number;
  /** The latest of them. */
  endless?: EndedOperation;
  /** The shortest time that one took, in milliseconds. */
  shortestMs: number;
}

/** The knowledge that the clients of one run share. */
export class RunMemory {
  /** Ids of things whose creation got no answer: it may still be in progress. */
  readonly unsure = new Set<string>();
  /** Ids of things that exist unless a broker lies: some request to create them was not refused. */
  readonly wanted = new Set<string>();
  /** Ids of things that are certain to be gone. */
  readonly gone = new Set<string>();
  /** What the run is waiting for now. */
  readonly waits = new Set<Wait>();
  /** Whether the broker answers at all. */
  readonly lifeline = new Lifeline();
  /** Requests that failed (5xx), or got no answer, and were answered otherwise when they were sent again. */
  stumbles = 0;
  /** Requests without an answer since the last one that had one. */
  silences = 0;
  /** Whether a request was answered 429 at every attempt, and none has been let through since. */
  isThrottled = false;
  /** The longest that an operation of the run took, in milliseconds; 0 when none has ended. */
  longestMs = 0;
  /** Operations that did not end in time. */
  #timedOut = 0;
  /** Requests of an operation that got no answer even when they were sent again. */
  readonly #silent = new Map<Operation, readonly NoAnswer[]>();
  /** Operations of which an ordinary request was answered. */
  readonly #answered = new Set<Operation>();
  readonly #experience = new Map<string, Experience>();
  /** The plans that each instance may have, the likeliest first: a deletion has to name the current one. */
  readonly #plans = new Map<string, readonly string[]>();

  /** Whether the broker, or what stands before it, fails now and then. */
  get isUnsteady(): boolean {
    return this.stumbles > 0;
  }

  /** A request failed, and did not when it was sent again. */
  noteStumble(): void {
    this.stumbles++;
  }

  /** A request got no answer twice. */
  noteSilenceOf(operation: Operation, silence: NoAnswer): void {
    this.#silent.set(operation, [...(this.#silent.get(operation) ?? []), silence]);
  }

  /** An ordinary request was answered. */
  noteAnswerTo(operation: Operation): void {
    this.#answered.add(operation);
  }

  /** Whether requests of this kind are known to go unanswered, so that repeating one would only cost time. */
  isLeftSilent(operation: Operation): boolean {
    return this.#silent.has(operation);
  }

  /** A silence that the next ordinary request would end in too, if such requests are never answered in time: each would cost a minute. */
  silenceOf(operation: Operation): NoAnswer | undefined {
    const late = (this.#silent.get(operation) ?? []).filter(({ fault }) => fault === "timeout");
    return late.length < TIMEOUTS_MAX || this.#answered.has(operation) ? undefined : late[0];
  }

  /** Whether something may have come of the requests to create a thing. */
  mayExist(id: string): boolean {
    return this.wanted.has(id) || this.unsure.has(id);
  }

  /** A request to create a thing was not refused. */
  want(id: string): void {
    this.wanted.add(id);
    this.gone.delete(id);
  }

  /** Whether a thing may be there now. */
  mayBeThere(id: string): boolean {
    return this.mayExist(id) && !this.gone.has(id);
  }

  /** The plan of an instance that is about to be created. */
  beginPlan(instanceId: string, planId: string): void {
    if (!this.#plans.has(instanceId)) this.#plans.set(instanceId, [planId]);
  }

  /**
   * Records an update that was requested or has ended. A plan that was requested with a planted defect can't
   * be relied on.
   */
  noteUpdate(instanceId: string, { body, intent }: Pick<RequestOptions, "body" | "intent">, isReached: boolean): void {
    const planId = planIn(body);
    if (planId !== undefined && intent !== "bad") this.notePlan(instanceId, planId, isReached);
  }

  /** A requested plan is the last guess; one that was reached is the first. */
  notePlan(instanceId: string, planId: string, isReached: boolean): void {
    const others = (this.#plans.get(instanceId) ?? []).filter((each) => isReached || each !== planId);
    this.#plans.set(instanceId, [...new Set(isReached ? [planId, ...others] : [...others, planId])]);
  }

  /** The plan to name in the attempt to delete an instance, counted from 0; undefined when nothing is known. */
  planFor(instanceId: string, attempt: number): string | undefined {
    const plans = this.#plans.get(instanceId) ?? [];
    return plans[attempt % plans.length];
  }

  /** Records an operation that did not end in time. */
  noteTimeout(offer: Offer, ended: EndedOperation): void {
    this.#timedOut++;
    const experience = this.#of(offer, ended.answer.operation);
    experience.timeouts++;
    experience.endless = ended;
  }

  /** An operation that did not end, if those of its kind on a plan never end; otherwise undefined. */
  endlessOf(offer: Offer, operation: Operation): EndedOperation | undefined {
    return this.isStalled(offer, operation) ? this.#of(offer, operation).endless : undefined;
  }

  /** Records an operation that ended after this many milliseconds. */
  noteEnd(offer: Offer, { operation }: Answer, tookMs: number): void {
    const experience = this.#of(offer, operation);
    experience.timeouts = 0;
    this.longestMs = Math.max(this.longestMs, tookMs);
    experience.shortestMs = experience.shortestMs === 0 ? tookMs : Math.min(experience.shortestMs, tookMs);
  }

  /**
   * Whether operations of a kind on a plan never end: if so, none is waited for, as each check would wait its
   * full time.
   */
  isStalled(offer: Offer, operation: Operation): boolean {
    const { timeouts } = this.#of(offer, operation);
    return timeouts >= TIMEOUTS_MAX || (timeouts > 0 && this.endsNothing);
  }

  /** Whether several operations of the run have timed out, and none has ever ended. */
  get endsNothing(): boolean {
    return this.longestMs === 0 && this.#timedOut >= TIMEOUTS_MAX;
  }

  /** The shortest time that an operation of a kind on a plan has taken, in milliseconds; 0 if none is known to have ended. */
  shortestMs(offer: Offer, { operation }: Answer): number {
    return this.#of(offer, operation).shortestMs;
  }

  #of({ plan }: Offer, operation: Operation): Experience {
    const key = `${plan.id} ${operation}`;
    const known = this.#experience.get(key) ?? { timeouts: 0, shortestMs: 0 };
    this.#experience.set(key, known);
    return known;
  }
}
