import type { Answer } from "../../client/answer.ts";
import { followsFrom, type Outcome } from "../../runner/check.ts";

/** What controls have shown about this broker: how to read one of its answers. */
export interface Fact<T> {
  /** Undefined if the controls did not get that far. */
  readonly value: T | undefined;
  /** The check whose finding it is, if it is not as the specification wants. */
  readonly judgedBy: string;
  readonly evidence: readonly Answer[];
}

/** Makes a fact from the controls that were answered. */
export function factOf<T>(
  value: T | undefined,
  judgedBy: string,
  ...answers: readonly (Answer | undefined)[]
): Fact<T> {
  return { value, judgedBy, evidence: answers.filter((answer) => answer !== undefined) };
}

/** It cannot be determined because of a fact that another check judges. */
export function followsFromFact(fact: Fact<unknown>, reason: string, ...more: readonly Answer[]): Outcome {
  return followsFrom(fact.judgedBy, reason, ...more, ...fact.evidence);
}
