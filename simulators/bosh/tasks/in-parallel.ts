import { all, type Body } from "../../kernel/index.ts";
import type { Director } from "../state/director.ts";

/**
 * Runs the work with at most `width` items at once. After a failure, those in progress finish; then the first
 * failure is thrown.
 */
export function* inParallel<T>(director: Director, items: readonly T[], width: number, work: (item: T) => Body): Body {
  const waiting = [...items];
  let failed: { readonly error: unknown } | undefined;
  function* worker(): Body {
    for (let item = waiting.shift(); item !== undefined && failed === undefined; item = waiting.shift()) {
      try {
        yield* work(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  }
  yield* all(Array.from({ length: Math.min(width, items.length) }, () => director.kernel.spawn("worker", worker())));
  if (failed !== undefined) throw failed.error;
}
