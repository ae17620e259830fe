/** An operation on a register, as its client saw it. */
export interface RegisterOperation {
  readonly do: "write" | "read";
  readonly value: number;
  readonly sentMs: number;
  /** Undefined: it got no answer, so it may have taken effect at any later time, or never. */
  readonly endedMs: number | undefined;
}

/** How many operations may be in progress at once: more would take too long to try. */
const AT_ONCE_MAX = 20;

/**
 * Whether an order of the operations explains them all: each takes effect at one moment between its request and its answer, and each read sees the
 * last write. The search is that of Wing and Gong, and remembers the states that it has tried.
 *
 * @throws RangeError if more operations are under way at once than can be tried
 */
export function isLinearizable(operations: readonly RegisterOperation[], initial: number): boolean {
  const all = operations.filter(({ do: what, endedMs }) => what === "write" || endedMs !== undefined);
  const endOf = ({ endedMs = Number.POSITIVE_INFINITY }: RegisterOperation): number => endedMs;
  const tried = new Set<string>();
  const open: { readonly done: ReadonlySet<number>; readonly value: number }[] = [{ done: new Set(), value: initial }];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const { done, value } = state;
    const left = all.flatMap((operation, at) => (done.has(at) ? [] : [{ operation, at }]));
    if (left.every(({ operation }) => operation.endedMs === undefined)) return true;
    const firstEndMs = Math.min(...left.map(({ operation }) => endOf(operation)));
    const next = left.filter(({ operation }) => operation.sentMs <= firstEndMs);
    if (next.length > AT_ONCE_MAX) throw new RangeError(`more than ${AT_ONCE_MAX} operations at once`);
    for (const { operation, at } of next) {
      if (operation.do === "read" && operation.value !== value) continue;
      const after = { done: new Set([...done, at]), value: operation.do === "write" ? operation.value : value };
      const key = `${[...after.done].toSorted((a, b) => a - b).join()}=${after.value}`;
      if (!tried.has(key)) open.push(after);
      tried.add(key);
    }
  }
  return false;
}
