import { expect, it } from "vitest";
import { slippedSince } from "../../parity/subject.ts";
import { boshParity } from "./subject.ts";

it("answers as the recorded director did, no less than before", async () => {
  expect(await slippedSince(boshParity)).toEqual([]);
});
