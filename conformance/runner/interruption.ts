/** How far the causes of an error are followed: they may go round in a circle. */
const CAUSES_MAX = 10;

/** Whether something ended because it was asked to, as whatever takes a signal does: by an AbortError, or by an error that one caused. */
export function isInterruption(error: unknown): boolean {
  for (let at = 0, each = error; at < CAUSES_MAX && each instanceof Error; at++, each = each.cause)
    if (each.name === "AbortError") return true;
  return false;
}
