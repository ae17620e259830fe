import { Compile } from "typebox/compile";
import { type InstanceRecord, InstanceRecords } from "../../scenarios/laws/instance-records.ts";
import type { RunningBroker } from "../../scenarios/cloud/brokers.ts";
import type { World } from "../../simulators/world.ts";

const validator = Compile(InstanceRecords);

async function fetchRecords(world: World, broker: RunningBroker): Promise<readonly InstanceRecord[]> {
  const { username, password } = broker.operator;
  const { fetch } = world.environmentAt(world.plan.applications);
  const headers = { authorization: `Basic ${btoa(`${username}:${password}`)}`, "x-broker-api-version": "2.17" };
  const answer = await fetch(`${broker.url}/instances`, { headers });
  const body: unknown = answer.status === 200 ? await answer.json() : undefined;
  return validator.Check(body) ? body.instances : [];
}

/** The records of a cloud's brokers, fetched as their operator does; `read` refreshes them. For a broker that does not answer, the last ones stay. */
export class LiveRecords {
  readonly #world: World;
  readonly #brokers: () => readonly RunningBroker[];
  readonly records = new Map<string, readonly InstanceRecord[]>();
  /** Grows with each change of the records. */
  version = 0;
  #isReading = false;

  constructor(world: World, brokers: () => readonly RunningBroker[]) {
    this.#world = world;
    this.#brokers = brokers;
  }

  /** Starts a refresh; at most one is in progress. */
  read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#readAll().finally(() => (this.#isReading = false));
  }

  async #readAll(): Promise<void> {
    for (const broker of this.#brokers()) {
      const records = await fetchRecords(this.#world, broker).catch(() => undefined);
      if (records === undefined || JSON.stringify(records) === JSON.stringify(this.records.get(broker.name))) continue;
      this.records.set(broker.name, records);
      this.version++;
    }
  }
}
