import type { OsbContext } from "../context.ts";

/** From this many instances at once, variations that may each create one are tried in parallel. */
const ROOMY = 12;

/**
 * Tries variations: side by side if there is room, else one after the other, since each may take up a place. If one throws, the others end first:
 * none goes on after its check is over.
 */
export async function tryEach<T, R>(
  { run }: OsbContext,
  variations: readonly T[],
  attempt: (variation: T) => Promise<R>,
): Promise<readonly R[]> {
  if (run.quota.max >= ROOMY) {
    const trying = variations.map((variation) => attempt(variation));
    await Promise.allSettled(trying);
    return Promise.all(trying);
  }
  const results: R[] = [];
  for (const variation of variations) results.push(await attempt(variation));
  return results;
}
