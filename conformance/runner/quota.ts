/**
 * Admission by a number of units (service instances at once). First come, first served, so that a check that wants many is
 * not starved by those that want one. `reclaim` is asked to give back what is only kept for convenience; where it fails, those that
 * wait go on waiting for what others release.
 */
export class Quota {
  readonly max: number;
  #used = 0;
  readonly #waiting: { readonly units: number; readonly admit: () => void }[] = [];
  readonly #reclaim: () => Promise<boolean>;

  constructor(max: number, reclaim: () => Promise<boolean> = async () => false) {
    this.max = max;
    this.#reclaim = reclaim;
  }

  tryAcquire(units: number): boolean {
    if (this.#used + units > this.max) return false;
    this.#used += units;
    return true;
  }

  async acquire(units: number): Promise<void> {
    if (this.#waiting.length === 0 && this.tryAcquire(units)) return;
    await new Promise<void>((admit) => {
      this.#waiting.push({ units, admit });
      void this.#admitNext();
    });
  }

  release(units: number): void {
    this.#used -= units;
    void this.#admitNext();
  }

  async #admitNext(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.tryAcquire(next.units)) {
        this.#waiting.shift();
        next.admit();
      } else if (!(await this.#reclaim().catch(() => false))) return;
    }
  }
}
