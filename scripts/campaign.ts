/**
 * Proves that a seed is one digest: the whole story of inception and many lives with faults armed, of service instances through their brokers
 * and of a crowd of instances at the director; each seed in two processes at once, which take the seeds in opposite orders. A difference names the seed.
 *
 *   node scripts/campaign.ts [--seeds 50] [--lives 200] [--crowd 200]
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runLifecycles } from "../scenarios/lifecycles/lifecycles.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "50" },
    lives: { type: "string", default: "200" },
    crowd: { type: "string", default: "200" },
    order: { type: "string" },
  },
});
const [seeds, services, crowd] = [Number(values.seeds), Number(values.lives), Number(values.crowd)];
if (![seeds, services, crowd].every((each) => Number.isInteger(each) && each >= 0) || seeds < 1)
  throw new RangeError("--seeds, --lives and --crowd are whole numbers");

interface Line {
  readonly seed: number;
  readonly digest: string;
  readonly stood: number;
  readonly crowd: number;
}

/** One process: a line of JSON a seed. */
async function work(order: string): Promise<void> {
  const list = Array.from({ length: seeds }, (_, at) => at + 1);
  for (const seed of order === "down" ? list.reverse() : list) {
    const { digest, stood, fleet: standing } = await runLifecycles(seed, { services, fleet: crowd });
    process.stdout.write(`${JSON.stringify({ seed, digest, stood, crowd: standing } satisfies Line)}\n`);
  }
}

/** Runs all seeds in a process of their own and tells of each. @throws Error when the process fails */
async function observe(order: "up" | "down", take: (line: Line) => void): Promise<void> {
  const own = fileURLToPath(import.meta.url);
  const args = [own, "--seeds", String(seeds), "--lives", String(services), "--crowd", String(crowd), "--order", order];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  for await (const line of createInterface(child.stdout)) take(JSON.parse(line) as Line);
  const code = await ended;
  if (code !== 0) throw new Error(`the process that goes ${order} ended with ${code}`);
}

async function compare(): Promise<void> {
  const first = new Map<number, string>();
  let differing = 0;
  let [stood, standing] = [0, 0];
  const take = ({ seed, digest, stood: those, crowd: vms }: Line): void => {
    const other = first.get(seed);
    first.set(seed, digest);
    stood += those;
    standing += vms;
    if (other === undefined || other === digest) return;
    differing++;
    console.log(`seed ${seed}: ${other} in one process, ${digest} in the other`);
  };
  await Promise.all([observe("up", take), observe("down", take)]);
  console.log(
    `${first.size} seeds twice, each inception, ${services} lives of services (${stood} stood) and ${crowd} of a crowd (${standing} stood): ${differing === 0 ? "one digest a seed" : `${differing} seeds differ`}`,
  );
  process.exitCode = differing === 0 ? 0 : 1;
}

await (values.order === undefined ? compare() : work(values.order));
