import type { Random } from "../../simulators/kernel/index.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { Brokers } from "../cloud/brokers.ts";
import { fetchOffer } from "../provisioning/fixture.ts";
import type { ModelInstance, Phase } from "../provisioning/model.ts";
import { BROKER_ROUTES, CPI_CALLS } from "../provisioning/plan.ts";
import { ReferencePlatform } from "../provisioning/platform/platform.ts";
import { waitUntil } from "../provisioning/settle.ts";
import { inception } from "../story/inception.ts";
import { runFleet } from "./fleet.ts";

/** What became of a run. */
export interface LifecyclesResult {
  /** The fingerprint of all that happened. */
  readonly digest: string;
  /** Instances that came to stand; the others failed, or nobody could know. */
  readonly stood: number;
  /** VMs of the fleet that were running before they were deleted. */
  readonly fleet: number;
  readonly virtualMs: number;
}

/** How much a run does. */
interface LifecyclesOptions {
  /** Lifecycles of service instances, through their brokers. */
  readonly services: number;
  /** Lifecycles of instances in deployments, at the director. Default 0. */
  readonly fleet?: number;
}

/** Lifecycles that run at once. */
const AT_ONCE = 8;
/** How often each point fails, for as long as the lifecycles run. */
const FAULT_CHANCE = 0.01;
/** A deployment of many instances calls the IaaS so often that with that chance none would come up. */
const FLEET_FAULT_CHANCE = 0.002;

/**
 * The whole story of inception with every control plane, and after it so many lifecycles: of service instances, of all services and tenants,
 * some at once, with faults armed on what the brokers and the director call; then of a fleet at the director, which costs a tenth of the
 * time. One seed is one digest: that is what it is for.
 *
 * @throws BrokenPromise, ScenarioError; the first defect of a broker
 */
export async function runLifecycles(
  seed: number,
  { services, fleet: fleetSize = 0 }: LifecyclesOptions,
): Promise<LifecyclesResult> {
  const world = createWorld({ seed, scramIterations: 1, journalEventsMax: 1000 });
  const defects: unknown[] = [];
  const brokers = new Brokers(world, { report: (error) => void defects.push(error) });
  const beganMs = world.kernel.nowMs;
  let [stood, fleet] = [0, 0];
  await world.run(async () => {
    await inception(world);
    const platforms = await platformsOf(world, brokers);
    armAll(world);
    const random = world.kernel.random("lives");
    stood = await runServices(world, platforms, random, services);
    world.kernel.faults.disarm();
    armCalls(world, FLEET_FAULT_CHANCE);
    fleet = await runFleet(world, random, fleetSize);
  });
  brokers.halt();
  if (defects.length > 0) throw defects[0];
  return { digest: world.kernel.journal.digest, stood, fleet, virtualMs: world.kernel.nowMs - beganMs };
}

async function platformsOf(world: World, brokers: Brokers): Promise<readonly ReferencePlatform[]> {
  const platforms: ReferencePlatform[] = [];
  for (const broker of brokers.list())
    platforms.push(new ReferencePlatform(world, broker, await fetchOffer(world, broker)));
  return platforms;
}

/** Answers with how many instances came to stand. */
async function runServices(
  world: World,
  platforms: readonly ReferencePlatform[],
  random: Random,
  count: number,
): Promise<number> {
  let [begun, stood] = [0, 0];
  const work = async (): Promise<void> => {
    while (begun++ < count) if (await runLifecycle(world, random.pick(platforms), random)) stood++;
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, work));
  return stood;
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

const MADE: ReadonlySet<Phase> = new Set(["standing", "orphaned", "gone"]);

const hasPhase = (instance: ModelInstance, phase: Phase): boolean => instance.phase === phase;

/** One lifecycle: ordered, bound and unbound if it comes to stand, given back. Answers whether it stood. */
async function runLifecycle(world: World, platform: ReferencePlatform, random: Random): Promise<boolean> {
  const tenant = random.int(0, 2);
  const shape = { plan: random.int(0, 3), maxConnections: null };
  const instance = await platform.orders.provision(tenant, shape);
  await waitUntil(world, `the making of ${instance.id}`, async () => {
    await platform.observe(instance);
    return MADE.has(instance.phase);
  });
  const hasStood = hasPhase(instance, "standing");
  if (hasStood && random.chance(0.5)) await bindAndUnbind(world, platform, instance);
  await waitUntil(world, `the end of ${instance.id}`, async () => {
    await platform.observe(instance);
    const isThere = hasPhase(instance, "standing") || hasPhase(instance, "orphaned");
    if (isThere) await platform.orders.deprovision(instance);
    return hasPhase(instance, "gone");
  });
  return hasStood;
}

async function bindAndUnbind(world: World, platform: ReferencePlatform, instance: ModelInstance): Promise<void> {
  const binding = await platform.orders.bind(instance);
  await waitUntil(world, `the binding ${binding.id}`, async () => {
    await platform.observe(instance);
    return binding.phase !== "making";
  });
  if (binding.phase === "standing") await platform.orders.unbind(binding);
}
