import type { EndedWork } from "../client/room.ts";
import { Actors } from "./actors.ts";
import { Pace } from "./pace.ts";

/** Who asks for places. Checks that may hold places wait for stories, so some places are reserved for stories. */
export type Claimant = "check" | "story";

interface Waiter {
  readonly units: number;
  readonly claimant: Claimant;
  /** Whether it has places already. */
  readonly isHolding: boolean;
  readonly admit: () => void;
  readonly refuse: (error: NoRoom) => void;
}

/** What limits the instances at once: the option of the run, or the broker, which refused more. */
type Limiter = "option" | "broker";

/** There is no room for another instance, and those that could make some are waiting for this one. */
export class NoRoom extends Error {
  readonly limiter: Limiter;

  constructor(max: number, limiter: Limiter) {
    super(`it needs more service instances at once than ${describeRoom(max, limiter)}`);
    this.name = "NoRoom";
    this.limiter = limiter;
  }
}

function describeRoom(max: number, limiter: Limiter): string {
  return limiter === "broker" ? `the broker has room for (${max}: a quota)` : `are allowed (${max}: --max-instances)`;
}

/** The most places that were taken at a time since a certain moment. */
export interface Peak {
  used: number;
}

/** Places that only stories get, if there are enough. */
const STORY_PLACES = 2;

/**
 * Places for service instances at the broker. First come, first served, so that a check that wants many is not starved by those that
 * want one. `reclaim` is asked to give back what is only kept for convenience; if it fails, those that wait go on waiting for what others release.
 */
export class Quota {
  readonly actors: Actors;
  readonly #allowed: number;
  #max: number;
  #used = 0;
  /**
   * Requests, plain ones and those with a planted defect, that were refused although this run held nothing: others fill the broker, or its words
   * are about the defect. This run can't make room.
   */
  readonly #hopeless = new Set<"plain" | "faulty">();
  readonly #peaks = new Set<Peak>();
  #isReclaiming = false;
  readonly #waiting: Waiter[] = [];
  readonly #pace: Pace;
  readonly #reclaim: () => Promise<boolean>;

  constructor(max: number, reclaim: () => Promise<boolean> = async () => false) {
    this.#allowed = max;
    this.#max = max;
    this.#pace = new Pace(max);
    this.#reclaim = reclaim;
    this.actors = new Actors(() => this.#resolveDeadlock());
  }

  /** Instances at once: the number allowed, or the smaller number for which the broker has room. */
  get max(): number {
    return this.#max;
  }

  /** What limits the instances at once. */
  get limiter(): Limiter {
    return this.#max < this.#allowed ? "broker" : "option";
  }

  /** Whether nobody waits for a place. */
  get isRoomy(): boolean {
    return this.#waiting.length === 0;
  }

  /** Takes places if there are any, even if others wait. */
  tryAcquire(units: number, claimant: Claimant = "story"): boolean {
    if (this.#used + units > this.#maxFor(claimant, units)) return false;
    this.#used += units;
    for (const peak of this.#peaks) peak.used = Math.max(peak.used, this.#used);
    return true;
  }

  /** Waits for places. @throws NoRoom */
  async acquire(units: number, claimant: Claimant = "check", isHolding = false): Promise<void> {
    if (units === 0 || (this.#waiting.length === 0 && this.tryAcquire(units, claimant))) return;
    if (units > this.#max) throw this.#noRoom();
    const { promise, resolve: admit, reject: refuse } = Promise.withResolvers<void>();
    this.#waiting.push({ units, claimant, isHolding, admit, refuse });
    void this.#admitNext();
    await this.actors.waitFor(promise);
  }

  release(units: number): void {
    this.#used -= units;
    void this.#admitNext();
  }

  /** An operation on an instance has ended: how long it took says whether the broker can bear more at once. */
  noteEnd(work: EndedWork): void {
    this.#pace.note(work);
    void this.#admitNext();
  }

  /** Watches how many places are taken, until `unwatch`. */
  watch(): Peak {
    const peak = { used: this.#used };
    this.#peaks.add(peak);
    return peak;
  }

  unwatch(peak: Peak): void {
    this.#peaks.delete(peak);
  }

  /**
   * The broker had no room for another instance: gives this many places back, and from now on grants as many as others held meanwhile. False if
   * nobody held any, so that waiting is of no use.
   */
  backOff(units: number, peak: Peak, isPlain: boolean): boolean {
    const othersHeld = peak.used - units;
    this.unwatch(peak);
    this.#used -= units;
    const kind = isPlain ? "plain" : "faulty";
    if (othersHeld <= 0 && !this.#hopeless.has(kind)) {
      this.#hopeless.add(kind);
      this.#max = this.#allowed;
    }
    const isWorthWaiting = othersHeld > 0 && !this.#hopeless.has(kind);
    if (isWorthWaiting) this.#lowerTo(Math.max(1, Math.min(this.#max - 1, othersHeld)));
    void this.#admitNext();
    return isWorthWaiting;
  }

  #lowerTo(max: number): void {
    this.#max = max;
    for (const waiter of this.#waiting.filter(({ units }) => units > max)) this.#refuse(waiter);
  }

  #noRoom(): NoRoom {
    return new NoRoom(this.#max, this.limiter);
  }

  #refuse(waiter: Waiter): void {
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
    waiter.refuse(this.#noRoom());
  }

  #maxFor(claimant: Claimant, units: number): number {
    const max = Math.min(this.#max, Math.max(this.#pace.window, units));
    if (claimant === "story") return max;
    return Math.max(max - STORY_PLACES, Math.min(max, units), Math.ceil(max / 2));
  }

  /** Grants more places from now on, by default the maximum. Returns whether somebody waits who may get one of them. */
  hurry(places = this.#max): boolean {
    if (this.#pace.window >= this.#max) return false;
    this.#pace.widenTo(places);
    const isWaitedFor = this.#waiting.length > 0;
    void this.#admitNext();
    return isWaitedFor;
  }

  /** A story may pass a check that waits, never another story; nor does a check pass anybody. */
  #admissible(): Waiter | undefined {
    const isFirst = (waiter: Waiter, at: number) =>
      waiter.claimant === "story" && this.#waiting.findIndex(({ claimant }) => claimant === "story") === at;
    return this.#waiting.find(
      (waiter, at) => (at === 0 || isFirst(waiter, at)) && this.tryAcquire(waiter.units, waiter.claimant),
    );
  }

  async #admitNext(): Promise<void> {
    for (let next = this.#admissible(); next !== undefined; next = this.#admissible()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.admit();
    }
    if (this.#waiting.length === 0 || this.#isReclaiming) return;
    this.#isReclaiming = true;
    const isReclaimed = await this.actors.act("reclaim", this.#reclaim).catch(() => false);
    this.#isReclaiming = false;
    if (isReclaimed) await this.#admitNext();
  }

  /** When everybody waits, one gives up, so that the others can proceed: one that has places, else a story for which the holders of places wait. */
  #resolveDeadlock(): void {
    setImmediate(() => {
      if (this.actors.areWorking || this.#isReclaiming || this.hurry(2 * this.#pace.window)) return;
      const loser =
        this.#waiting.findLast(({ isHolding }) => isHolding) ??
        this.#waiting.findLast(({ claimant }) => claimant === "story") ??
        this.#waiting.at(-1);
      if (loser === undefined) return;
      this.#refuse(loser);
      // A claimant that waited for an actor that is over starts no work when refused: then it is the next one's turn.
      this.#resolveDeadlock();
    });
  }
}
