import { expect, it } from "vitest";
import { jsonOf, reply } from "./http.ts";
import { Operations, type Subject } from "./operations.ts";

/** Polls an operation to its end; returns the states that were seen. */
function statesOf(operations: Operations, subject: Subject): readonly unknown[] {
  const states: unknown[] = [];
  while (subject.operation !== undefined) states.push(jsonOf(operations.poll(subject, undefined)).state);
  return states;
}

it.each([
  ["fails", true, "failed", 0],
  ["succeeds", false, "succeeded", 1],
] as const)(
  "an asynchronous operation that %s is applied only if it succeeds",
  async (_how, isBroken, state, times) => {
    const operations = new Operations();
    const subject: Subject = { operation: undefined, ended: undefined };
    let applied = 0;
    if (isBroken) await operations.backend.fail?.();
    const work = { kind: "create", isAsync: true, apply: () => void applied++, done: reply(201, {}) } as const;
    expect(operations.start(subject, work).status).toBe(202);
    expect(statesOf(operations, subject)).toEqual(["in progress", state]);
    expect(applied).toBe(times);
  },
);
