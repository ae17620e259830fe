/**
 * `npm run campaign`: proves that a seed has one digest. Two processes at once play each seed (inception, then lifecycles with faults
 * armed) and take the seeds in opposite orders.
 *
 * Exit code 0 if both processes came to the same digests, 1 otherwise.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Option } from "commander";
import { runLifecycles } from "../scenarios/lifecycles/lifecycles.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

type Order = "up" | "down";

const { seeds, serviceInstances, fleet, order } = scriptCommand(
  "npm run campaign --",
  "Play each seed in two processes, in opposite orders, and compare the digests.",
)
  .option("--seeds <n>", "how many seeds, from seed 1 on", wholeNumber(1), 50)
  .option("--service-instances <n>", "service instances that a seed orders at the brokers", wholeNumber(0), 200)
  .option("--fleet <n>", "instances that a seed deploys at the director", wholeNumber(0), 200)
  .addOption(new Option("--order <order>", "play the seeds in this order and print a line for each").hideHelp())
  .parse()
  .opts<{ seeds: number; serviceInstances: number; fleet: number; order?: Order }>();

/** The output of a process for a seed, in JSON. */
interface Line {
  readonly seed: number;
  readonly digest: string;
  /** Service instances that were provisioned. */
  readonly standing: number;
  /** VMs of the fleet. */
  readonly vms: number;
}

async function playSeeds(direction: Order): Promise<void> {
  const list = Array.from({ length: seeds }, (_, at) => at + 1);
  for (const seed of direction === "down" ? list.reverse() : list) {
    const { digest, standing, fleet: vms } = await runLifecycles(seed, { serviceInstances, fleet });
    process.stdout.write(`${JSON.stringify({ seed, digest, standing, vms } satisfies Line)}\n`);
  }
}

/** Plays all seeds in another process, and calls `take` with each line. @throws Error when the process fails */
async function observe(direction: Order, take: (line: Line) => void): Promise<void> {
  const args = ["--seeds", seeds, "--service-instances", serviceInstances, "--fleet", fleet, "--order", direction];
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [script, ...args.map(String)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  for await (const text of createInterface(child.stdout)) {
    const line: Line = JSON.parse(text);
    take(line);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`the process that takes the seeds ${direction} ended with ${code}`);
}

async function compare(): Promise<number> {
  const digests = new Map<number, string>();
  let [differing, provisioned, deployed] = [0, 0, 0];
  const take = ({ seed, digest, standing, vms }: Line): void => {
    const other = digests.get(seed);
    digests.set(seed, digest);
    provisioned += standing;
    deployed += vms;
    if (other === undefined || other === digest) return;
    differing++;
    console.log(`seed ${seed}: ${other} in one process, ${digest} in the other`);
  };
  await Promise.all([observe("up", take), observe("down", take)]);
  const outcome = differing === 0 ? "one digest a seed" : `${differing} seeds differ`;
  const each = `inception, ${serviceInstances} service instances, a fleet of ${fleet}`;
  const sum = `${provisioned} service instances provisioned, ${deployed} VMs deployed`;
  console.log(`${digests.size} seeds, each played twice: ${each}; in all ${sum}; ${outcome}`);
  return differing === 0 ? 0 : 1;
}

if (order === undefined) process.exitCode = await compare();
else await playSeeds(order);
