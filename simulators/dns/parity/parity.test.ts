import { expect, it } from "vitest";
import { findRegressionsSince } from "../../parity/subject.ts";
import { dnsParity } from "./subject.ts";

it("answers as the recorded Consul did, in no fewer steps than before", async () => {
  expect(await findRegressionsSince(dnsParity)).toEqual([]);
});
