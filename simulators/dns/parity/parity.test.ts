import { expect, it } from "vitest";
import { slippedSince } from "../../parity/subject.ts";
import { dnsParity } from "./subject.ts";

it("answers as the recorded Consul did, no less than before", async () => {
  expect(await slippedSince(dnsParity)).toEqual([]);
});
