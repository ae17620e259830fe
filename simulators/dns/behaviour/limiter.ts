import type { Kernel, Slot } from "../../kernel/index.ts";
import type { ConsulConfig } from "./config.ts";

type Kind = "read" | "write";

interface Bucket {
  left: number;
  sinceMs: number;
}

/** How many seconds' worth of requests may come at once. */
const BURST_S = 10;
const MS = 1000;

/** The limits on requests that a server handles (Consul, `limits.request_limits`), if they are enforced. */
export class Limiter {
  readonly #kernel: Kernel;
  readonly #rates: Readonly<Record<Kind, number>>;
  readonly #slot: Slot<Map<Kind, Bucket>>;

  constructor(kernel: Kernel, agent: string, limits: ConsulConfig["limits"]) {
    const { mode, read_rate: read = -1, write_rate: write = -1 } = limits?.request_limits ?? {};
    const isEnforced = mode === "enforcing";
    this.#kernel = kernel;
    this.#rates = {
      read: isEnforced && read >= 0 ? read : Infinity,
      write: isEnforced && write >= 0 ? write : Infinity,
    };
    this.#slot = kernel.slot(`dns/agent/${agent}/limits`, new Map());
  }

  /** Whether one more request is within its limit, against which it counts. */
  allows(kind: Kind): boolean {
    const rate = this.#rates[kind];
    if (rate === Infinity) return true;
    const most = Math.floor(rate) * BURST_S;
    const { nowMs } = this.#kernel;
    const bucket = this.#slot.value.get(kind) ?? { left: most, sinceMs: nowMs };
    const left = Math.min(most, bucket.left + ((nowMs - bucket.sinceMs) / MS) * rate);
    const may = left >= 1;
    this.#slot.value.set(kind, { left: may ? left - 1 : left, sinceMs: nowMs });
    return may;
  }
}
