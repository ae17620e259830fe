import type { Operation } from "../../client/answer.ts";
import { jsonOf } from "../memory-broker/http.ts";
import { is } from "./changes.ts";
import { alter, type When } from "./middleware.ts";
import { keyOf } from "./operations.ts";
import type { Middleware } from "./traffic.ts";

const POLL: readonly Operation[] = ["poll-instance"];

/** Remembers under `mark` which things an answer like this was about. */
export function note(
  mark: string,
  isMeant: (method: string, at: number, state: unknown) => boolean,
  when?: When,
): Middleware {
  return async (request, next, memory) => {
    const isWanted = when?.(request, memory) ?? true;
    const response = await next(request);
    if (isWanted && isMeant(request.method, response.status, jsonOf(response)["state"]))
      memory.facts.set(`${mark} ${keyOf(request)}`, request.text);
    return response;
  };
}

/** What the request is about was noted under this mark. */
export const isNoted =
  (mark: string): When =>
  (request, { facts }) =>
    facts.has(`${mark} ${keyOf(request)}`);

/** Changes polls that report a failure. */
export const whenFailed = (change: Parameters<typeof alter>[2], when: When): Middleware =>
  alter(
    POLL,
    is(200),
    (response, request, memory) =>
      jsonOf(response)["state"] === "failed" ? change(response, request, memory) : response,
    when,
  );

/** An answer of 5xx to this method. */
export const isBreakdown =
  (expected: string) =>
  (method: string, at: number): boolean =>
    method === expected && at >= 500;
