import type { JsonObject } from "../../client/http/json.ts";
import type { Backend } from "../../runner/hooks.ts";
import { badRequest, Refusal } from "./errors.ts";
import { reply, type WireResponse } from "./http.ts";

/** How many polls an operation takes, unless it is held, or goes by a clock. */
const POLLS = 2;

/** How long operations take, by which clock; both in milliseconds. */
export interface OperationTime {
  readonly operationMs: number;
  readonly nowMs: () => number;
  /** How many workers there are, and so how many operations run at a time; others wait for their turn. Default: no limit. */
  readonly workers?: number;
}

/** Work that began with a 202. */
interface Operation {
  /** What the platform polls with. */
  readonly id: string;
  readonly kind: "create" | "update" | "delete";
  /** It began while the backend was broken. */
  readonly willFail: boolean;
  readonly apply: () => void;
  /** Asked at each poll whether the operation continues. */
  readonly isRunning: () => boolean;
}

/** Something that operations are about: an instance or a binding. One operation at a time. */
export interface Subject {
  /** The one in progress. */
  operation: Operation | undefined;
  /** The last one that ended, and how. */
  ended: { readonly operation: Operation; readonly state: "succeeded" | "failed" } | undefined;
}

/** What is asked of the backend. */
interface Work {
  readonly kind: Operation["kind"];
  readonly isAsync: boolean;
  /** Makes the change. */
  readonly apply: () => void;
  /** The answer when it was made at once. */
  readonly done: WireResponse;
  /** What a 202 says besides its operation. */
  readonly accepted?: JsonObject;
}

/** The 202 for an operation, also when its request is sent again. */
export const acceptedReply = ({ id }: Operation, more: JsonObject = {}): WireResponse =>
  reply(202, { operation: id, ...more });

/** Makes changes at once, or step by step while the platform polls. The backend behind it can be held and broken on purpose. */
export class Operations {
  #count = 0;
  #isHeld = false;
  #isBroken = false;
  readonly #time: OperationTime | undefined;
  /** When each worker will have done its work. */
  #freeAtMs: readonly number[] = [];

  /** Without `time` an operation ends at the second poll. */
  constructor(time?: OperationTime) {
    this.#time = time;
  }

  /** The switches of the backend. */
  readonly backend: Backend = {
    hold: async () => void (this.#isHeld = true),
    release: async () => void (this.#isHeld = false),
    fail: async () => void (this.#isBroken = true),
    heal: async () => void (this.#isBroken = false),
  };

  /**
   * Does the work, or begins it.
   *
   * @throws Refusal 500 when it has to be done at once and the backend is broken
   */
  start(subject: Subject, { kind, isAsync, apply, done, accepted }: Work): WireResponse {
    if (isAsync) {
      const id = `${kind}-${++this.#count}`;
      subject.operation = { id, kind, willFail: this.#isBroken, apply, isRunning: this.#begin() };
      return acceptedReply(subject.operation, accepted);
    }
    if (this.#isBroken) throw new Refusal(500, "BackendDown", "The backend is down; nothing was changed.");
    apply();
    return done;
  }

  /**
   * Answers a poll. `asked`: the operation that the platform names, if any.
   *
   * @throws Refusal 400 when that is neither the one in progress nor the last one
   */
  poll(subject: Subject, asked: string | undefined): WireResponse {
    const { operation, ended } = subject;
    const last = operation ?? ended?.operation;
    if (asked !== undefined && asked !== last?.id) throw badRequest("there is no such operation");
    if (operation === undefined) return reply(200, { state: ended?.state ?? "succeeded" });
    if (this.#isHeld || operation.isRunning())
      return reply(200, { state: "in progress", description: "working" }, this.#time ? {} : { "retry-after": "0" });
    return finish(subject, operation);
  }

  #begin(): () => boolean {
    if (this.#time === undefined) {
      let pollsLeft = POLLS;
      return () => --pollsLeft > 0;
    }
    const { nowMs, operationMs } = this.#time;
    const endMs = Math.max(nowMs(), this.#takeWorker()) + operationMs;
    this.#freeAtMs = [...this.#freeAtMs, endMs];
    return () => nowMs() < endMs;
  }

  /** When the worker that gets the next operation will be free, in milliseconds. */
  #takeWorker(): number {
    const { workers = Number.POSITIVE_INFINITY } = this.#time ?? {};
    if (this.#freeAtMs.length < workers) return 0;
    const [first = 0, ...others] = this.#freeAtMs.toSorted((a, b) => a - b);
    this.#freeAtMs = others;
    return first;
  }
}

function finish(subject: Subject, operation: Operation): WireResponse {
  const { kind, willFail, apply } = operation;
  const state = willFail ? "failed" : "succeeded";
  subject.operation = undefined;
  subject.ended = { operation, state };
  if (!willFail) apply();
  return reply(200, { state, description: `${kind} is done`, ...(willFail ? hintsOf(kind) : {}) });
}

/** What the failure of an update or a deletion says about the instance. */
function hintsOf(kind: Operation["kind"]): JsonObject {
  if (kind === "create") return {};
  return { instance_usable: true, ...(kind === "update" ? { update_repeatable: true } : {}) };
}
