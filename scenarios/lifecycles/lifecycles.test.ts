import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { howMany } from "../../scripts/tests/slice.ts";
import { runLifecycles } from "./lifecycles.ts";

const campaign = fileURLToPath(new URL("../../scripts/campaign.ts", import.meta.url));

/** A few seeds and lifecycles, to save time; `npm run campaign` plays hundreds. */
const SEEDS = howMany(1, 4);

it(`a seed has one digest: ${SEEDS} of them, each played in two processes, which take them in opposite orders`, async () => {
  const args = [campaign, "--seeds", `${SEEDS}`, "--service-instances", "1", "--fleet", `${howMany(4, 20)}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toMatch(new RegExp(`^${SEEDS} seeds, each played twice: .*; one digest a seed\n$`));
});

it("runs of different seeds differ, and most instances are provisioned although fault points fail", async () => {
  const serviceInstances = howMany(4, 8);
  const [one, other] = [await runLifecycles(1, { serviceInstances }), await runLifecycles(2, { serviceInstances })];
  expect(one.digest).not.toBe(other.digest);
  expect(one.standing + other.standing).toBeGreaterThan(serviceInstances);
});
