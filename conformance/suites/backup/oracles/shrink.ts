/** How many times a history is judged while it is shrunk. */
const TRIES_MAX = 2000;

/**
 * The shortest failing history that can be reached by leaving out parts, from halves down to single steps
 * (Zeller's delta debugging). The result fails, and no step can be removed from it, unless the tries ran out.
 */
export function shrinkHistory<T>(history: readonly T[], fails: (shorter: readonly T[]) => boolean): readonly T[] {
  let shortest = history;
  let tries = 0;
  for (let size = Math.ceil(shortest.length / 2); size >= 1; ) {
    let isShorter = false;
    for (let at = 0; at < shortest.length && tries < TRIES_MAX; tries++) {
      const shorter = [...shortest.slice(0, at), ...shortest.slice(at + size)];
      if (fails(shorter)) [shortest, isShorter] = [shorter, true];
      else at += size;
    }
    if (tries >= TRIES_MAX) return shortest;
    if (size === 1 && !isShorter) return shortest;
    size = isShorter ? Math.min(size, Math.ceil(shortest.length / 2)) : Math.floor(size / 2);
    if (shortest.length === 0) return shortest;
  }
  return shortest;
}
