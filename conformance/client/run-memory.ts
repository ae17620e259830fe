import type { Answer, Operation } from "./answer.ts";
import type { Offer } from "./catalog.ts";
import type { EndedOperation } from "./polling.ts";
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
  /** The operations for which the run is waiting now. */
  readonly waits = new Set<Wait>();
  /** Whether the broker answers at all. */
  readonly lifeline = new Lifeline();
  /** Requests without an answer since the last answered one. */
  silences = 0;
  /** Whether a request was answered 429 at every attempt, and none has been let through since. */
  isThrottled = false;
  /** The longest that an operation of the run took, in milliseconds; 0 when none has ended. */
  longestMs = 0;
  /** Operations that did not end in time. */
  #timedOut = 0;
  readonly #experience = new Map<string, Experience>();
  /** The plans that each instance may have, the likeliest first: a deletion has to name the current one. */
  readonly #plans = new Map<string, readonly string[]>();

  /** Whether the requests to create a thing may have had an effect. */
  mayExist(id: string): boolean {
    return this.wanted.has(id) || this.unsure.has(id);
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
