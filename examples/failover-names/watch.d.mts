/** A resolver that keeps an answer for as long as its TTL says. */
export function cachingResolver(
  lookup: (name: string) => Promise<{ readonly address: string; readonly ttl: number } | undefined>,
  nowMs: () => number,
): (name: string) => Promise<string | undefined>;
