/*
 * Lists by order of creation, from which a page is read without looking at the rest. Plain arrays, so that snapshots hold them.
 */

interface Numbered {
  /** Counts them: the order of creation. */
  readonly seq: number;
}

/** The index of the first item made after the one with this number. */
function indexAfter(items: readonly Numbered[], seq: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Removes an item. */
export function removeInOrder<T extends Numbered>(items: T[], item: T): void {
  const at = indexAfter(items, item.seq) - 1;
  if (items[at]?.seq === item.seq) items.splice(at, 1);
}

/** Up to `limit` fitting items, the newest first; only those older than `before`, where it is given. */
export function newestFirst<T extends Numbered>(
  items: readonly T[],
  fits: (item: T) => boolean,
  limit: number,
  before?: number,
): readonly T[] {
  const page: T[] = [];
  const start = before === undefined ? items.length : indexAfter(items, before - 1);
  for (let at = start - 1; at >= 0 && page.length < limit; at--) {
    const item = items[at];
    if (item !== undefined && fits(item)) page.push(item);
  }
  return page;
}
