import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { runLifecycles } from "./lifecycles.ts";

const campaign = fileURLToPath(new URL("../../scripts/campaign.ts", import.meta.url));

/** Some lives each, for the sake of time; `npm run campaign` leads two hundred of each kind. */
it("is one digest a seed: 50 seeds, each told and lived in two processes, in opposite orders", async () => {
  const args = [campaign, "--seeds", "50", "--lives", "1", "--crowd", "20"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toMatch(/^50 seeds twice, each inception, 1 lives .*: one digest a seed\n$/);
}, 600_000);

it("differs from seed to seed, and lets most instances stand although points fail", async () => {
  const [one, other] = [await runLifecycles(1, { services: 8 }), await runLifecycles(2, { services: 8 })];
  expect(one.digest).not.toBe(other.digest);
  expect(one.stood + other.stood).toBeGreaterThan(8);
});
