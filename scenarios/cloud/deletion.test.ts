import { expect, it } from "vitest";
import { createWorld, type World } from "../../simulators/world.ts";
import { type OpenStackClient, openStackClient } from "../clients/openstack.ts";
import { recordLaws } from "../laws/records.ts";
import { inception } from "../story/inception.ts";
import { Brokers } from "./brokers.ts";
import { OWNER, PersistentCustomer } from "./testing.ts";

const INSTANCE = "/v2/service_instances/a";

/** Deletes the VMs of service instances, as if their hosts had died. */
async function killVms({ bosh }: World, admin: OpenStackClient): Promise<void> {
  for (const { name, instances } of bosh.state().deployments.values())
    if (/^d[0-9a-f]{7}$/.test(name))
      for (const { vm } of instances) if (vm !== null) await admin.call("compute", "DELETE", `/servers/${vm.cid}`);
}

it("an instance whose VM has died is deleted without its agent, and leaves nothing", async () => {
  const world = createWorld({ seed: 5, scramIterations: 1 });
  const brokers = new Brokers(world);
  const { kernel, plan } = world;
  const environment = world.environmentAt(plan.applications);
  const tookS = await world.run(async () => {
    await inception(world, { services: ["postgresql"] });
    const [broker] = brokers.list();
    if (broker === undefined) throw new Error("no broker runs");
    const admin = await openStackClient(environment, world.credentials.openstackAdmin);
    const customer = await PersistentCustomer.of(world, broker);
    const took: number[] = [];
    for (const afterS of [0, 1, 5, 45]) {
      expect(await customer.ask("PUT", INSTANCE, OWNER)).toBe("succeeded");
      await killVms(world, admin);
      await environment.sleepMs(afterS * 1000);
      const startMs = kernel.nowMs;
      expect(await customer.ask("DELETE", INSTANCE)).toBe("succeeded");
      took.push((kernel.nowMs - startMs) / 1000);
    }
    return took;
  });
  expect(world.findBrokenLaws(recordLaws([]))).toEqual([]);
  // 15 s until the director finds that an agent is silent, and the time of the health monitor, which may be
  // recreating the VM. A director that asks the agent to stop its jobs takes 45 s more, each time.
  expect(Math.max(...tookS)).toBeLessThan(130);
  await brokers.close();
});
