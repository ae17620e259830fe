import { setTimeout as sleep } from "node:timers/promises";
import { BrokenPromise } from "../errors.ts";
import { Customer, type ExternalInstance, isIdle } from "./customer.ts";
import { type ExternalStage, judge, waitFor } from "./judge.ts";
import type { ExternalPlan, ExternalStep, PlannedExternal } from "./plan.ts";

/** How long to wait for a step while things fail, in ms. */
const STEP_MS_MAX = 3000;

/** The log of a play: the steps that found something to do, and the acts of each rule. */
export interface ExternalTrace {
  readonly acted: Set<PlannedExternal>;
  readonly fired: Set<object>;
  readonly history: string[];
}

/** A trace of a play that has not begun. */
export const newExternalTrace = (): ExternalTrace => ({ acted: new Set(), fired: new Set(), history: [] });

/**
 * Plays a plan: the steps, with faults armed; then everything heals, each operation ends, and every promise holds; then everything is
 * removed, and nothing is left.
 *
 * @param prefix of the ids of this play
 * @throws BrokenPromise for the first promise that the broker broke
 */
export async function playExternal(
  stage: ExternalStage,
  plan: ExternalPlan,
  prefix: string,
  trace: ExternalTrace,
): Promise<void> {
  const before = await stage.deployments();
  const customer = new Customer(stage.transport, stage.offer, prefix);
  try {
    for (const each of plan.standing) await makeStanding(stage, customer, each);
    for (const planned of plan.steps) await playStep(stage, customer, planned, trace);
    await heal(stage);
    await settle(stage, customer);
    await judge(stage, customer, before);
    await removeAll(stage, customer);
    await judge(stage, customer, before);
  } finally {
    trace.history.push(...customer.history);
    await stage.control.disarm();
  }
}

/** Creates an instance before anything breaks. */
async function makeStanding(stage: ExternalStage, customer: Customer, plan: number): Promise<void> {
  const instance = await customer.provision(plan);
  await waitOrBreak(stage, "an instance, before anything fails,", async () => {
    await customer.observe(instance);
    if (instance.phase === "orphaned") throw new BrokenPromise(`${instance.name} failed before anything broke`);
    return instance.phase === "standing";
  });
}

async function playStep(
  stage: ExternalStage,
  customer: Customer,
  planned: PlannedExternal,
  trace: ExternalTrace,
): Promise<void> {
  const { control, exercise } = stage;
  const ids = new Map<number, object>();
  for (const rule of planned.faults) ids.set(await control.arm(rule), rule);
  exercise.note("faults", "armed", ids.size);
  for (const each of customer.instances) await customer.observe(each);
  const hasActed = await perform(stage, customer, planned.step);
  if (hasActed) trace.acted.add(planned);
  if (hasActed) exercise.note("steps", planned.step.do);
  if (planned.waits) await waitFor(STEP_MS_MAX, () => hasEnded(customer));
  const counts = await control.counts();
  for (const [id, rule] of ids) {
    if ((counts.get(id)?.acted ?? 0) === 0) continue;
    trace.fired.add(rule);
    exercise.note("faults", "fired");
  }
}

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(1, list.length)];

async function perform({ hook }: ExternalStage, customer: Customer, step: ExternalStep): Promise<boolean> {
  const idle = customer.instances.filter(isIdle);
  switch (step.do) {
    case "provision":
      await customer.provision(step.plan);
      return true;
    case "kill-broker":
      await hook.kill?.();
      await sleep(step.downMs);
      await hook.start();
      return true;
    case "unbind": {
      const standing = idle.flatMap(({ bindings }) => bindings).filter(({ phase }) => phase === "standing");
      const binding = pick(standing, step.binding);
      if (binding !== undefined) await customer.unbind(binding);
      return binding !== undefined;
    }
    case "update":
    case "bind":
    case "deprovision":
      return performOn(customer, step, pick(idle, step.instance));
  }
}

async function performOn(
  customer: Customer,
  step: Extract<ExternalStep, { do: "update" | "bind" | "deprovision" }>,
  instance: ExternalInstance | undefined,
): Promise<boolean> {
  if (instance === undefined) return false;
  if (step.do === "bind") await customer.bind(instance);
  else if (step.do === "update") await customer.update(instance, step.plan);
  else await removeOnce(customer, instance);
  return true;
}

/** Deletes the bindings of an instance, as a platform must, and then the instance. */
async function removeOnce(customer: Customer, instance: ExternalInstance): Promise<void> {
  for (const binding of instance.bindings)
    if (binding.phase === "standing" || binding.phase === "orphaned") await customer.unbind(binding);
  if (instance.bindings.every(({ phase }) => phase === "gone")) await customer.deprovision(instance);
}

const OVER = new Set(["standing", "orphaned", "gone"]);

async function hasEnded(customer: Customer): Promise<boolean> {
  for (const each of customer.instances) await customer.observe(each);
  return customer.instances.every(
    ({ phase, updating, uncertain, bindings }) =>
      OVER.has(phase) && updating === undefined && !uncertain && bindings.every((each) => OVER.has(each.phase)),
  );
}

async function heal({ control, hook }: ExternalStage): Promise<void> {
  await control.disarm();
  await hook.start();
}

async function waitOrBreak(stage: ExternalStage, what: string, isSo: () => Promise<boolean>): Promise<void> {
  if (await waitFor(stage.patienceMs, isSo)) return;
  throw new BrokenPromise(`${what}: not within ${stage.patienceMs / 1000} s after everything healed`);
}

/** Waits until each operation has ended, and deletes what a platform must: what failed, or whose outcome is unknown. */
async function settle(stage: ExternalStage, customer: Customer): Promise<void> {
  await waitOrBreak(stage, "the end of what is in progress", () => hasEnded(customer));
  for (const instance of customer.instances) {
    if (instance.phase === "orphaned") await remove(stage, customer, instance);
    for (const binding of instance.bindings)
      if (binding.phase === "orphaned" && instance.phase === "standing")
        await waitOrBreak(stage, `the deletion of ${binding.name}`, async () => {
          await customer.observe(instance);
          if (binding.phase === "orphaned") await customer.unbind(binding);
          return binding.phase === "gone";
        });
  }
}

const remove = (stage: ExternalStage, customer: Customer, instance: ExternalInstance): Promise<void> =>
  waitOrBreak(stage, `the deletion of ${instance.name}`, async () => {
    await customer.observe(instance);
    if (instance.phase === "standing" || instance.phase === "orphaned") await removeOnce(customer, instance);
    return instance.phase === "gone";
  });

async function removeAll(stage: ExternalStage, customer: Customer): Promise<void> {
  for (const instance of customer.instances) if (instance.phase !== "gone") await remove(stage, customer, instance);
}
