import { setTimeout as sleep } from "node:timers/promises";
import Type from "typebox";
import { isOf } from "../clients/answers.ts";
import type { Exercise } from "../coverage.ts";
import { BrokenPromise } from "../errors.ts";
import type { Transport } from "../load/transport.ts";
import type { BrokerHook } from "./broker-hook.ts";
import type { CloudControl } from "./cloud-control.ts";
import { Customer, type ExternalInstance, type ExternalOffer, isIdle } from "./customer.ts";
import type { ExternalPlan, ExternalStep, PlannedExternal } from "./plan.ts";

/** What a play works with: a cloud, a broker on it, and where each can be asked. */
export interface ExternalStage {
  readonly control: Pick<CloudControl, "points" | "arm" | "counts" | "disarm" | "brokenLaws">;
  readonly hook: BrokerHook;
  readonly transport: Transport;
  readonly offer: ExternalOffer;
  /** Lists the director's deployments. */
  readonly deployments: () => Promise<readonly string[]>;
  /** Path of the vendor's own listing, `[{id, deployment?}]`. Default: there is none. */
  readonly listing: string | undefined;
  /** Whether each instance is a deployment of its own, as a clean run showed. */
  readonly isDedicated: boolean;
  /** Time of this machine within which everything must have ended once nothing fails any more, in ms. */
  readonly patienceMs: number;
  readonly exercise: Exercise;
}

const POLL_MS = 20;
/** How long a step is waited for while things fail. */
const STEP_MS_MAX = 3000;

/** What a play did: steps that found something to do, and what became of each rule. */
export interface ExternalTrace {
  readonly acted: Set<PlannedExternal>;
  readonly fired: Set<object>;
  readonly history: string[];
}

/** A trace of a play that has not begun. */
export const newExternalTrace = (): ExternalTrace => ({ acted: new Set(), fired: new Set(), history: [] });

/**
 * Plays a plan: the steps, with faults armed; then everything heals, each operation ends, and what was promised holds; then everything is
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

/** Makes an instance before anything breaks. */
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

async function waitFor(msMax: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + msMax;
  while (!(await isSo())) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
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

const Listing = Type.Array(Type.Object({ id: Type.String(), deployment: Type.Optional(Type.String()) }));

/** What the cloud can see, and what the vendor's own listing says. A repair may still be under way: the laws have time to hold. */
async function judge(stage: ExternalStage, customer: Customer, before: readonly string[]): Promise<void> {
  let broken: readonly string[] = [];
  const isSound = async (): Promise<boolean> => {
    broken = await findBroken(stage, customer, before);
    return broken.length === 0;
  };
  if (!(await waitFor(stage.patienceMs, isSound))) throw new BrokenPromise(broken.join("; "));
}

async function findBroken(
  stage: ExternalStage,
  customer: Customer,
  before: readonly string[],
): Promise<readonly string[]> {
  const { control, exercise, isDedicated } = stage;
  const standing = customer.instances.filter(({ phase }) => phase === "standing");
  const added = (await stage.deployments()).filter((each) => !before.includes(each));
  const broken = [...(await control.brokenLaws())];
  exercise.note("laws", "instances that stand", standing.length);
  exercise.note("laws", "instances that are gone", customer.instances.length - standing.length);
  if (isDedicated && added.length !== standing.length)
    broken.push(`${standing.length} instances stand, and the director has ${added.length} deployments of them`);
  if (!isDedicated && standing.length === 0 && added.length > 0)
    broken.push(`deployments are left: ${added.join(", ")}`);
  return [...broken, ...(await judgeListing(stage, customer, added))];
}

async function judgeListing(
  { transport, listing, exercise }: ExternalStage,
  customer: Customer,
  added: readonly string[],
): Promise<readonly string[]> {
  if (listing === undefined) return [];
  const reply = await transport.send({ method: "GET", path: listing });
  if (reply.kind === "error" || reply.status !== 200 || !isOf(Listing, reply.body))
    return [`the listing at ${listing} can't be read`];
  const own = new Map(customer.instances.map((each) => [each.id, each]));
  const listed = reply.body.filter(({ id }) => own.has(id));
  exercise.note("laws", "records of the listing", listed.length);
  const ids = listed.map(({ id }) => id);
  return [
    ...listed
      .filter(({ id }) => own.get(id)?.phase === "gone")
      .map(({ id }) => `the listing has ${own.get(id)?.name}, which is gone`),
    ...customer.instances
      .filter(({ id, phase }) => phase === "standing" && !ids.includes(id))
      .map(({ name }) => `the listing has forgotten ${name}`),
    ...(new Set(ids).size < ids.length ? ["the listing has an instance twice"] : []),
    ...listed
      .filter(({ deployment }) => deployment !== undefined && !added.includes(deployment))
      .map(
        ({ id, deployment }) =>
          `the listing says that ${own.get(id)?.name} is ${deployment}, which the director does not have`,
      ),
  ];
}
