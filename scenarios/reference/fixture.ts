import type { PlantedBug } from "../../broker/index.ts";
import { VirtualDriver } from "../../simulators/kernel/edge/drive.ts";
import type { Snapshot } from "../../simulators/kernel/index.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { parseAs } from "../clients/answers.ts";
import { Exercise } from "../coverage.ts";
import { type BrokerAddress, CatalogBody, osbClient } from "../clients/osb.ts";
import { inception } from "../story/inception.ts";
import { Brokers, type RunningBroker } from "../cloud/brokers.ts";
import { ScenarioError } from "../errors.ts";
import { pollUntil } from "../poll.ts";

/** The parts of the catalog that a run needs. */
export interface PlanOffer {
  readonly serviceId: string;
  /** Ids of the plans, from small to large. */
  readonly planIds: readonly string[];
}

const SERVICE = "postgresql";
/** Nobody reads more of a run's journal, and each snapshot copies everything that is kept. */
const JOURNAL_EVENTS_MAX = 200;
const BOOT_MS_MAX = 600_000;

/**
 * A world with the platform on it. Its inception is the same for all seeds and is played once; each run begins where that ended, with a new broker
 * on an empty store and its own random streams. Nothing leaks from one run into the next.
 */
export class ScenarioFixture {
  readonly world: World;
  readonly brokers: Brokers;
  /** The coverage of the current run. */
  readonly exercise = new Exercise();
  /** Defects of the current run: errors that no backend caused. */
  readonly defects: unknown[];
  readonly #scenario: string;
  readonly #snapshot: Snapshot;
  readonly #rewindNet: () => void;

  private constructor(scenario: string, world: World, brokers: Brokers, defects: unknown[]) {
    this.#scenario = scenario;
    this.world = world;
    this.brokers = brokers;
    this.defects = defects;
    this.#snapshot = world.kernel.snapshot();
    this.#rewindNet = world.net.mark();
  }

  /**
   * Plays the inception.
   *
   * @param scenario its name, from which the random streams of its seeds derive
   * @param block of loopback in which its cloud lies. Default: the one of every cloud without sockets
   * @throws the first defect, if there is one
   */
  static async prepare(scenario: string, planted?: PlantedBug, block?: string): Promise<ScenarioFixture> {
    const world = createWorld({
      scramIterations: 1,
      journalEventsMax: JOURNAL_EVENTS_MAX,
      ...(block !== undefined && { block }),
    });
    const defects: unknown[] = [];
    const report = (error: unknown): void => void defects.push(error);
    const brokers = new Brokers(world, { report, planted });
    await world.run(() => inception(world, { services: [SERVICE] }));
    if (defects.length > 0) throw defects[0];
    await stopBrokers(world, brokers);
    return new ScenarioFixture(scenario, world, brokers, defects);
  }

  /** Resets everything, and waits for the broker: a run of this seed can begin. */
  async begin(seed: number): Promise<void> {
    const { world, brokers } = this;
    await stopBrokers(world, brokers);
    world.kernel.restore(this.#snapshot);
    this.#rewindNet();
    world.kernel.reseed(`${this.#scenario}/${seed}`);
    this.defects.length = 0;
    this.exercise.clear();
    brokers.renew();
    await world.run(() => this.fetchOffer());
  }

  /** The broker that is tested. @throws ScenarioError when none was deployed */
  get broker(): RunningBroker {
    const broker = this.brokers.list().find(({ service }) => service === SERVICE);
    if (broker === undefined) throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", "no broker has been deployed");
    return broker;
  }

  /** Kills the broker. */
  kill(): void {
    this.brokers.kill(SERVICE);
  }

  /** Whether the broker runs. */
  get isUp(): boolean {
    return this.brokers.isUp(SERVICE);
  }

  /** Starts the broker again, on its store. */
  restart(): void {
    this.brokers.restart(SERVICE);
  }

  /** Waits for the broker's catalog, and reads it. */
  fetchOffer(): Promise<PlanOffer> {
    return fetchOffer(this.world, this.broker);
  }
}

/** Waits until a broker answers with its catalog, and reads it. @throws ScenarioError SCENARIO_WAITED_TOO_LONG */
export function fetchOffer(world: World, broker: BrokerAddress): Promise<PlanOffer> {
  const environment = world.environmentAt(world.plan.applications);
  const client = osbClient(environment, broker);
  return pollUntil(environment, "the catalog", 1000, BOOT_MS_MAX, async () => {
    const answer = await client.send("GET", "/v2/catalog");
    if (answer.kind === "unknown" || answer.status !== 200) return undefined;
    const [service] = parseAs(CatalogBody, answer.body, "GET /v2/catalog").services;
    return service && { serviceId: service.id, planIds: service.plans.map(({ id }) => id) };
  });
}

/** Kills the brokers; what still runs ends at its next step, without time passing. */
async function stopBrokers(world: World, brokers: Brokers): Promise<void> {
  brokers.halt();
  if (world.driver instanceof VirtualDriver) await world.driver.advance(0);
}
