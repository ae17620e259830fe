import { METHOD, type Operation } from "../../client/answer.ts";
import { NoAnswer } from "../../client/no-answer.ts";
import type { TransportFault } from "../../client/http/transport.ts";
import { fail, followsFrom, type Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { JUDGED_BY } from "../model/stages.ts";
import { silenceAt } from "../sequences/lifecycles.ts";
import type { Row } from "./row.ts";
import type { Tried } from "./tried.ts";

/** What a broker does instead of answering a request that it received. */
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

/** What the broker did instead of answering, in a few words. */
export const silenceOf = ({ fault }: NoAnswer): string => SEEN[fault] ?? "no answer";

/** Tries one row; a request that the broker leaves without an answer is judged as such. */
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
    const ordinary = await silenceAt(context.shared, [operation]);
    if (ordinary !== undefined && (operation === "provision" || operation === "bind"))
      return { words: row.words, outcome: followsFromOrdinary(operation, ordinary, error), isSilent: true };
    return judgeSilence(context, row, error);
  }
}

const followsFromOrdinary = (operation: "provision" | "bind", ordinary: NoAnswer, { exchange }: NoAnswer): Outcome =>
  followsFrom(JUDGED_BY[operation], `an ordinary ${operation} gets ${silenceOf(ordinary)} too`, exchange);

/**
 * A broker that answers other requests, but never one with this defect, refuses it with no status at all. If it answers nothing any more, nothing
 * can be said about the request.
 *
 * @throws NoAnswer if the catalog is not answered either
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
