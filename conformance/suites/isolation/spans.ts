import { type Evidence, fail, type Outcome, pass } from "../../runner/check.ts";
import type { IsolationContext } from "./context.ts";

/** A measured time. */
interface Span {
  /** What took that time, in words for the reader. */
  readonly what: string;
  readonly tookMs: number;
  readonly evidence: readonly Evidence[];
}

/** A pass that states how long something took, or a failure if the vendor claims less (`figures` in drydock.yml). */
export function judgeSpan(
  context: IsolationContext,
  name: "revocation" | "opening" | "role",
  { what, tookMs, evidence }: Span,
): Outcome {
  const claimed = context.run.file.figures[name];
  const seen = `${(tookMs / 1000).toFixed(1)} s`;
  if (claimed !== undefined && tookMs > claimed * 1000)
    return fail(`${what}: ${claimed} s at most, as it is claimed`, seen, ...evidence);
  const claim = claimed === undefined ? "" : `; claimed: ${claimed} s`;
  return { ...pass(...evidence), reason: `${what}: ${seen}${claim}` };
}
