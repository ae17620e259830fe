/**
 * A stream of what `next` returns. It notices a reader that leaves even before it has read anything: a generator that has not started would not,
 * and would keep its connection.
 */
export const streamOf = <T>(next: () => Promise<IteratorResult<T>>, leave: () => unknown): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => ({
    next,
    async return() {
      await leave();
      return { done: true, value: undefined };
    },
  }),
});
