/**
 * A stream of what `next` returns. A reader that leaves is noticed even before it has read anything: a generator that has not started would not notice,
 * and would keep what it holds.
 */
export const streamOf = (
  next: () => Promise<IteratorResult<Uint8Array>>,
  leave: () => Promise<unknown>,
): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => ({
    next,
    async return() {
      await leave();
      return { done: true, value: undefined };
    },
  }),
});
