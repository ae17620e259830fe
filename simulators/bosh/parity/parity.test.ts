import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { sliceOf } from "../../../scripts/tests/slice.ts";
import { findRegressions, type Ratchet } from "../../parity/ratchet.ts";
import { RECORDINGS } from "../../parity/subject.ts";
import { recordingsIn } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";

const RATCHET: Ratchet = JSON.parse(readFileSync(new URL("../../../docs/parity/bosh.json", import.meta.url), "utf8"));

it("answers as the recorded director did, no less than before", async () => {
  // .ci/run replays every scenario, as `npm run parity` does.
  const scenarios = Object.fromEntries(sliceOf(Object.entries(RATCHET.scenarios), 9));
  const escaped = Object.keys(scenarios).map((id) => id.replaceAll(/[^\w-]/g, "\\$&"));
  const only = new RegExp(`^(?:${escaped.join("|")})$`);
  const results: ScenarioResult[] = [];
  for (const recordings of recordingsIn(RECORDINGS)) results.push(...(await replay(recordings, { only })).scenarios);
  expect(results.length).toBe(Object.keys(scenarios).length);
  expect(findRegressions({ scenarios }, results)).toEqual([]);
});
