import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { runLifecycles } from "./lifecycles.ts";

const campaign = fileURLToPath(new URL("../../scripts/campaign.ts", import.meta.url));

/** A few seeds and lifecycles, to save time; `npm run campaign` plays hundreds. */
it("a seed has one digest: 4 seeds, each played in two processes, which take them in opposite orders", async () => {
  const args = [campaign, "--seeds", "4", "--service-instances", "1", "--fleet", "20"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toMatch(/^4 seeds, each played twice: .*; one digest a seed\n$/);
});

it("runs of different seeds differ, and most instances are provisioned although fault points fail", async () => {
  const [one, other] = [
    await runLifecycles(1, { serviceInstances: 8 }),
    await runLifecycles(2, { serviceInstances: 8 }),
  ];
  expect(one.digest).not.toBe(other.digest);
  expect(one.standing + other.standing).toBeGreaterThan(8);
});
