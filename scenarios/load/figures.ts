import Type, { type Static } from "typebox";
import { Durations } from "./histogram.ts";
import { LOAD_OPERATIONS, type LoadOperation } from "./mix.ts";

const Count = Type.Integer({ minimum: 0 });
const Histogram = Type.String({ description: "HdrHistogram of µs: V2, compressed, base64" });

const OperationFigures = Type.Object({
  sent: Count,
  /** Answered with 2xx. */
  answered: Count,
  /** Of those that continued after their answer (202): succeeded. */
  succeeded: Count,
  /** Due, but nothing idle was there to order it for. */
  starved: Count,
  /** Failures by class. */
  errors: Type.Record(Type.String(), Count),
  /** Time from when it was due to its answer. */
  latency: Histogram,
  /** Time from when it was sent to its answer. */
  reply: Histogram,
  /** Time from when it was due to its success. */
  finished: Histogram,
});

const SecondFigures = Type.Object({ sent: Count, answered: Count, errors: Count, latency: Histogram });

/** The measurements of a load run; plain data. */
export const LoadFigures = Type.Object({
  v: Type.Literal(1),
  operations: Type.Partial(Type.Record(Type.Enum([...LOAD_OPERATIONS]), OperationFigures)),
  /** How much later than due the generator sent requests. */
  lateness: Histogram,
  /** Durations of polls of operations in progress. */
  polls: Histogram,
  /** Durations of requests to the URL that does no work; empty if none was named. */
  beside: Histogram,
  /** Requests that were not sent because too many were waiting for answers. */
  dropped: Count,
  /** Counts for each second of the run. */
  timeline: Type.Array(SecondFigures),
});
/** The measurements of a load run; plain data. */
export type LoadFigures = Static<typeof LoadFigures>;

/** The counters of an operation during the run. */
export class OperationTally {
  sent = 0;
  answered = 0;
  succeeded = 0;
  starved = 0;
  readonly errors = new Map<string, number>();
  readonly latency = new Durations();
  readonly reply = new Durations();
  readonly finished = new Durations();

  fail(what: string, times = 1): void {
    this.errors.set(what, (this.errors.get(what) ?? 0) + times);
  }

  get failures(): number {
    return [...this.errors.values()].reduce((sum, each) => sum + each, 0);
  }

  get figures(): Static<typeof OperationFigures> {
    const { sent, answered, succeeded, starved, latency, reply, finished } = this;
    const errors = Object.fromEntries([...this.errors].sort(([a], [b]) => (a < b ? -1 : 1)));
    return {
      sent,
      answered,
      succeeded,
      starved,
      errors,
      latency: latency.encode(),
      reply: reply.encode(),
      finished: finished.encode(),
    };
  }

  add(other: Static<typeof OperationFigures>): void {
    this.sent += other.sent;
    this.answered += other.answered;
    this.succeeded += other.succeeded;
    this.starved += other.starved;
    for (const [what, times] of Object.entries(other.errors)) this.fail(what, times);
    for (const each of ["latency", "reply", "finished"] as const) this[each].add(Durations.decode(other[each]));
  }
}

class SecondTally {
  sent = 0;
  answered = 0;
  errors = 0;
  readonly latency = new Durations(2);
}

/** The counters of a load run. The tallies of several processes add up to that of all. */
export class LoadTally {
  readonly operations = new Map<LoadOperation, OperationTally>();
  readonly lateness = new Durations();
  readonly polls = new Durations();
  readonly beside = new Durations();
  readonly timeline: SecondTally[] = [];
  dropped = 0;

  of(operation: LoadOperation): OperationTally {
    const found = this.operations.get(operation) ?? new OperationTally();
    this.operations.set(operation, found);
    return found;
  }

  /** The second of the run in which `atMs` falls. */
  second(atMs: number): SecondTally {
    const number = Math.max(0, Math.floor(atMs / 1000));
    while (this.timeline.length <= number) this.timeline.push(new SecondTally());
    const found = this.timeline[number];
    if (found === undefined) throw new RangeError(`no second ${number}`);
    return found;
  }

  /** The sum over all operations of what `each` is for one. */
  sum(each: (operation: OperationTally) => number): number {
    return [...this.operations.values()].reduce((sum, operation) => sum + each(operation), 0);
  }

  /** A histogram of all operations together. */
  together(which: "latency" | "reply" | "finished"): Durations {
    const all = new Durations();
    for (const operation of this.operations.values()) all.add(operation[which]);
    return all;
  }

  get figures(): LoadFigures {
    return {
      v: 1,
      operations: Object.fromEntries([...this.operations].map(([name, each]) => [name, each.figures])),
      lateness: this.lateness.encode(),
      polls: this.polls.encode(),
      beside: this.beside.encode(),
      dropped: this.dropped,
      timeline: this.timeline.map(({ sent, answered, errors, latency }) => ({
        sent,
        answered,
        errors,
        latency: latency.encode(),
      })),
    };
  }

  add(other: LoadFigures): void {
    for (const name of LOAD_OPERATIONS) {
      const operation = other.operations[name];
      if (operation !== undefined) this.of(name).add(operation);
    }
    for (const each of ["lateness", "polls", "beside"] as const) this[each].add(Durations.decode(other[each]));
    this.dropped += other.dropped;
    for (const [at, { sent, answered, errors, latency }] of other.timeline.entries()) {
      const second = this.second(at * 1000);
      second.sent += sent;
      second.answered += answered;
      second.errors += errors;
      second.latency.add(Durations.decode(latency));
    }
  }
}
