import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Scenario, SeedResult } from "../../scenario.ts";

/** Some seeds fail, so that a table of verdicts has something in it. */
const FAILS_EVERY = 997;

const play = async (seed: number): Promise<SeedResult> => {
  const digest = createHash("sha256").update(`${seed}`).digest("hex").slice(0, 16);
  const fails = seed % FAILS_EVERY === 0;
  return { seed, verdict: fails ? "fail" : "pass", digest, steps: 1, ...(fails && { reason: "it fails" }) };
};

/** A scenario of seeds that cost next to nothing, so that what a campaign measures is the queue; those of `waiting` take a millisecond and no CPU. */
const short: Scenario = {
  name: "short",
  description: "seeds that cost next to nothing",
  plantedBugs: ["waiting"],
  pairs: [],
  prepare: async ({ plantedBug }) => {
    const run = async (seed: number): Promise<SeedResult> => {
      if (plantedBug === "waiting") await sleep(1);
      return play(seed);
    };
    return { run, replay: run };
  },
};

export default short;
