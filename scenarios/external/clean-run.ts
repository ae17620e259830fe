import type { FaultRule } from "../../simulators/kernel/index.ts";
import { BrokenPromise } from "../errors.ts";
import { Customer, isIdle } from "./customer.ts";
import { type ExternalStage, waitFor } from "./judge.ts";
import { type Abilities, type Order, ORDERS, type PassedPoints } from "./plan.ts";

/** The neighbours of a broker whose fault points are watched, and those of the director: its CPI, its tasks and jobs. */
const WATCHED = /^(bosh|uaa|cpi|director|consul|keystone|neutron|nova|swift):/;
/** How many rules a live cloud arms at once. */
const RULES_MAX = 1000;
/** More occasions than a run has, so that a rule counts them and never acts. */
const NEVER = 1_000_000_000;

/** The observations of a clean run of one lifecycle. */
interface CleanRun {
  readonly passed: PassedPoints;
  /** Whether the instance was a deployment of its own. */
  readonly isDedicated: boolean;
}

interface Watch {
  readonly point: string;
  readonly effects: readonly string[];
  readonly id: number;
  seen: number;
}

/** An effect that the point knows. */
function neverEffect(effects: readonly string[]): FaultRule["effect"] | undefined {
  if (effects.includes("lost-reply")) return { kind: "lost-reply" };
  return effects.includes("error") ? { kind: "error", message: "never" } : undefined;
}

async function armWatches({ control }: ExternalStage): Promise<readonly Watch[]> {
  const points = (await control.points()).filter(({ point }) => WATCHED.test(point)).slice(0, RULES_MAX);
  const watches: Watch[] = [];
  for (const { point, effects } of points) {
    const effect = neverEffect(effects);
    if (effect === undefined) continue;
    watches.push({ point, effects, id: await control.arm({ point, skip: NEVER, effect }), seen: 0 });
  }
  return watches;
}

/** The points that were passed since the last call. */
async function readWatches({ control }: ExternalStage, watches: readonly Watch[]): Promise<PassedPoints[Order]> {
  const counts = await control.counts();
  const passed: { point: string; effects: readonly string[] }[] = [];
  for (const watch of watches) {
    const seen = counts.get(watch.id)?.seen ?? 0;
    if (seen > watch.seen) passed.push({ point: watch.point, effects: watch.effects });
    watch.seen = seen;
  }
  return passed.toSorted((a, b) => (a.point < b.point ? -1 : 1));
}

/** A lifecycle under watch. */
class WatchedLife {
  readonly passed: Record<Order, PassedPoints[Order]> = {
    provision: [],
    update: [],
    bind: [],
    unbind: [],
    deprovision: [],
  };
  readonly #stage: ExternalStage;
  readonly #customer: Customer;
  readonly #watches: readonly Watch[];

  constructor(stage: ExternalStage, customer: Customer, watches: readonly Watch[]) {
    this.#stage = stage;
    this.#customer = customer;
    this.#watches = watches;
  }

  /** Performs an order, waits for its end, and notes which points were passed meanwhile. @throws BrokenPromise if it does not succeed */
  async perform(order: Order, work: () => Promise<unknown>, isOver: () => boolean): Promise<void> {
    await work();
    const { instances, history } = this.#customer;
    const isWrong = (): boolean => instances.some(({ phase }) => phase === "orphaned");
    const hasEnded = await waitFor(this.#stage.patienceMs, async () => {
      for (const each of instances) await this.#customer.observe(each);
      return isOver() || isWrong();
    });
    if (!hasEnded || isWrong())
      throw new BrokenPromise(`while nothing fails, ${order} does not succeed: ${history.at(-1)}`);
    this.passed[order] = await readWatches(this.#stage, this.#watches);
  }
}

/**
 * Plays one lifecycle while nothing fails, and notes which points of the cloud each operation passes, so that faults can be aimed at what is
 * about to be used.
 *
 * @throws BrokenPromise when the broker does not get through it: then there is no success path to break
 */
export async function playCleanly(stage: ExternalStage, abilities: Abilities, prefix: string): Promise<CleanRun> {
  const customer = new Customer(stage.transport, stage.offer, prefix);
  const before = await stage.deployments();
  try {
    const life = new WatchedLife(stage, customer, await armWatches(stage));
    const instance = await customer.provision(0);
    await life.perform(
      "provision",
      async () => {},
      () => isIdle(instance),
    );
    const isDedicated = (await stage.deployments()).length === before.length + 1;
    if (abilities.canUpdate && abilities.plans > 1)
      await life.perform(
        "update",
        () => customer.update(instance, 1),
        () => isIdle(instance),
      );
    if (abilities.canBind) {
      const binding = await customer.bind(instance);
      await life.perform(
        "bind",
        async () => {},
        () => binding.phase === "standing",
      );
      await life.perform(
        "unbind",
        () => customer.unbind(binding),
        () => binding.phase === "gone",
      );
    }
    await life.perform(
      "deprovision",
      () => customer.deprovision(instance),
      () => instance.phase === "gone",
    );
    return { passed: life.passed, isDedicated };
  } finally {
    await stage.control.disarm();
  }
}

/** Describes what a clean run passed, one line for each operation. */
export const describePassed = (passed: PassedPoints): readonly string[] =>
  ORDERS.filter((order) => passed[order].length > 0).map(
    (order) => `${order} passes ${passed[order].map(({ point }) => point).join(", ")}`,
  );
