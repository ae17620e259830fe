import { expect, it } from "vitest";
import { findRegressionsSince } from "../../parity/subject.ts";
import { boshParity } from "./subject.ts";

it("answers as the recorded director did, no less than before", async () => {
  expect(await findRegressionsSince(boshParity)).toEqual([]);
});
