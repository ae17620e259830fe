import { setTimeout as sleep } from "node:timers/promises";
import type { LoadTally, OperationTally } from "./figures.ts";
import { type Order, readPoll, readReply, tokenOf } from "./orders.ts";
import type { LoadPlan } from "./plan.ts";
import type { LoadReply, Transport } from "./transport.ts";

/** When an order was due and when it was sent, in ms since the performer began. */
interface Moment {
  readonly dueMs: number;
  readonly sentMs: number;
}

/** Sends orders, follows each to its end, and records the outcome. */
export class Performer {
  readonly #plan: Pick<LoadPlan, "pollMs" | "operationMsMax">;
  readonly #transport: Transport;
  readonly #startMs = performance.now();
  #waiting = 0;

  constructor(plan: Pick<LoadPlan, "pollMs" | "operationMsMax">, transport: Transport) {
    this.#plan = plan;
    this.#transport = transport;
  }

  /** How many orders are waiting for answers. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Time since this performer was made, in ms. */
  get nowMs(): number {
    return performance.now() - this.#startMs;
  }

  /** Sends an order and follows it to its end. */
  async perform(order: Order, { dueMs, sentMs }: Moment, into: LoadTally): Promise<void> {
    const tally = into.of(order.operation);
    const second = into.second(dueMs);
    tally.sent++;
    second.sent++;
    this.#waiting++;
    const reply = await this.#transport.send(order.request);
    this.#waiting--;
    const { nowMs } = this;
    tally.latency.record(nowMs - dueMs);
    tally.reply.record(nowMs - sentMs);
    second.latency.record(nowMs - dueMs);
    const end = readReply(order.operation, reply);
    if (end.is === "wrong") {
      tally.fail(end.what);
      second.errors++;
    } else {
      tally.answered++;
      second.answered++;
      const hasSucceeded = end.is === "done" || (await this.#follow(order, reply, dueMs, tally, into));
      if (hasSucceeded) order.succeed();
    }
    order.end();
  }

  /** Polls an operation until it has ended. Returns whether it succeeded. */
  async #follow(
    order: Order,
    accepted: LoadReply,
    dueMs: number,
    tally: OperationTally,
    into: LoadTally,
  ): Promise<boolean> {
    const { pollMs, operationMsMax } = this.#plan;
    const refuse = (what: string): false => {
      tally.fail(what);
      return false;
    };
    if (order.poll === undefined) return refuse("HTTP 202 to an order that can only be synchronous");
    const path = `${order.poll}${tokenOf(accepted)}`;
    for (const beginMs = this.nowMs; this.nowMs - beginMs < operationMsMax; ) {
      await sleep(pollMs);
      const askedMs = this.nowMs;
      const reply = await this.#transport.send({ method: "GET", path });
      into.polls.record(this.nowMs - askedMs);
      const end = readPoll(order.operation, reply);
      if (end === undefined) continue;
      if (end.is === "wrong") return refuse(end.what);
      tally.succeeded++;
      tally.finished.record(this.nowMs - dueMs);
      return true;
    }
    return refuse("the operation did not end in time");
  }
}
