import type { OsbContext } from "../context.ts";

/** From so many instances at once on, variations that may each make one are tried side by side. */
const ROOMY = 12;

/**
 * Tries variations: side by side where there is room, else one after the other, since each may take up a place. Where one ends in an
 * error the others end first: none goes on behind the back of a check that is over.
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
