import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./bench.ts";

const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const ROUNDS = 5;

/** ms from the start of a process to its first line on standard output; then it is stopped. */
async function firstLineMs(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "close");
  const line = once(child.stdout, "data").then(() => performance.now() - start);
  const ms = await Promise.race([
    line,
    ended.then(() => {
      throw new Error(`${args.join(" ")} ended without a line`);
    }),
  ]);
  child.kill("SIGINT");
  await ended;
  return ms;
}

async function best(args: readonly string[]): Promise<number> {
  let ms = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) ms = Math.min(ms, await firstLineMs(args));
  return ms;
}

export const PROCESS_BENCHMARKS: readonly Benchmark[] = [
  {
    name: "process start to ready",
    aim: { text: "<= 500 ms", met: (value) => value <= 500 },
    measure: async () => ({
      value: await best([MAIN, "up", "--json", "--pace", "instant"]),
      unit: "ms",
      baseline: { name: "a bare node process", value: await best(["-e", "console.log(1)"]) },
    }),
  },
];
