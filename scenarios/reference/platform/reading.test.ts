import { expect, it } from "vitest";
import { readAnswer } from "./reading.ts";

it.each([
  [200, "done"],
  [201, "done"],
  [202, "accepted"],
  [400, "refused"],
  [404, "gone"],
  [409, "refused"],
  [410, "gone"],
  [422, "refused"],
  [500, "open"],
  [503, "open"],
])("a platform reads %i as %s", (status, reading) => {
  expect(readAnswer({ kind: "answer", status, body: {}, retryAfterMs: 0 })).toBe(reading);
});

it("a platform whose request was cut off can't know what was done", () => {
  expect(readAnswer({ kind: "unknown", reason: "reset" })).toBe("open");
});
