import { METHOD, type Operation } from "../../client/answer.ts";
import { NoAnswer } from "../../client/no-answer.ts";
import type { TransportFault } from "../../client/http/transport.ts";
import { fail, followsFrom } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import type { Row } from "./row.ts";
import type { Tried } from "./tried.ts";

/** What a broker does to a request that it has got, in place of answering it. */
const SEEN: Readonly<Partial<Record<TransportFault, string>>> = {
  timeout: "no answer",
  reset: "the connection closed without an answer",
};

/** Whether a request of this operation reached the broker and was left without an answer. */
export function isUnanswered(error: unknown, operation: Operation): error is NoAnswer {
  return (
    error instanceof NoAnswer && SEEN[error.fault] !== undefined && error.exchange.request.method === METHOD[operation]
  );
}

/** In a few words what the broker did in place of answering. */
export const silenceOf = ({ fault }: NoAnswer): string => SEEN[fault] ?? "no answer";

/** Tries one row; a request that the broker leaves without an answer is judged as that. */
export async function orSilence(
  context: OsbContext,
  operation: Operation,
  row: Row,
  attempt: () => Promise<Tried>,
): Promise<Tried> {
  try {
    return await attempt();
  } catch (error) {
    if (!isUnanswered(error, operation)) throw error;
    return judgeSilence(context, row, error);
  }
}

/**
 * A broker that answers others, and a request with one defect never, refuses that request with no status at all. Where it answers nobody
 * any more nothing can be said of the request.
 *
 * @throws NoAnswer when the catalog is not answered either
 */
async function judgeSilence(context: OsbContext, { words, good, isPermission }: Row, error: NoAnswer): Promise<Tried> {
  await context.platform.send("catalog");
  const seen = silenceOf(error);
  const expected = `${error.exchange.request.method} to be answered ${good.join(" or ")}`;
  const outcome =
    isPermission === true
      ? followsFrom("error-appropriate-status", `a bad request gets ${seen}`, error.exchange)
      : fail(expected, seen, error.exchange);
  return { words, outcome, isSilent: true };
}
