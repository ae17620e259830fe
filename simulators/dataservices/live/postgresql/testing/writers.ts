import type pg from "pg";
import { NODES, type Trio } from "./trio.ts";

const WRITERS_PER_NODE = 2;
const RETRY_MS = 10;
const WRITE_MS_MAX = 10_000;

/** Codes with which a server says that it has not carried out a write: read-only, not ready, no such login or database yet. */
const REFUSALS = new Set(["25006", "57P03", "28P01", "3D000", "42P01"]);

/** Applications that write rows of their own, each always to the same node, whether or not it is the primary. */
export class Writers {
  /** Keys of acknowledged writes. */
  readonly acknowledged = new Set<string>();
  /** Keys of writes with an unknown outcome. */
  readonly unknown = new Set<string>();
  /** Writes that a node accepted although another was the primary throughout. */
  readonly doubled: string[] = [];
  readonly #trio: Trio;
  readonly #running: Promise<unknown>;
  #isOver = false;
  #writes = 0;
  #lastMs = Date.now();
  #longestGapMs = 0;

  constructor(trio: Trio) {
    this.#trio = trio;
    const each = NODES.flatMap((address) => Array.from({ length: WRITERS_PER_NODE }, () => this.#write(address)));
    this.#running = Promise.all(each);
  }

  /** The longest time without an acknowledged write since the last call, in ms. */
  takeLongestGapMs(): number {
    const longest = this.#longestGapMs;
    this.#longestGapMs = 0;
    return longest;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #write(address: string): Promise<void> {
    while (!this.#isOver) {
      const client = await this.#trio.connect(address).catch(() => undefined);
      if (client !== undefined) await this.#writeBy(client, address);
      await client?.end().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #writeBy(client: pg.Client, address: string): Promise<void> {
    while (!this.#isOver) {
      const key = `w${++this.#writes}`;
      const before = this.#trio.primary;
      try {
        await within(client.query("INSERT INTO ledger (key) VALUES ($1)", [key]));
        this.#note(key, address, before);
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "";
        if (!REFUSALS.has(code)) this.unknown.add(key);
        return;
      }
    }
  }

  #note(key: string, address: string, before: string | undefined): void {
    const nowMs = Date.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.acknowledged.add(key);
    const after = this.#trio.primary;
    if (before !== undefined && before === after && before !== address) this.doubled.push(`${key} at ${address}`);
  }
}

/** A write that is not answered in time counts as unanswered. */
async function within(work: Promise<unknown>): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error("no answer")), WRITE_MS_MAX);
  });
  try {
    await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(late);
    work.catch(() => {});
  }
}
