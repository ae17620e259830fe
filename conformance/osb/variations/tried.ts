import { notApplicable, type Outcome, pass, worstOf } from "../../runner/check.ts";

/** One variation that was tried, and the judgement of its answer. */
export interface Tried {
  /** What was varied, in a few words. */
  readonly words: string;
  readonly outcome: Outcome;
  /** Whether the broker left it without an answer. Default: it answered. */
  readonly isSilent?: true;
}

/** How many variations one verdict names, and how many exchanges it shows, at most. */
const NAMED_MAX = 5;
const SHOWN_MAX = 6;

function joinNames(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "";
  return `${names.slice(0, NAMED_MAX).join("; ")}${more}`;
}

/** The worst of the variations that were tried, with all that are as bad in one line; not applicable if none was tried. */
export function worstTried(tried: readonly Tried[], nothing = "nothing could be varied"): Outcome {
  if (tried.length === 0) return notApplicable(nothing);
  const worst = worstOf(tried.map(({ outcome }) => outcome));
  const such = tried.filter(({ outcome }) => outcome.verdict === worst.verdict);
  const evidence = such.flatMap(({ outcome }) => outcome.evidence ?? []).slice(0, SHOWN_MAX);
  if (worst.verdict === "pass") return pass(...evidence);
  if (worst.verdict !== "fail" && worst.verdict !== "warn") return worst;
  const { expected = "another answer" } = worst;
  const seen = joinNames(such.map(({ words, outcome }) => `${words}: ${outcome.seen ?? "another answer"}`));
  return { ...worst, expected, seen, reason: `expected ${expected}, seen ${seen}`, evidence };
}
