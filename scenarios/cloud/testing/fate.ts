import type { StorePool } from "../../../broker/index.ts";
import type { World } from "../../../simulators/world.ts";
import type { ServiceName } from "../../deployments/manifests.ts";
import { Brokers } from "../brokers.ts";

/** How long a broker that was killed is down, in ms. */
const DOWN_MS = 5_000;

/** Kills the broker at some of its steps: a step is an exchange with a backend, a statement, or a pause. */
export class Fate {
  readonly world: World;
  readonly #service: ServiceName;
  readonly brokers: Brokers;
  readonly reported: unknown[] = [];
  #killedAt: ReadonlySet<number> = new Set();
  /** Steps since `begin`. */
  steps = 0;

  constructor(world: World, service: ServiceName, pool: StorePool) {
    this.world = world;
    this.#service = service;
    this.brokers = new Brokers(this.#countSteps(), { pool: () => pool, report: (error) => this.reported.push(error) });
  }

  /** Restarts the count of steps, and kills the broker after those with these numbers, from 0. */
  begin(killedAt: readonly number[]): void {
    this.steps = 0;
    this.#killedAt = new Set(killedAt);
  }

  #countSteps(): World {
    const { net, driver } = this.world;
    const step = async <T>(work: Promise<T>): Promise<T> => {
      const number = this.steps++;
      const value = await work;
      if (this.#killedAt.has(number)) this.#kill();
      return value;
    };
    return {
      ...this.world,
      net: {
        attach: net.attach.bind(net),
        fetchFrom: (source: string) => {
          const fetch = net.fetchFrom(source);
          return (...call: Parameters<typeof fetch>) => step(fetch(...call));
        },
      } as unknown as World["net"],
      // Still a driver of the same kind: hosts send bodies whole on virtual time.
      driver: Object.assign(Object.create(driver), {
        sleep: (ms: number) => step(driver.sleep(ms)),
        track: <T>(work: Promise<T>) => step(driver.track(work)),
      }),
    };
  }

  #kill(): void {
    this.brokers.kill(this.#service);
    void this.world.driver.sleep(DOWN_MS).then(() => this.brokers.restart(this.#service));
  }
}
