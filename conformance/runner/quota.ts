import type { Room } from "../client/room.ts";
import { Actors } from "./actors.ts";

/** Who asks for places. Stories are waited for by checks that may hold places, so some places are theirs alone. */
export type Claimant = "check" | "story";

interface Waiter {
  readonly units: number;
  readonly claimant: Claimant;
  /** Whether it has places already. */
  readonly isHolding: boolean;
  readonly admit: () => void;
  readonly refuse: (error: NoRoom) => void;
}

/** There is no room for another instance, and whoever could make some waits for this one. */
export class NoRoom extends Error {
  constructor(max: number) {
    super(`it needs more service instances at once than there is room for (${max}: --max-instances)`);
    this.name = "NoRoom";
  }
}

/** Places that only stories get, where there are enough. */
const STORY_PLACES = 2;

/**
 * Places for service instances at the broker. First come, first served, so that a check that wants many is not starved by those that
 * want one. `reclaim` is asked to give back what is only kept for convenience; where it fails, those that wait go on waiting for what
 * others release.
 */
export class Quota {
  readonly actors: Actors;
  /** Instances at once. */
  readonly max: number;
  #used = 0;
  #isReclaiming = false;
  readonly #waiting: Waiter[] = [];
  readonly #reclaim: () => Promise<boolean>;

  constructor(max: number, reclaim: () => Promise<boolean> = async () => false) {
    this.max = max;
    this.#reclaim = reclaim;
    this.actors = new Actors(() => this.#resolveDeadlock());
  }

  /** Whether nobody waits for a place. */
  get isRoomy(): boolean {
    return this.#waiting.length === 0;
  }

  /** Takes places if there are any, whoever waits. */
  tryAcquire(units: number, claimant: Claimant = "story"): boolean {
    if (this.#used + units > this.#maxFor(claimant, units)) return false;
    this.#used += units;
    return true;
  }

  /** Waits for places. @throws NoRoom */
  async acquire(units: number, claimant: Claimant = "check", isHolding = false): Promise<void> {
    if (units === 0 || (this.#waiting.length === 0 && this.tryAcquire(units, claimant))) return;
    const { promise, resolve: admit, reject: refuse } = Promise.withResolvers<void>();
    this.#waiting.push({ units, claimant, isHolding, admit, refuse });
    void this.#admitNext();
    await this.actors.waitFor(promise);
  }

  release(units: number): void {
    this.#used -= units;
    void this.#admitNext();
  }

  #maxFor(claimant: Claimant, units: number): number {
    if (claimant === "story") return this.max;
    return Math.max(this.max - STORY_PLACES, Math.min(this.max, units), Math.ceil(this.max / 2));
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

  /** When everybody waits, one gives up, so that the others go on: one that has places, else a story that those wait for who have. */
  #resolveDeadlock(): void {
    setImmediate(() => {
      if (this.actors.areWorking || this.#isReclaiming) return;
      const loser =
        this.#waiting.findLast(({ isHolding }) => isHolding) ??
        this.#waiting.findLast(({ claimant }) => claimant === "story") ??
        this.#waiting.at(-1);
      if (loser === undefined) return;
      this.#waiting.splice(this.#waiting.indexOf(loser), 1);
      loser.refuse(new NoRoom(this.max));
    });
  }
}

/** One client's share of the places. */
export class Berth implements Room {
  readonly #quota: Quota;
  readonly #claimant: Claimant;
  readonly #units: number;
  readonly #held = new Set<string>();
  /** Whom instances were handed to. */
  readonly #handed = new Map<string, Room>();
  #spare = 0;
  #isOpen: boolean;
  #turn: Promise<void> = Promise.resolve();

  /** `units`: instances that it will hold at once, at most; it gets places for all of them at the first. 0: each for itself. */
  constructor(quota: Quota, claimant: Claimant, units: number) {
    this.#quota = quota;
    this.#claimant = claimant;
    this.#units = units;
    this.#isOpen = units > 0;
  }

  /** Waits for a place for an instance, unless it has one here. @throws NoRoom */
  take(id: string): Promise<void> {
    const taken = this.#turn.then(() => this.#take(id));
    this.#turn = taken.catch(() => {});
    return taken;
  }

  async #take(id: string): Promise<void> {
    if (this.#held.has(id)) return;
    if (this.#spare === 0) {
      const units = Math.max(1, this.#units - this.#held.size);
      await this.#quota.acquire(units, this.#held.size > 0 ? "story" : this.#claimant, this.#held.size > 0);
      this.#spare += units;
    }
    this.#spare--;
    this.#held.add(id);
  }

  /** The instance is gone, or nothing can be done about it. */
  free(id: string): void {
    if (!this.#held.delete(id)) return this.#handed.get(id)?.free(id);
    if (this.#isOpen) this.#spare++;
    else this.#quota.release(1);
  }

  hand(id: string, to: Room): void {
    if (to === this || !this.#held.delete(id)) return;
    this.#handed.set(id, to);
    to.adopt(id);
  }

  adopt(id: string): void {
    this.#handed.delete(id);
    this.#held.add(id);
  }

  /** Gives back what was not used; what is held is given back when it is freed. */
  close(): void {
    this.#isOpen = false;
    const spare = this.#spare;
    this.#spare = 0;
    if (spare > 0) this.#quota.release(spare);
  }
}
