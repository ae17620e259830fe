import type { Answer } from "./answer.ts";
import { bodyOf } from "./http/observation.ts";

/** Words with which brokers say that they have no room for another instance. */
const FULL =
  /quota|capacity|exhausted|too many|maximum (number|amount)|max[_ ]?instances|limit\b.{0,40}\b(reached|exceeded|hit)|limit ?exceeded|(reached|exceed(s|ed|ing)?)\b.{0,40}\blimit|no (more|free|available) .{0,20}(instances?|servers?|nodes?)\b|(insufficient|not enough|out of) (resources|memory|disk|storage|space)/i;

/** The broker's reason for a refusal: error code and description. */
export function wordsOf(answer: Answer): string {
  const { error, description } = bodyOf(answer);
  return [error, description].filter((word) => typeof word === "string" && word !== "").join(": ");
}

/** Whether a broker refuses for lack of room, in its own words: a quota, a limit, no capacity. */
export const isFull = (answer: Answer): boolean => answer.status >= 400 && FULL.test(wordsOf(answer));
