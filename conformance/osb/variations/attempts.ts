import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { isSuccess, type RequestOptions } from "../../client/request.ts";
import type { OsbContext } from "../context.ts";

/**
 * Requests an instance with one variation in the request. What it creates is removed at once, so that no more instances are held than there are
 * attempts in progress.
 *
 * @throws NoAnswer
 */
export async function attemptProvision(
  context: OsbContext,
  offer: Offer,
  options: Pick<RequestOptions, "body" | "text" | "intent" | "headers">,
): Promise<Answer> {
  const { platform } = context;
  const answer = await context.provisionNew(offer, options);
  if (!isSuccess(answer)) return answer;
  await platform.settle(offer, answer);
  await platform.settle(offer, await platform.deprovision(offer, answer.instanceId));
  return answer;
}
