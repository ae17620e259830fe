import { OWNER } from "../scenarios/cloud/testing.ts";
import type { Benchmark } from "./bench.ts";
import { type BindCost, costOfBind, countBytes, together } from "./broker/bind-cost.ts";
import { createBenchmarkWorld, withDeployedBroker } from "./deployed-broker.ts";

/** How many instances there are at the end; `DRYDOCK_BIND_INSTANCES` overrides it. */
const INSTANCES = Number(process.env.DRYDOCK_BIND_INSTANCES ?? 200);
const FEW = 10;

async function measureBinds(): Promise<{ readonly few: BindCost; readonly many: BindCost }> {
  const world = createBenchmarkWorld();
  const counted = countBytes(world);
  return withDeployedBroker(
    world,
    (customer) => {
      const provision = (first: number, count: number): Promise<void> =>
        together(first, count, (number) => customer.ask("PUT", `/v2/service_instances/i${number}`, OWNER));
      const cost = (name: string): Promise<BindCost> =>
        costOfBind(customer, "/v2/service_instances/i0", name, counted.count);
      return world.run(async () => {
        await provision(0, FEW);
        // The first bind also compiles the code.
        await cost("warm");
        const few = await cost("few");
        await provision(FEW, INSTANCES - FEW);
        return { few, many: await cost("many") };
      });
    },
    counted.world,
  );
}

let figures: ReturnType<typeof measureBinds> | undefined;
const measureOnce = (): ReturnType<typeof measureBinds> => (figures ??= measureBinds());

export const BIND_BENCHMARKS: readonly Benchmark[] = [
  {
    name: `broker: bytes of a bind among ${INSTANCES} instances`,
    aim: { text: `as among ${FEW}, by 1 %`, met: (value) => value <= 1.01 },
    measure: async () => {
      const { few, many } = await measureOnce();
      return { value: many.bytes / few.bytes, unit: "x", baseline: { name: `bytes among ${FEW}`, value: few.bytes } };
    },
  },
  {
    name: `broker: CPU of a bind among ${INSTANCES} instances`,
    aim: { text: `as among ${FEW}, by 30 %`, met: (value) => value <= 1.3 },
    measure: async () => {
      const { few, many } = await measureOnce();
      return { value: many.cpuMs / few.cpuMs, unit: "x", baseline: { name: `ms among ${FEW}`, value: few.cpuMs } };
    },
  },
];
