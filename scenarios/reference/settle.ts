import type { World } from "../../simulators/world.ts";
import type { ScenarioFixture } from "./fixture.ts";
import { isIdle, type ModelBinding, type ModelInstance, type Phase } from "./model.ts";
import { BrokenPromise } from "../errors.ts";
import { isAtWork, isWhole, recreateHalfMade } from "./operator.ts";
import type { ReferencePlatform } from "./platform/platform.ts";

/** Virtual time within which every operation must end once everything has healed. */
const LIVENESS_MS_MAX = 4 * 3_600_000;
const POLL_MS = 30_000;

/** Waits until `isSo` is true. @param what names it, in the error. @throws BrokenPromise after four hours of virtual time */
export async function waitUntil(world: World, what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadlineMs = world.kernel.nowMs + LIVENESS_MS_MAX;
  while (!(await isSo())) {
    if (world.kernel.nowMs > deadlineMs)
      throw new BrokenPromise(`${what}: not within ${LIVENESS_MS_MAX / 3_600_000} h after everything healed`);
    await world.driver.sleep(POLL_MS);
  }
}

const ENDED: ReadonlySet<Phase> = new Set(["standing", "gone"]);

/** Phases of what has ended, one way or the other; what is orphaned waits to be deleted, with everything in it. */
const OVER: ReadonlySet<Phase> = new Set([...ENDED, "orphaned"]);

const hasSettled = (phases: ReadonlySet<Phase>, instance: ModelInstance): boolean =>
  (instance.phase === "orphaned" && phases.has("orphaned")) || isAllIn(phases, instance);

const isAllIn = (phases: ReadonlySet<Phase>, instance: ModelInstance): boolean =>
  phases.has(instance.phase) &&
  instance.update === undefined &&
  !instance.uncertain &&
  instance.restore === undefined &&
  instance.bindings.every(({ phase }) => phases.has(phase)) &&
  instance.backups.every(({ phase }) => phase !== "going on");

/** Heals everything: nothing fails any more, and the broker is up. */
export async function heal(fixture: ScenarioFixture): Promise<void> {
  fixture.world.kernel.faults.disarm();
  if (!fixture.isUp) fixture.restart();
  await fixture.fetchOffer();
}

/** Waits until every operation has ended and whatever broke meanwhile is repaired. */
export async function settleOperations({ world }: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  for (const instance of platform.model.instances) {
    await waitUntil(
      world,
      `the end of what is in progress at the instance ${instance.id} (${instance.phase})`,
      async () => {
        await platform.observe(instance);
        // An operation may wait for the very VM that an operator must repair.
        return hasSettled(OVER, instance) || (await recreateHalfMade(world), false);
      },
    );
  }
  await awaitRepairs(world);
}

/** Time that a platform waits, at most, for what is in progress to end while things fail. */
const PATIENCE_MS_MAX = 1_800_000;

/** Waits until what is in progress has ended, or for half an hour: while things fail, there is no promise that it ends. */
export async function awaitEnds({ world }: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  const deadlineMs = world.kernel.nowMs + PATIENCE_MS_MAX;
  const isOver = (): boolean => platform.model.instances.every((each) => hasSettled(OVER, each));
  do {
    await world.driver.sleep(POLL_MS);
    for (const instance of platform.model.instances) await platform.observe(instance);
  } while (!isOver() && world.kernel.nowMs < deadlineMs);
}

/** Within this time, data guard has looked whether its groups are where they should be. */
export const GUARD_LOOKS_MS = 600_000;

/** Waits, for half an hour at most, until the director has repaired a VM that vanished, and then until data guard has looked after it. */
export async function awaitGuardedRepair({ world }: ScenarioFixture): Promise<void> {
  const deadlineMs = world.kernel.nowMs + PATIENCE_MS_MAX;
  do await world.driver.sleep(POLL_MS);
  while (!isQuiet(world) && world.kernel.nowMs < deadlineMs);
  await world.driver.sleep(GUARD_LOOKS_MS);
}

/** Deletes what a platform must delete, because it failed or its outcome is unknown; then waits until each existing binding logs in. */
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
  return hasSettled(ENDED, instance);
}

/** Waits until the director and its operator have repaired what they can. */
async function awaitRepairs(world: World): Promise<void> {
  do await waitUntil(world, "the director's repairs", () => isQuiet(world));
  while (await recreateHalfMade(world));
}

/** Whether no task runs, no orphaned VM waits for its deletion, and each VM that should exist does. */
function isQuiet(world: World): boolean {
  const { tasks, orphanVms } = world.bosh.state();
  return ![...tasks.values()].some(isAtWork) && orphanVms.size === 0 && isWhole(world);
}

/** Makes sure that each existing instance has a binding with which its data can be read. */
export async function bindAll(fixture: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  for (const instance of platform.model.instances) {
    if (instance.phase !== "standing" || !instance.usable) continue;
    if (!instance.bindings.some(({ phase }) => phase === "standing")) await bindNew(fixture, platform, instance);
  }
}

/** Makes a new binding. @throws BrokenPromise when that fails */
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

/** Restores the newest backup of each existing instance: one that is reported good must be good. @throws BrokenPromise when a restore fails */
export async function restoreNewest({ world, exercise }: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  for (const instance of platform.model.instances.filter(isIdle)) {
    const newest = instance.backups.findLast(({ phase }) => phase === "usable");
    if (newest === undefined) continue;
    await platform.backups.restore(newest);
    await waitUntil(world, `the restore of ${instance.id}`, async () => {
      await platform.observe(instance);
      return instance.restore === undefined;
    });
    exercise.note("laws", "backups that restore");
    if (instance.restored !== "succeeded")
      throw new BrokenPromise(`the backup ${newest.id} of ${instance.id} can't be restored although nothing is broken`);
  }
}

/** Deprovisions every instance. */
export async function deprovisionAll({ world }: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  for (const instance of platform.model.instances) if (instance.phase !== "gone") instance.phase = "orphaned";
  for (const instance of platform.model.instances)
    await waitUntil(world, `the deletion of ${instance.id}`, () => deleteOwed(platform, instance));
  await awaitRepairs(world);
}
