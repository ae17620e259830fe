import { isLinearizable, type RegisterOperation } from "./register.ts";
import { shrinkHistory } from "./shrink.ts";
import { timeline } from "./timeline.ts";

/**
 * Whether each read still has the write of its value, if there was one: without that write, the read would be
 * accused wrongly.
 */
function keepsWrites(some: readonly RegisterOperation[], all: readonly RegisterOperation[]): boolean {
  const wrote = (operations: readonly RegisterOperation[], value: number): boolean =>
    operations.some((each) => each.do === "write" && each.value === value);
  return some.every(({ do: what, value }) => what === "write" || wrote(some, value) || !wrote(all, value));
}

/** The shortest part of a history that no order of operations explains. */
export const shrinkRegister = (history: readonly RegisterOperation[], initial: number): readonly RegisterOperation[] =>
  shrinkHistory(history, (some) => keepsWrites(some, history) && !isLinearizable(some, initial));

/** A history of a register as lines for a report: time runs to the right, `=` an operation from request to answer, `?` one without an answer. */
export function drawRegister(operations: readonly RegisterOperation[]): string {
  const times = operations.flatMap(({ sentMs, endedMs = sentMs }) => [sentMs, endedMs]);
  const [startMs, endMs] = [Math.min(...times), Math.max(...times)];
  const line = timeline(startMs, endMs);
  return operations
    .map(({ do: what, value, sentMs, endedMs }) => {
      const drawn = line(sentMs, endedMs ?? endMs, "=", "=", endedMs === undefined ? "?" : "=");
      return `${`${what} ${value}`.padEnd(15)} |${drawn}`;
    })
    .join("\n");
}
