/** One page of a sorted list. */
interface Page<T> {
  readonly items: readonly T[];
  /** Whether the page is full: Nova and Cinder then link to a next one even if nothing follows. */
  readonly isFull: boolean;
  /** Whether anything follows. */
  readonly hasMore: boolean;
}

/** The page after the item `marker`; `undefined` if no item has that id. */
export function pageAfter<T>(
  sorted: readonly T[],
  marker: string | null | undefined,
  limit: number,
  idOf: (item: T) => string,
): Page<T> | undefined {
  let start = 0;
  if (marker !== null && marker !== undefined) {
    const at = sorted.findIndex((item) => idOf(item) === marker);
    if (at < 0) return undefined;
    start = at + 1;
  }
  const items = sorted.slice(start, start + limit);
  return { items, isFull: items.length === limit && limit > 0, hasMore: start + limit < sorted.length };
}

/** The sort key, and its direction. */
export type SortKey<T> = readonly [
  value: (item: T) => string | number | boolean | null | undefined,
  dir: "asc" | "desc",
];

/** A sorted copy. Missing values come first, as MySQL and SQLite do. */
export function sortBy<T>(items: readonly T[], keys: readonly SortKey<T>[]): T[] {
  return [...items].sort((a, b) => {
    for (const [value, dir] of keys) {
      const order = compareValues(value(a), value(b));
      if (order !== 0) return dir === "asc" ? order : -order;
    }
    return 0;
  });
}

type Value = string | number | boolean | null | undefined;

function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The query of the next page: everything the client sent, with another marker. */
export function nextQuery(query: URLSearchParams, marker: string): string {
  const next = new URLSearchParams(query);
  next.set("marker", marker);
  return next.toString();
}
