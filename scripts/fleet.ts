/**
 * `npm run fleet`: provisions ten thousand instances in a virtual world, binds, unbinds and removes each, and tells what that cost: time and memory
 * as they grow, and what a bind costs among ten and among all. In the end, nothing may be left in the cloud, and memory must be what it was.
 *
 * Exit code 0 if every order succeeded, nothing is left, and memory grew by no more than a fifth of what the instances took; 1 otherwise.
 */
import { type BindCost, costOfBind, countBytes, together } from "../bench/broker/bind-cost.ts";
import { createBenchmarkWorld, withDeployedBroker } from "../bench/deployed-broker.ts";
import { OWNER, type PersistentCustomer } from "../scenarios/cloud/testing.ts";
import { recordLaws } from "../scenarios/laws/records.ts";
import { scriptCommand, wholeNumber } from "./command.ts";

const FEW = 10;
/** Orders between two lines of progress. */
const STEP = 500;
const MIB = 1024 * 1024;
/** Part of the memory that the instances took which may stay. */
const KEPT_MAX = 0.2;

const { instances } = scriptCommand(
  "npm run fleet --",
  "Provision, bind, unbind and remove ten thousand instances, and look for what is left.",
)
  .option("--instances <number>", "how many", wholeNumber(2 * FEW), 10_000)
  .parse()
  .opts<{ instances: number }>();

/** Memory in use once garbage is gone, MiB. */
function heapMib(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / MIB);
}

const pathOf = (number: number): string => `/v2/service_instances/i${number}`;
const binding = (number: number): string => `${pathOf(number)}/service_bindings/b${number}`;

const world = createBenchmarkWorld();
const counted = countBytes(world);
const begin = performance.now();
const tell = (what: string, done: number): void => {
  const seconds = Math.round((performance.now() - begin) / 1000);
  console.log(
    JSON.stringify({ what, done, seconds, heapMib: heapMib(), rssMib: Math.round(process.memoryUsage.rss() / MIB) }),
  );
};

async function forAll(what: string, from: number, work: (number: number) => Promise<string>): Promise<void> {
  for (let first = from; first < instances; first += STEP) {
    await together(first, Math.min(STEP, instances - first), work);
    tell(what, Math.min(instances, first + STEP));
  }
}

const costs: { few?: BindCost; many?: BindCost } = {};
const heap = { before: 0, full: 0, after: 0 };
const workWith = async (customer: PersistentCustomer): Promise<void> => {
  const cost = (name: string): Promise<BindCost> => costOfBind(customer, pathOf(0), name, counted.count);
  const provision = (number: number): Promise<string> => customer.ask("PUT", pathOf(number), OWNER);
  await together(0, FEW, provision);
  // The first time, the code is compiled.
  await cost("warm");
  costs.few = await cost("few");
  heap.before = heapMib();
  await forAll("provisioned", FEW, provision);
  costs.many = await cost("many");
  await forAll("bound", 0, (number) => customer.ask("PUT", binding(number), { bind_resource: { app_guid: "a" } }));
  heap.full = heapMib();
  await forAll("unbound", 0, (number) => customer.ask("DELETE", binding(number)));
  await forAll("removed", 0, (number) => customer.ask("DELETE", pathOf(number)));
  heap.after = heapMib();
};
await withDeployedBroker(world, (customer) => world.run(() => workWith(customer)), counted.world);
const left = world.findBrokenLaws(recordLaws([]));
const isFlat = heap.after - heap.before <= KEPT_MAX * (heap.full - heap.before);
console.log(JSON.stringify({ instances, costOfBind: costs, heapMib: heap, isFlat, left }));
process.exitCode = left.length === 0 && isFlat ? 0 : 1;
