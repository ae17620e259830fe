import { Brokers } from "../scenarios/cloud/brokers.ts";
import { PersistentCustomer } from "../scenarios/cloud/testing.ts";
import { inception } from "../scenarios/story/inception.ts";
import { createWorld, type World } from "../simulators/world.ts";

/** A world as the benchmarks of the broker need it: it keeps little, so that memory and time are the broker's. */
export const createBenchmarkWorld = (): World => createWorld({ seed: 1, scramIterations: 1, journalEventsMax: 200 });

/**
 * Deploys the platform with its PostgreSQL broker on a world, and calls `use` with a customer of that broker.
 *
 * @param seenByBroker the world as the broker sees it, such as one that observes its network
 */
export async function withDeployedBroker<T>(
  world: World,
  use: (customer: PersistentCustomer) => Promise<T>,
  seenByBroker: World = world,
): Promise<T> {
  const brokers = new Brokers(seenByBroker);
  try {
    const customer = await world.run(async () => {
      await inception(world, { services: ["postgresql"] });
      const [broker] = brokers.list();
      if (broker === undefined) throw new Error("no broker has been deployed");
      return PersistentCustomer.of(world, broker);
    });
    return await use(customer);
  } finally {
    await brokers.close();
  }
}
