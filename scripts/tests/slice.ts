/*
 * The one place that decides of which tests `npm test` takes a slice. A walk that is too long for every
 * change is cut here and whole in `npm run unit:whole`; the test that takes a slice says what else proves the
 * rest.
 */

/** Whether everything is walked: `npm run unit:whole`. A long test whose parts others in `npm test` prove runs only then. */
export const IS_WHOLE = process.env.DRYDOCK_TESTS === "whole";

/** The step of a walk: `every` in `npm test`, 1 in a whole run. */
export const strideOf = (every: number): number => (IS_WHOLE ? 1 : every);

/** Each so many of the items, the first included; all of them in a whole run. */
export const sliceOf = <T>(items: readonly T[], every: number): readonly T[] =>
  items.filter((_item, at) => at % strideOf(every) === 0);

/** How many: `some` in `npm test`, `all` in a whole run. */
export const howMany = (some: number, all: number): number => (IS_WHOLE ? all : some);
