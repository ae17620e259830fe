import type { World } from "../../simulators/world.ts";
import type { ScenarioFixture } from "./fixture.ts";
import { BrokenPromise, type ModelBinding, type ModelInstance, type Phase } from "./model.ts";
import { isAtWork, isWhole, recreateHalfMade } from "./operator.ts";
import type { ReferencePlatform } from "./platform/platform.ts";

/** Virtual time within which everything that goes on has ended once everything has healed. */
export const LIVENESS_MS_MAX = 4 * 3_600_000;
const POLL_MS = 30_000;

/** Asks again and again until it is so. @throws BrokenPromise when the time is over */
export async function waitUntil(world: World, what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadlineMs = world.kernel.nowMs + LIVENESS_MS_MAX;
  while (!(await isSo())) {
    if (world.kernel.nowMs > deadlineMs)
      throw new BrokenPromise(`${what}: not within ${LIVENESS_MS_MAX / 3_600_000} h after everything healed`);
    await world.driver.sleep(POLL_MS);
  }
}

const ENDED: ReadonlySet<Phase> = new Set(["standing", "gone"]);

/** What has ended, one way or the other; what is orphaned waits to be deleted, with all that it has. */
const OVER: ReadonlySet<Phase> = new Set([...ENDED, "orphaned"]);

const isIn = (phases: ReadonlySet<Phase>, instance: ModelInstance): boolean =>
  (instance.phase === "orphaned" && phases.has("orphaned")) || isStill(phases, instance);

const isStill = (phases: ReadonlySet<Phase>, instance: ModelInstance): boolean =>
  phases.has(instance.phase) &&
  instance.update === undefined &&
  !instance.uncertain &&
  instance.restore === undefined &&
  instance.bindings.every(({ phase }) => phases.has(phase)) &&
  instance.backups.every(({ phase }) => phase !== "going on");

/** Everything heals: nothing fails any more, and the broker is up. */
export async function heal(fixture: ScenarioFixture): Promise<void> {
  fixture.world.kernel.faults.disarm();
  if (!fixture.isUp) fixture.restart();
  await fixture.fetchOffer();
}

/** Waits until each operation has ended and what broke meanwhile has been put right. */
export async function settleOperations({ world }: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  for (const instance of platform.model.instances) {
    await waitUntil(world, `what goes on at the instance ${instance.id} (${instance.phase})`, async () => {
      await platform.observe(instance);
      // What goes on may wait for the very VM that an operator must mend.
      return isIn(OVER, instance) || (await recreateHalfMade(world), false);
    });
  }
  await awaitRepairs(world);
}

/** Deletes what a platform must delete, because it failed or nobody knows of it; then each binding that stands logs in. */
export async function deleteFailed({ world }: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  for (const instance of platform.model.instances)
    await waitUntil(world, `the deletion of ${instance.id}`, () => deleteOwed(platform, instance));
  await awaitRepairs(world);
  const standing = platform.model.bindings.filter(({ phase }) => phase === "standing");
  for (const binding of standing) {
    const what = `the login of the binding ${binding.id} of ${binding.instance.id}`;
    await waitUntil(world, what, () => !binding.instance.usable || logsIn(platform, binding));
  }
}

function logsIn(platform: ReferencePlatform, binding: ModelBinding): boolean {
  const session = platform.applications.open(binding);
  session?.close();
  return session !== undefined;
}

async function deleteOwed(platform: ReferencePlatform, instance: ModelInstance): Promise<boolean> {
  await platform.observe(instance);
  if (instance.phase === "orphaned") await platform.orders.deprovision(instance);
  for (const binding of instance.bindings)
    if (binding.phase === "orphaned" && instance.phase !== "gone") await platform.orders.unbind(binding);
  return isIn(ENDED, instance);
}

/** Waits until the director, and its operator, have put right what they can. */
async function awaitRepairs(world: World): Promise<void> {
  do await waitUntil(world, "the director's repairs", () => isQuiet(world));
  while (await recreateHalfMade(world));
}

/** No task runs, nothing waits to be swept, and each VM that should be there is. */
function isQuiet(world: World): boolean {
  const { tasks, orphanVms } = world.bosh.state();
  return ![...tasks.values()].some(isAtWork) && orphanVms.size === 0 && isWhole(world);
}

/** Sees that each instance that stands has a binding to look into it with. */
export async function bindAll(fixture: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  for (const instance of platform.model.instances) {
    if (instance.phase !== "standing" || !instance.usable) continue;
    if (!instance.bindings.some(({ phase }) => phase === "standing")) await bindNew(fixture, platform, instance);
  }
}

/** A new binding. @throws BrokenPromise when it does not come to be */
export async function bindNew(
  { world }: ScenarioFixture,
  platform: ReferencePlatform,
  instance: ModelInstance,
): Promise<ModelBinding> {
  const binding = await platform.orders.bind(instance);
  await waitUntil(world, `the binding ${binding.id}`, async () => {
    await platform.observe(instance);
    return ENDED.has(binding.phase);
  });
  if (binding.phase !== "standing")
    throw new BrokenPromise(`the binding ${binding.id} failed although nothing is broken`);
  return binding;
}

/** Everything is given back. */
export async function deprovisionAll({ world }: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  for (const instance of platform.model.instances) if (instance.phase !== "gone") instance.phase = "orphaned";
  for (const instance of platform.model.instances)
    await waitUntil(world, `the deletion of ${instance.id}`, () => deleteOwed(platform, instance));
  await awaitRepairs(world);
}
