import type { Random } from "../../simulators/kernel/index.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { Brokers } from "../cloud/brokers.ts";
import { fetchOffer } from "../reference/fixture.ts";
import type { ModelInstance, Phase } from "../reference/model.ts";
import { BROKER_ROUTES, CPI_CALLS } from "../reference/fault-points.ts";
import { ReferencePlatform } from "../reference/platform/platform.ts";
import { waitUntil } from "../reference/settle.ts";
import { inception } from "../story/inception.ts";
import { runFleet } from "./fleet.ts";

/** The result of a run. */
interface LifecyclesResult {
  /** The fingerprint of everything that happened. */
  readonly digest: string;
  /** Service instances that were provisioned; the others failed, or their outcome stayed unknown. */
  readonly standing: number;
  /** VMs of the fleet, counted just before they were deleted. */
  readonly fleet: number;
  readonly virtualMs: number;
}

/** How much a run does. */
interface LifecyclesOptions {
  /** How many service instances are ordered at the brokers. */
  readonly serviceInstances: number;
  /** How many instances are deployed at the director, at least. Default: 0. */
  readonly fleet?: number;
}

/** Lifecycles that run at once. */
const AT_ONCE = 8;
/** The probability with which each fault point fails while the lifecycles run. */
const FAULT_CHANCE = 0.01;
/** The same for a fleet: its deployments call the IaaS so often that none would succeed with the other probability. */
const FLEET_FAULT_CHANCE = 0.002;

/**
 * Plays the whole story of inception, with every control plane, and then many lifecycles: first of service instances, of all services and
 * tenants, some at once, with faults armed on whatever the brokers and the director call; then of a fleet at the director, which takes a tenth
 * of the time. It exists to prove that one seed is one digest.
 *
 * @throws BrokenPromise, ScenarioError; the first defect of a broker
 */
export async function runLifecycles(
  seed: number,
  { serviceInstances, fleet: fleetSize = 0 }: LifecyclesOptions,
): Promise<LifecyclesResult> {
  const world = createWorld({ seed, scramIterations: 1, journalEventsMax: 1000 });
  const defects: unknown[] = [];
  const brokers = new Brokers(world, { report: (error) => void defects.push(error) });
  const beganMs = world.kernel.nowMs;
  let [standing, fleet] = [0, 0];
  await world.run(async () => {
    await inception(world);
    const platforms = await platformsOf(world, brokers);
    armAll(world);
    const random = world.kernel.random("lives");
    standing = await runServiceInstances(world, platforms, random, serviceInstances);
    world.kernel.faults.disarm();
    armCalls(world, FLEET_FAULT_CHANCE);
    fleet = await runFleet(world, random, fleetSize);
  });
  brokers.halt();
  if (defects.length > 0) throw defects[0];
  return { digest: world.kernel.journal.digest, standing, fleet, virtualMs: world.kernel.nowMs - beganMs };
}

async function platformsOf(world: World, brokers: Brokers): Promise<readonly ReferencePlatform[]> {
  const platforms: ReferencePlatform[] = [];
  for (const broker of brokers.list())
    platforms.push(new ReferencePlatform(world, broker, await fetchOffer(world, broker)));
  return platforms;
}

/** Returns how many service instances were provisioned. */
async function runServiceInstances(
  world: World,
  platforms: readonly ReferencePlatform[],
  random: Random,
  count: number,
): Promise<number> {
  let [begun, standing] = [0, 0];
  const work = async (): Promise<void> => {
    while (begun++ < count) if (await runLifecycle(world, random.pick(platforms), random)) standing++;
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, work));
  return standing;
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

/** Leads a service instance through its lifecycle: ordered, perhaps bound and unbound, deleted. Returns whether it was provisioned. */
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
