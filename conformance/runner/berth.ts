import type { EndedWork, Room } from "../client/room.ts";
import type { Claimant, Peak, Quota } from "./quota.ts";

/** One client's share of the places. */
export class Berth implements Room {
  readonly #quota: Quota;
  readonly #claimant: Claimant;
  readonly #units: number;
  readonly #held = new Map<string, Peak>();
  /** To whom instances were handed over. */
  readonly #handed = new Map<string, Room>();
  #spare = 0;
  #isOpen: boolean;
  #turn: Promise<void> = Promise.resolve();

  /** `units`: how many instances it will hold at once, at most; with the first it gets places for all of them. 0: each gets its place by itself. */
  constructor(quota: Quota, claimant: Claimant, units: number) {
    this.#quota = quota;
    this.#claimant = claimant;
    this.#units = units;
    this.#isOpen = units > 0;
  }

  /** Waits for a place for an instance, unless the instance has one here. @throws NoRoom */
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
    this.#held.set(id, this.#quota.watch());
  }

  /** The instance is gone, or nothing can be done about it. */
  free(id: string): void {
    if (!this.#drop(id)) return this.#handed.get(id)?.free(id);
    if (this.#isOpen) this.#spare++;
    else this.#quota.release(1);
  }

  hand(id: string, to: Room): void {
    if (to === this || !this.#drop(id)) return;
    this.#handed.set(id, to);
    to.adopt(id);
  }

  adopt(id: string): void {
    this.#handed.delete(id);
    this.#held.set(id, this.#quota.watch());
  }

  #drop(id: string): boolean {
    const peak = this.#held.get(id);
    if (peak !== undefined) this.#quota.unwatch(peak);
    return this.#held.delete(id);
  }

  /** See `Room`. Spare places are given back too: they would be of no use. */
  yield(id: string, isPlain: boolean): boolean {
    const peak = this.#held.get(id);
    if (peak === undefined) return false;
    this.#held.delete(id);
    const units = 1 + this.#spare;
    this.#spare = 0;
    return this.#quota.backOff(units, peak, isPlain);
  }

  noteEnd(work: EndedWork): void {
    this.#quota.noteEnd(work);
  }

  noteEndless(): void {
    this.#quota.hurry();
  }

  /** Gives back unused places; a used one is given back when its instance is freed. */
  close(): void {
    this.#isOpen = false;
    const spare = this.#spare;
    this.#spare = 0;
    if (spare > 0) this.#quota.release(spare);
  }
}
