import { expect, it } from "vitest";
import { findRegressionsSince } from "../../parity/subject.ts";
import { openStackParity } from "./subject.ts";

it("answers as the recorded services did, no less than before", async () => {
  expect(await findRegressionsSince(openStackParity)).toEqual([]);
});
