import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { recordingsIn } from "./recording.ts";
import { replay } from "./replay.ts";
import { type Ratchet, slipped } from "./report.ts";
import { defaultRecordings } from "./run.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

it("answers as the recorded Consul did, no less than before", { timeout: 60_000 }, async () => {
  const before = JSON.parse(readFileSync(`${root}docs/parity/dns.json`, "utf8")) as Ratchet;
  const { scenarios } = await replay(recordingsIn(defaultRecordings()));
  expect(scenarios.length).toBeGreaterThanOrEqual(Object.keys(before.scenarios).length);
  expect(slipped(before, scenarios)).toEqual([]);
});
