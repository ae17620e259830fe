/**
 * `npm run slips`: plants each slip in turn and runs the tests of its area, which must fail.
 *
 * Exit code 0 if every slip was noticed, 1 if one survived, 2 if one could not be planted.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { scriptCommand, wholeNumber } from "../command.ts";
import { plant, type Slip, SLIP_VARIABLE } from "./slip.ts";
import { SLIPS } from "./slips.ts";

/** The tests of one slip take seconds; if they take longer than this, the slip made them hang, which counts as noticed. */
const RUN_MS_MAX = 180_000;

interface Result {
  readonly slip: Slip;
  readonly outcome: "noticed" | "survived";
  readonly elapsedMs: number;
}

function runTests(slip: Slip): Promise<boolean> {
  const vitest = new URL("../../node_modules/vitest/vitest.mjs", import.meta.url).pathname;
  const child = spawn(process.execPath, [vitest, "run", "--config", "scripts/slips/vitest.config.ts", ...slip.tests], {
    env: { ...process.env, [SLIP_VARIABLE]: slip.id, ...(slip.isWhole === true && { DRYDOCK_TESTS: "whole" }) },
    stdio: "ignore",
    timeout: RUN_MS_MAX,
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === 0));
  });
}

async function judge(slip: Slip): Promise<Result> {
  const startMs = performance.now();
  const hasSurvived = await runTests(slip);
  return { slip, outcome: hasSurvived ? "survived" : "noticed", elapsedMs: Math.round(performance.now() - startMs) };
}

/** @throws Error if no slip has one of the ids */
function choose(ids: readonly string[]): readonly Slip[] {
  for (const id of ids) if (!SLIPS.some((slip) => slip.id === id)) throw new Error(`no slip is called ${id}`);
  return SLIPS.filter(({ id }, at) => (ids.length > 0 ? ids.includes(id) : at % every === 0));
}

function show({ slip, outcome, elapsedMs }: Result): string {
  return `${outcome.padEnd(8)} ${(elapsedMs / 1000).toFixed(1).padStart(5)} s  ${slip.id}: ${slip.breaks}`;
}

const { only, every, json } = scriptCommand(
  "npm run slips --",
  "Plant one-line slips in our own code, and see the tests of their area notice them.",
)
  .option("--only <id...>", "only these slips")
  .option("--every <n>", "only each nth slip", wholeNumber(1), 1)
  .option("--json", "print a line of JSON for each slip")
  .parse()
  .opts<{ only?: readonly string[]; every: number; json?: boolean }>();

async function main(): Promise<number> {
  const slips = choose(only ?? []);
  for (const slip of slips) plant(slip, readFileSync(slip.file, "utf8"));
  const waiting = [...slips];
  const results: Result[] = [];
  const work = async (): Promise<void> => {
    for (let slip = waiting.shift(); slip !== undefined; slip = waiting.shift()) {
      const result = await judge(slip);
      results.push(result);
      const { id } = result.slip;
      console.log(json ? JSON.stringify({ id, ...result, slip: undefined }) : show(result));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, work));
  const survivors = results.filter(({ outcome }) => outcome === "survived");
  console.log(`${results.length - survivors.length} noticed, ${survivors.length} survived`);
  return survivors.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`slips: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
