import type { JsonObject } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { reply, type WireRequest, type WireResponse } from "../memory-broker/http.ts";
import { operationOf } from "./operations.ts";
import type { Middleware, TrafficMemory } from "./traffic.ts";

/** Whether a defect shows: a condition on a request, and on what was asked before. */
export type When = (request: WireRequest, memory: TrafficMemory) => boolean;

/** What a defect makes of an answer. */
export type Change = (response: WireResponse, request: WireRequest, memory: TrafficMemory) => WireResponse;

/** Every request. */
export const always: When = () => true;

/** Changes answers to requests of these kinds, where `when` held before the request and `at` fits the status. */
export function alter(
  operations: readonly Operation[],
  at: (status: number) => boolean,
  change: Change,
  when: When = always,
): Middleware {
  return async (request, next, memory) => {
    const isMeant = operations.includes(operationOf(request)) && when(request, memory);
    const response = await next(request);
    return isMeant && at(response.status) ? change(response, request, memory) : response;
  };
}

/** Answers by itself; the broker never sees the request. */
export function pretend(
  operations: readonly Operation[],
  when: When,
  status: number,
  body: JsonObject = {},
): Middleware {
  return (request, next, memory) =>
    operations.includes(operationOf(request)) && when(request, memory)
      ? Promise.resolve(reply(status, body))
      : next(request);
}

/** Refuses what should be accepted, once it knows who is asking. */
export function refuse(operations: readonly Operation[], when: When, status = 400): Middleware {
  const isMeant: When = (request, memory) =>
    request.headers["authorization"] === memory.authorization && when(request, memory);
  return pretend(operations, isMeant, status, { error: "Refused", description: "This mutant does not want to." });
}

/** Hands on another request than came. */
export function rewrite(
  operations: readonly Operation[],
  when: When,
  change: (request: WireRequest, memory: TrafficMemory) => WireRequest,
): Middleware {
  return (request, next, memory) =>
    next(operations.includes(operationOf(request)) && when(request, memory) ? change(request, memory) : request);
}

/** One defect that shows in several places. */
export function combine(outer: Middleware, inner: Middleware): Middleware {
  return (request, next, memory) => outer(request, (passed) => inner(passed, next, memory), memory);
}
