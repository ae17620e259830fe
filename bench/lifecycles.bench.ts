import { findBrokenLaws } from "../simulators/laws.ts";
import type { World } from "../simulators/world.ts";
import { OWNER, type PersistentCustomer } from "../scenarios/cloud/testing.ts";
import { recordLaws } from "../scenarios/laws/records.ts";
import { type Benchmark, liveBytes } from "./bench.ts";
import { createBenchmarkWorld, withDeployedBroker } from "./deployed-broker.ts";

/** How many instances come and go; `DRYDOCK_LIFECYCLES` overrides it. */
const LIFECYCLES = Number(process.env.DRYDOCK_LIFECYCLES ?? 500);
const AT_ONCE = 20;
const MEBIBYTE = 1024 * 1024;

/** The measurements of a world in which instances were provisioned, bound and removed. */
interface LifecycleFigures {
  readonly perSecond: number;
  /** Live heap when a tenth of them had come and gone, and at the end, in MiB. */
  readonly heapMib: readonly [number, number];
  /** Violations of the laws at the end, such as orphans. */
  readonly broken: readonly string[];
  readonly records: number;
}

async function live(customer: PersistentCustomer, id: string): Promise<void> {
  const path = `/v2/service_instances/${id}`;
  const expectSuccess = (end: string): void => {
    if (end !== "succeeded") throw new Error(`${id} ended ${end}`);
  };
  expectSuccess(await customer.ask("PUT", path, OWNER));
  expectSuccess(await customer.ask("PUT", `${path}/service_bindings/${id}-b`, { bind_resource: { app_guid: "a" } }));
  expectSuccess(await customer.ask("DELETE", `${path}/service_bindings/${id}-b`));
  expectSuccess(await customer.ask("DELETE", path));
}

async function liveMany(world: World, customer: PersistentCustomer, first: number, count: number): Promise<void> {
  let next = first;
  const worker = async (): Promise<void> => {
    while (next < first + count) await live(customer, `i${next++}`);
  };
  await world.run(() => Promise.all(Array.from({ length: AT_ONCE }, worker)).then(() => {}));
}

async function measureLifecycles(): Promise<LifecycleFigures> {
  const world = createBenchmarkWorld();
  return withDeployedBroker(world, async (customer) => {
    const tenth = Math.ceil(LIFECYCLES / 10);
    await liveMany(world, customer, 0, tenth);
    const before = liveBytes() / MEBIBYTE;
    const begin = performance.now();
    await liveMany(world, customer, tenth, LIFECYCLES - tenth);
    const perSecond = ((LIFECYCLES - tenth) / (performance.now() - begin)) * 1000;
    const records = await world.run(() => customer.records());
    const broken = findBrokenLaws(world, recordLaws(records));
    return { perSecond, heapMib: [before, liveBytes() / MEBIBYTE], broken, records: records.length };
  });
}

let figures: Promise<LifecycleFigures> | undefined;
const measureOnce = (): Promise<LifecycleFigures> => (figures ??= measureLifecycles());

export const LIFECYCLE_BENCHMARKS: readonly Benchmark[] = [
  {
    name: `broker: ${LIFECYCLES} lifecycles, orphans`,
    aim: { text: "none", met: (value) => value === 0 },
    measure: async () => {
      const { broken, records, perSecond } = await measureOnce();
      return {
        value: broken.length + records,
        unit: "orphans",
        baseline: { name: "lifecycles a second", value: perSecond },
      };
    },
  },
  {
    name: `broker: ${LIFECYCLES} lifecycles, growth of the heap`,
    aim: { text: "<= 1.1 x the heap after a tenth", met: (value) => value <= 1.1 },
    measure: async () => {
      const [before, after] = (await measureOnce()).heapMib;
      return { value: after / before, unit: "x", baseline: { name: "MiB after a tenth", value: before } };
    },
  },
];
