import type { Answer, Operation } from "./answer.ts";
import type { RequestOptions } from "./request.ts";

/**
 * Sends a request. Sends a deletion that is answered 5xx once more, as platforms do, because a broker may
 * stumble over concurrent requests. If that does not get through either, or finds nothing left, the first
 * answer counts.
 *
 * @throws NoAnswer
 */
export async function sendPatiently(
  operation: Operation,
  { intent }: RequestOptions,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const answer = await send();
  const isDeletion = operation === "deprovision" || operation === "unbind";
  if (!isDeletion || answer.status < 500 || answer.status === 501 || intent === "race") return answer;
  const again = await send();
  return again.status < 500 && again.status !== 404 && again.status !== 410 ? again : answer;
}
