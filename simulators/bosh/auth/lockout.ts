import type { Kernel, Slot } from "../../kernel/index.ts";

/** UAA's default policy for users (`uaa.authentication.policy.global` of uaa-release). Clients have none. */
export const LOCKOUT = { failuresMax: 5, countedForS: 3600, lockedForS: 300 } as const;

/** When each user has given wrong passwords since the last right one: ms, oldest first. */
type Failures = Map<string, readonly number[]>;

/**
 * Locks users out after too many wrong passwords in a row, even those who then give the right one. A refusal while locked does not prolong the
 * lock; a failure after it locks again.
 */
export class Lockout {
  readonly #kernel: Kernel;
  readonly #slot: Slot<Failures>;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#slot = kernel.slot<Failures>("uaa/failures", new Map());
  }

  /** The times of the failures that still count. */
  #failuresOf(user: string): readonly number[] {
    const sinceMs = this.#kernel.nowMs - LOCKOUT.countedForS * 1000;
    return (this.#slot.value.get(user) ?? []).filter((atMs) => atMs > sinceMs);
  }

  /** Whether the user has failed too often, too recently. */
  isLocked(user: string): boolean {
    const counted = this.#failuresOf(user);
    const newestMs = counted.at(-1) ?? 0;
    return counted.length >= LOCKOUT.failuresMax && newestMs > this.#kernel.nowMs - LOCKOUT.lockedForS * 1000;
  }

  /** Records a wrong password of an existing user. */
  fail(user: string): void {
    this.#slot.value.set(user, [...this.#failuresOf(user), this.#kernel.nowMs].slice(-LOCKOUT.failuresMax));
    this.#kernel.record("uaa", "login.fail", user);
  }

  /** Forgets the failures of a user that has logged in. */
  reset(user: string): void {
    this.#slot.value.delete(user);
  }
}
