import type { Answer } from "../../client/answer.ts";
import { followsFrom, type Outcome } from "../../runner/check.ts";

/** What controls have shown of this broker: how an answer of it is to be read. */
export interface Fact<T> {
  /** Undefined where the controls did not get that far. */
  readonly value: T | undefined;
  /** The check that has it as its finding where it is not as the specification wants it. */
  readonly judgedBy: string;
  readonly evidence: readonly Answer[];
}

/** Makes a fact of what was answered, without what was not asked. */
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
