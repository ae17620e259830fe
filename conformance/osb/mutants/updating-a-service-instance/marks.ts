import { success } from "../changes.ts";
import { instanceKeyOf } from "../conditions.ts";
import type { When } from "../middleware.ts";
import type { Middleware } from "../traffic.ts";

/** Marks instances by what was asked of them, for lies that come later. */
export function mark(mark: string, when: When): Middleware {
  return async (request, next, memory) => {
    const isMeant = request.method === "PATCH" && when(request, memory);
    const response = await next(request);
    if (isMeant && success(response.status)) memory.facts.set(`${mark} ${instanceKeyOf(request)}`, true);
    return response;
  };
}

/** The instance carries this mark. */
export const isMarked =
  (mark: string): When =>
  (request, { facts }) =>
    facts.has(`${mark} ${instanceKeyOf(request)}`);
