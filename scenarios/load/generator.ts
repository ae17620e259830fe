import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { dueTimes } from "./arrivals.ts";
import { LoadTally } from "./figures.ts";
import { drawOperation, type LoadOperation } from "./mix.ts";
import { Orders } from "./orders.ts";
import { Performer } from "./performer.ts";
import type { LoadPlan } from "./plan.ts";
import { type LoadInstance, Population } from "./population.ts";
import type { Transport } from "./transport.ts";

/** A timer may be late by 1 ms, so the end of each wait for a due request is spent turning the event loop. */
const TIMER_MS = 1.5;

/** How many orders run at once while the first instances are made and the last removed. */
const HELPERS = 16;

type OpenModel = Extract<LoadPlan["model"], { kind: "open" }>;
type ClosedModel = Extract<LoadPlan["model"], { kind: "closed" }>;

/**
 * Sends load and measures it. In the open model each request is sent when it is due, whoever is still waiting for an answer, and its latency
 * counts from then; the generator's own lateness is recorded as well. In the closed model each user waits for the answer, so a
 * target that stalls receives fewer requests, and sets the pace at which it is measured.
 */
export class Generator {
  readonly tally = new LoadTally();
  readonly #plan: LoadPlan;
  readonly #transport: Transport;
  readonly #population: Population;
  readonly #orders: Orders;
  readonly #draw: () => number;
  readonly #open = new Set<Promise<void>>();
  #performer: Performer;

  constructor(plan: LoadPlan, transport: Transport) {
    this.#plan = plan;
    this.#transport = transport;
    const random = xoroshiro128plus(plan.seed);
    this.#draw = () => uniformFloat64(random);
    this.#population = new Population(plan.prefix, this.#draw);
    this.#orders = new Orders(plan, this.#population);
    this.#performer = new Performer(plan, transport);
  }

  /** How many orders are waiting for answers. */
  get waiting(): number {
    return this.#performer.waiting;
  }

  /** Time since the load began, in ms. */
  get nowMs(): number {
    return this.#performer.nowMs;
  }

  /** Sends all of the load, or until `signal` is aborted, and waits until everything that was begun has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { model } = this.#plan;
    this.#performer = new Performer(this.#plan, this.#transport);
    await (model.kind === "open" ? this.#runOpen(model, signal) : this.#runClosed(model, signal));
    await Promise.all(this.#open);
  }

  async #runOpen(model: OpenModel, signal: AbortSignal): Promise<void> {
    for (const dueMs of dueTimes({ ...model, forMs: this.#plan.forMs }, this.#draw)) {
      await this.#waitUntil(dueMs, signal);
      if (signal.aborted) return;
      const operation = drawOperation(this.#plan.mix, this.#draw());
      if (this.waiting >= this.#plan.inFlightMax) this.tally.dropped++;
      else this.#begin(this.#perform(operation, dueMs));
    }
  }

  async #waitUntil(dueMs: number, signal: AbortSignal): Promise<void> {
    const leftMs = dueMs - this.nowMs;
    if (leftMs > TIMER_MS) await sleep(leftMs - TIMER_MS, undefined, { signal }).catch(() => undefined);
    while (this.nowMs < dueMs && !signal.aborted) await nextTurn();
  }

  #begin(work: Promise<boolean>): void {
    const noted: Promise<void> = work.then(() => void this.#open.delete(noted));
    this.#open.add(noted);
  }

  async #runClosed({ users, thinkMs }: ClosedModel, signal: AbortSignal): Promise<void> {
    const playUser = async (): Promise<void> => {
      while (this.nowMs < this.#plan.forMs && !signal.aborted) {
        const hasSent = await this.#perform(drawOperation(this.#plan.mix, this.#draw()), this.nowMs);
        // A user who finds nothing to do tries again a little later.
        await sleep(hasSent ? thinkMs : Math.max(thinkMs, 1));
      }
    };
    await Promise.all(Array.from({ length: users }, playUser));
  }

  /** Performs an operation that is due. Returns whether there was anything to order it for. */
  async #perform(operation: LoadOperation, dueMs: number): Promise<boolean> {
    const order = this.#orders.make(operation);
    if (order === undefined) {
      this.tally.of(operation).starved++;
      return false;
    }
    const sentMs = this.nowMs;
    if (this.#plan.model.kind === "open") this.tally.lateness.record(sentMs - dueMs);
    await this.#performer.perform(order, { dueMs, sentMs }, this.tally);
    return true;
  }

  /** Makes the instances that exist from the start, each with a binding if the mix removes bindings. Returns what went wrong, one line per class. */
  async prepare(): Promise<readonly string[]> {
    const { instances, mix } = this.#plan;
    const aside = new LoadTally();
    await atOnce(instances, () => this.#performAside("provision", aside));
    if ((mix.unbind ?? 0) > 0) await atOnce(this.#population.instances.length, () => this.#performAside("bind", aside));
    return describeErrors(aside);
  }

  /** Removes whatever was made. Returns what could not be removed, one line per class; empty if nothing is left. */
  async remove(): Promise<readonly string[]> {
    const all = [...this.#population.instances];
    const aside = new LoadTally();
    const perform = (operation: "unbind" | "deprovision", instance: LoadInstance): Promise<void> =>
      this.#performer.perform(this.#orders.makeFor(operation, instance), { dueMs: 0, sentMs: 0 }, aside);
    await atOnce(all.length, async (at) => {
      const instance = all[at];
      if (instance === undefined) return;
      for (let left = instance.bindings.length; left > 0; left--) await perform("unbind", instance);
      await perform("deprovision", instance);
    });
    const left = this.#population.instances.length;
    return left === 0 ? [] : [`${left} instances are left`, ...describeErrors(aside)];
  }

  async #performAside(operation: LoadOperation, aside: LoadTally): Promise<void> {
    const order = this.#orders.make(operation);
    if (order !== undefined) await this.#performer.perform(order, { dueMs: 0, sentMs: 0 }, aside);
  }
}

const describeErrors = ({ operations }: LoadTally): readonly string[] =>
  [...operations].flatMap(([name, { errors }]) => [...errors].map(([what, times]) => `${name}: ${what} (${times})`));

/** Does work `count` times, some of it concurrently. */
async function atOnce(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const help = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(HELPERS, count) }, help));
}
