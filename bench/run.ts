/** `npm run bench`: runs the benchmarks, prints a table, and writes `bench/results.json` unless a pattern chose some of them. */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { scriptCommand } from "../scripts/command.ts";
import { type Benchmark, type Result, runBenchmark } from "./bench.ts";
import { BIND_BENCHMARKS } from "./binds.bench.ts";
import { BROKER_BENCHMARKS } from "./broker.bench.ts";
import { CONFORMANCE_BENCHMARKS } from "./conformance.bench.ts";
import { DNS_BENCHMARKS } from "./dns.bench.ts";
import { INSTANCE_BENCHMARKS } from "./instances.bench.ts";
import { KERNEL_BENCHMARKS } from "./kernel.bench.ts";
import { LIFECYCLE_BENCHMARKS } from "./lifecycles.bench.ts";
import { LOAD_BENCHMARKS } from "./load.bench.ts";
import { OPENSTACK_BENCHMARKS } from "./openstack.bench.ts";
import { PROCESS_BENCHMARKS } from "./process.bench.ts";
import { STARTUP_BENCHMARKS } from "./startup.bench.ts";
import { VM_BENCHMARKS } from "./vms.bench.ts";
import { WORLD_BENCHMARKS } from "./world.bench.ts";

// Benchmarks that suffer from a large heap come first.
const BENCHMARKS: readonly Benchmark[] = [
  ...KERNEL_BENCHMARKS,
  ...PROCESS_BENCHMARKS,
  ...STARTUP_BENCHMARKS,
  ...DNS_BENCHMARKS,
  ...BROKER_BENCHMARKS,
  ...BIND_BENCHMARKS,
  ...CONFORMANCE_BENCHMARKS,
  ...INSTANCE_BENCHMARKS,
  ...LIFECYCLE_BENCHMARKS,
  ...LOAD_BENCHMARKS,
  ...VM_BENCHMARKS,
  ...OPENSTACK_BENCHMARKS,
  ...WORLD_BENCHMARKS,
];

const number = (value: number): string => new Intl.NumberFormat("en", { maximumSignificantDigits: 4 }).format(value);

function line(result: Result): string {
  const verdict = result.aim === undefined ? "" : `  aim ${result.aim}: ${result.met ? "met" : "NOT met"}`;
  const baseline = `${number(result.ratio)} x ${result.baseline.name} (${number(result.baseline.value)})`;
  return `${result.name.padEnd(44)} ${number(result.value).padStart(12)} ${result.unit.padEnd(14)} ${baseline}${verdict}`;
}

const command = scriptCommand("npm run bench --", "Run the benchmarks, and rewrite bench/results.json.")
  .argument("[pattern]", "only benchmarks whose names contain this; bench/results.json is left alone")
  .parse();
const [pattern] = command.args;
const results: Result[] = [];
for (const benchmark of BENCHMARKS.filter(({ name }) => pattern === undefined || name.includes(pattern))) {
  const result = await runBenchmark(benchmark);
  results.push(result);
  console.log(line(result));
}
if (pattern === undefined) {
  const machine = {
    node: process.version,
    cores: availableParallelism(),
    platform: `${process.platform}-${process.arch}`,
  };
  writeFileSync(new URL("results.json", import.meta.url), `${JSON.stringify({ machine, results }, null, 2)}\n`);
}
