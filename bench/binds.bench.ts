import { Brokers } from "../scenarios/cloud/brokers.ts";
import { OWNER, PersistentCustomer } from "../scenarios/cloud/testing.ts";
import { inception } from "../scenarios/story/inception.ts";
import { createWorld } from "../simulators/world.ts";
import type { Benchmark } from "./bench.ts";
import { type BindCost, costOfBind, countBytes, together } from "./broker/bind-cost.ts";

/** How many instances there are at the end; `DRYDOCK_BIND_INSTANCES` says how many. */
const INSTANCES = Number(process.env.DRYDOCK_BIND_INSTANCES ?? 200);
const FEW = 10;

async function measureBinds(): Promise<{ readonly few: BindCost; readonly many: BindCost }> {
  const world = createWorld({ seed: 1, scramIterations: 1, journalEventsMax: 200 });
  const counted = countBytes(world);
  const brokers = new Brokers(counted.world);
  try {
    const customer = await world.run(async () => {
      await inception(world, { services: ["postgresql"] });
      const [broker] = brokers.list();
      if (broker === undefined) throw new Error("no broker has been deployed");
      return PersistentCustomer.of(world, broker);
    });
    const provision = (first: number, count: number): Promise<void> =>
      together(first, count, (number) => customer.ask("PUT", `/v2/service_instances/i${number}`, OWNER));
    const cost = (name: string): Promise<BindCost> =>
      costOfBind(customer, "/v2/service_instances/i0", name, counted.count);
    return await world.run(async () => {
      await provision(0, FEW);
      // The first time, the code is compiled.
      await cost("warm");
      const few = await cost("few");
      await provision(FEW, INSTANCES - FEW);
      return { few, many: await cost("many") };
    });
  } finally {
    await brokers.close();
  }
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
