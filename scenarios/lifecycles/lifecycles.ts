import type { Random } from "../../simulators/kernel/index.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { runFleet } from "./fleet.ts";
import { inception } from "../story/inception.ts";
import { Brokers } from "../cloud/brokers.ts";
import { fetchOffer } from "../provisioning/fixture.ts";
import type { ModelInstance, Phase } from "../provisioning/model.ts";
import { BROKER_ROUTES, CPI_CALLS } from "../provisioning/plan.ts";
import { ReferencePlatform } from "../provisioning/platform/platform.ts";
import { waitUntil } from "../provisioning/settle.ts";

export interface LifecyclesResult {
  /** The fingerprint of all that happened. */
  readonly digest: string;
  /** Instances that came to stand; the others failed, or nobody could know. */
  readonly stood: number;
  /** VMs of the crowd that were running before they were deleted. */
  readonly fleet: number;
  readonly virtualMs: number;
}

/** Lives that are led at once. */
const AT_ONCE = 8;
/** How often each point fails, for as long as the lives go on. */
const FAULT_CHANCE = 0.01;
/** A deployment of many instances calls the IaaS so often that with that chance none would come up. */
const CROWD_FAULT_CHANCE = 0.002;

export interface LifecyclesOptions {
  /** Lives of service instances, through their brokers. */
  readonly services: number;
  /** Lives of instances in deployments, at the director. Default 0. */
  readonly fleet?: number;
}

/**
 * The whole story of inception with every control plane, and after it so many lives: of service instances, of all services and tenants,
 * some at once, with faults armed on what the brokers and the director call; then of a crowd at the director, which costs a tenth of the
 * time. One seed is one digest: that is what it is for.
 *
 * @throws BrokenPromise, ScenarioError
 */
export async function runLifecycles(
  seed: number,
  { services: count, fleet: crowded = 0 }: LifecyclesOptions,
): Promise<LifecyclesResult> {
  const world = createWorld({ seed, scramIterations: 1, journalEventsMax: 1000 });
  const defects: unknown[] = [];
  const brokers = new Brokers(world, { report: (error) => void defects.push(error) });
  const beganMs = world.kernel.nowMs;
  let [stood, standing] = [0, 0];
  await world.run(async () => {
    await inception(world);
    const platforms: ReferencePlatform[] = [];
    for (const broker of brokers.list())
      platforms.push(new ReferencePlatform(world, broker, await fetchOffer(world, broker)));
    armAll(world);
    const random = world.kernel.random("lives");
    let led = 0;
    const lead = async (): Promise<void> => {
      while (led++ < count) if (await runLifecycle(world, random.pick(platforms), random)) stood++;
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, lead));
    world.kernel.faults.disarm();
    armCalls(world, CROWD_FAULT_CHANCE);
    standing = await runFleet(world, random, crowded);
  });
  brokers.halt();
  if (defects.length > 0) throw defects[0];
  return { digest: world.kernel.journal.digest, stood, fleet: standing, virtualMs: world.kernel.nowMs - beganMs };
}

function armAll(world: World): void {
  const { kernel } = world;
  armCalls(world, FAULT_CHANCE);
  const often = { probability: FAULT_CHANCE, count: null };
  for (const point of BROKER_ROUTES) kernel.faults.arm({ point, ...often, effect: { kind: "lost-reply" } });
}

function armCalls({ kernel }: World, probability: number): void {
  for (const point of CPI_CALLS)
    kernel.faults.arm({ point, probability, count: null, effect: { kind: "error", message: "refused" } });
}

const MADE: ReadonlySet<Phase> = new Set(["standing", "doomed", "gone"]);

/** One life: ordered, bound and unbound if it comes to stand, given back. Answers whether it stood. */
async function runLifecycle(world: World, platform: ReferencePlatform, random: Random): Promise<boolean> {
  const instance = await platform.provision(random.int(0, 2), { plan: random.int(0, 3), maxConnections: null });
  await waitUntil(world, `the making of ${instance.id}`, () => reaches(platform, instance, MADE));
  const hasStood = instance.phase === "standing";
  if (hasStood && random.chance(0.5)) {
    const binding = await platform.bind(instance);
    await waitUntil(world, `the binding ${binding.id}`, async () => {
      await platform.observe(instance);
      return binding.phase !== "making";
    });
    if (binding.phase === "standing") await platform.unbind(binding);
  }
  await waitUntil(world, `the end of ${instance.id}`, async () => {
    await platform.observe(instance);
    if (instance.phase === "standing" || instance.phase === "doomed") await platform.deprovision(instance);
    return (instance.phase as Phase) === "gone";
  });
  return hasStood;
}

async function reaches(
  platform: ReferencePlatform,
  instance: ModelInstance,
  phases: ReadonlySet<Phase>,
): Promise<boolean> {
  await platform.observe(instance);
  return phases.has(instance.phase);
}
