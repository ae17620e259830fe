import { expect, it } from "vitest";
import { isForked } from "./log.ts";

const SEGMENT = "0000000A00000000";

it("a log is forked when it goes on in a later timeline, and not when it goes on, begins or is empty", () => {
  const before = ["000000010000000000000004", "000000010000000000000005"];
  expect(isForked(before, ["000000010000000000000006"])).toBe(false);
  expect(isForked(before, [])).toBe(false);
  expect(isForked([], ["000000020000000000000006"])).toBe(false);
  expect(isForked(before, ["00000002.history", "000000020000000000000005"])).toBe(true);
  expect(isForked([`${SEGMENT}00000001`], [`${SEGMENT}00000002`])).toBe(false);
});
