import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { lives } from "./lives.ts";

const campaign = fileURLToPath(new URL("../scripts/campaign.ts", import.meta.url));

/** A few lives each; `node scripts/campaign.ts` leads two hundred. */
it("is one digest a seed: 50 seeds, each told and lived in two processes, in opposite orders", async () => {
  const args = [campaign, "--seeds", "50", "--lives", "2"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toMatch(/^50 seeds twice, 2 lives each, \d+ instances stood: one digest a seed\n$/);
}, 600_000);

it("differs from seed to seed, and lets most instances stand although points fail", async () => {
  const [one, other] = [await lives(1, 8), await lives(2, 8)];
  expect(one.digest).not.toBe(other.digest);
  expect(one.stood + other.stood).toBeGreaterThan(8);
}, 120_000);
