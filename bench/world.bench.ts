import { stringify } from "yaml";
import { inception } from "../scenarios/story/inception.ts";
import { STEMCELL } from "../scenarios/deployments/manifests.ts";
import { type Body, Kernel } from "../simulators/kernel/index.ts";
import { createWorld, type World } from "../simulators/world.ts";
import type { Benchmark } from "./bench.ts";

const DEPLOYMENTS = 10;
const INSTANCES = 1_000;
const VMS = DEPLOYMENTS * INSTANCES;
/** How many virtual seconds to simulate. */
const SECONDS = 3_600;

const manifest = (name: string): string =>
  stringify({
    name,
    releases: [{ name: "service-guard", version: "1" }],
    stemcells: [{ alias: "default", os: STEMCELL.operatingSystem, version: STEMCELL.version }],
    update: { canaries: 0, max_in_flight: 500, canary_watch_time: "1000-60000", update_watch_time: "1000-60000" },
    instance_groups: [
      {
        name: "idle",
        instances: INSTANCES,
        azs: ["z1"],
        jobs: [{ name: "service-guard", release: "service-guard" }],
        vm_type: "nano",
        stemcell: "default",
        networks: [{ name: "service-instances" }],
      },
    ],
  });

/** A platform with this many VMs, deployed and watched by the director. */
async function deployIdleVms(): Promise<World> {
  const world = createWorld({ seed: "bench", journalEventsMax: 1000 });
  await world.run(async () => {
    const { director } = await inception(world, { services: [] });
    for (let each = 0; each < DEPLOYMENTS; each++) await director.deploy(`idle-${each}`, manifest(`idle-${each}`));
  });
  return world;
}

/** Virtual seconds per wall second. */
function paceOf(kernel: Kernel): number {
  const start = performance.now();
  kernel.advanceTo(kernel.nowMs + SECONDS * 1000);
  return (SECONDS / (performance.now() - start)) * 1000;
}

/** The same number of processes on a bare kernel, each of which wakes up once a minute. */
function bareKernel(): Kernel {
  const kernel = new Kernel({ seed: "bench" });
  function* beat(): Body {
    for (;;) yield 60_000;
  }
  for (let each = 0; each < VMS; each++) kernel.spawn("beat", beat());
  return kernel;
}

export const WORLD_BENCHMARKS: readonly Benchmark[] = [
  {
    name: `virtual time with ${VMS.toLocaleString("en")} live VMs`,
    aim: { text: ">= 1,000 x real time", met: (value) => value >= 1000 },
    measure: async () => {
      const world = await deployIdleVms();
      const alive = world.openstack.state().nova.servers.size;
      if (alive < VMS) throw new Error(`only ${alive} servers are alive`);
      const baseline = { name: "as many bare heartbeats a minute", value: paceOf(bareKernel()) };
      return { value: paceOf(world.kernel), unit: "s/s", baseline };
    },
  },
];
