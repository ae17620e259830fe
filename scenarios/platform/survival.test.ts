import fc from "fast-check";
import type { PostgresPool } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedPool } from "../../broker/index.ts";
import { type InstanceRecord, brokenLaws } from "../../simulators/laws.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { osbClient, type OsbAnswer } from "../clients/osb.ts";
import { inception } from "../inception.ts";
import { until } from "../stage.ts";
import { Brokers, type RunningBroker } from "./brokers.ts";

/*
 * A broker may be killed between any two things that it does to the world or to its store. It is started again some seconds later. It must
 * bring everything that it had accepted to its end, as if nothing had happened, and leave nothing behind that no record names.
 */
const SERVICE = "postgresql";
const DOWN_MS = 5_000;
const ENDING_MS_MAX = 2 * 3_600_000;

/** Kills the broker at chosen ones of its steps: a step is an exchange with a backend, a statement, or a pause. */
class Fate {
  readonly world: World;
  readonly brokers: Brokers;
  readonly reported: unknown[] = [];
  #doomed: ReadonlySet<number> = new Set();
  steps = 0;

  constructor(world: World, pool: PostgresPool) {
    this.world = world;
    this.brokers = new Brokers(this.#watched(), { pool: () => pool, report: (error) => this.reported.push(error) });
  }

  begin(doomed: readonly number[]): void {
    this.steps = 0;
    this.#doomed = new Set(doomed);
  }

  #watched(): World {
    const { net, driver } = this.world;
    const step = async <T>(work: Promise<T>): Promise<T> => {
      const number = this.steps++;
      const value = await work;
      if (this.#doomed.has(number)) this.#kill();
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
      driver: {
        sleep: (ms: number) => step(driver.sleep(ms)),
        track: <T>(work: Promise<T>) => step(driver.track(work)),
      } as World["driver"],
    };
  }

  #kill(): void {
    this.brokers.kill(SERVICE);
    void this.world.driver.sleep(DOWN_MS).then(() => this.brokers.restart(SERVICE));
  }
}

/** A platform that asks again until it is answered, and follows what it asked for to its end. */
class Customer {
  readonly #world: World;
  readonly #broker: RunningBroker;
  readonly #client: ReturnType<typeof osbClient>;
  readonly #ids: { readonly service_id: string; readonly plan_id: string };

  private constructor(world: World, broker: RunningBroker, ids: Customer["ids"]) {
    this.#world = world;
    this.#broker = broker;
    this.#client = osbClient(world.stage(world.plan.applications), broker);
    this.#ids = ids;
  }

  get ids(): { readonly service_id: string; readonly plan_id: string } {
    return this.#ids;
  }

  static async of(world: World, broker: RunningBroker): Promise<Customer> {
    const nobody = new Customer(world, broker, { service_id: "", plan_id: "" });
    const { services } = (await nobody.answered("GET", "/v2/catalog")).body as {
      services: [{ id: string; plans: [{ id: string }] }];
    };
    return new Customer(world, broker, { service_id: services[0].id, plan_id: services[0].plans[0].id });
  }

  async answered(
    method: string,
    path: string,
    body?: object,
    client = this.#client,
  ): Promise<OsbAnswer & { kind: "answer" }> {
    const stage = this.#world.stage(this.#world.plan.applications);
    return until(stage, `${method} ${path}`, 1000, ENDING_MS_MAX, async () => {
      const answer = await client.send(method, path, body);
      return answer.kind === "answer" && answer.status < 500 ? answer : undefined;
    });
  }

  async #state(path: string, isEnded: (answer: OsbAnswer & { kind: "answer" }) => string | undefined): Promise<string> {
    const stage = this.#world.stage(this.#world.plan.applications);
    return until(stage, path, 10_000, ENDING_MS_MAX, async () => isEnded(await this.answered("GET", path)));
  }

  /** Asks for something that the specification polls for. Answers with how it ended. */
  async ask(method: string, path: string, body?: object): Promise<string> {
    const isDeletion = method === "DELETE";
    const query = new URLSearchParams({ accepts_incomplete: "true", ...(isDeletion && this.ids) });
    const answer = await this.answered(method, `${path}?${String(query)}`, body && { ...this.ids, ...body });
    if (isDeletion && answer.status === 410) return "succeeded";
    if (answer.status !== 202) return answer.status < 300 ? "succeeded" : `${answer.status}`;
    return this.#state(`${path}/last_operation`, ({ status, body: { state } }) => {
      if (isDeletion && (status === 410 || status === 404)) return "succeeded";
      return state === "in progress" ? undefined : String(status === 200 ? state : status);
    });
  }

  /** Makes a backup or a restore and answers with its id and how it ended. */
  async make(collection: string, resource: string): Promise<{ readonly id: string; readonly state: string }> {
    const { body } = await this.answered("GET", resource);
    const before = (body[resource.split("/").at(-1) ?? ""] as { id: string }[]).length;
    const id = await until(this.#stage, collection, 1000, ENDING_MS_MAX, async () => {
      const known = (await this.answered("GET", resource)).body[resource.split("/").at(-1) ?? ""] as { id: string }[];
      if (known.length > before) return known.at(-1)?.id;
      const answer = await this.#client.send("POST", collection);
      return answer.kind === "answer" && answer.status === 202 ? String(answer.body.id) : undefined;
    });
    const state = await this.#state(`${resource}/${id}`, ({ body: view }) =>
      view.state === "queued" || view.state === "running" ? undefined : String(view.state),
    );
    return { id, state };
  }

  get #stage(): ReturnType<World["stage"]> {
    return this.#world.stage(this.#world.plan.applications);
  }

  async records(): Promise<readonly InstanceRecord[]> {
    const operator = osbClient(this.#stage, { ...this.#broker, ...this.#broker.operator });
    const { body } = await this.answered("GET", "/instances", undefined, operator);
    return body.instances as readonly InstanceRecord[];
  }
}

const OWNER = { organization_guid: "org", space_guid: "space", context: { platform: "cloudfoundry" } };

describe("a broker that is killed", () => {
  let fate: Fate;
  let customer: Customer;
  let lives = 0;

  beforeAll(async () => {
    const world = createWorld({ seed: 7, scramIterations: 1, journalEventsMax: 200 });
    fate = new Fate(world, embeddedPool());
    await world.run(async () => {
      await inception(world, { services: [SERVICE] });
      const [broker] = fate.brokers.list();
      if (broker !== undefined) customer = await Customer.of(world, broker);
    });
  });

  afterAll(() => fate.brokers.close());

  /** One whole life of an instance; what each step of it came to, and what it leaves. */
  const live = (doomed: readonly number[]): Promise<Readonly<Record<string, unknown>>> =>
    fate.world.run(async () => {
      const path = `/v2/service_instances/life-${++lives}`;
      const binding = `${path}/service_bindings/binding-${lives}`;
      const backups = `${path}/extensions/backup/backups`;
      const outcomes: Record<string, unknown> = {};
      fate.begin(doomed);
      outcomes.provision = await customer.ask("PUT", path, OWNER);
      outcomes.bind = await customer.ask("PUT", binding, { bind_resource: { app_guid: "app" } });
      const { id, state } = await customer.make(backups, backups);
      outcomes.backup = state;
      outcomes.update = await customer.ask("PATCH", path, { parameters: { max_connections: 20 + lives } });
      const restores = `${path}/extensions/backup/restores`;
      outcomes.restore = (await customer.make(`${backups}/${id}/restores`, restores)).state;
      outcomes.alive = brokenLaws(fate.world, await customer.records());
      outcomes.unbind = await customer.ask("DELETE", binding);
      outcomes.deprovision = await customer.ask("DELETE", path);
      outcomes.left = brokenLaws(fate.world, await customer.records());
      outcomes.records = (await customer.records()).length;
      return outcomes;
    });

  const WELL = {
    provision: "succeeded",
    bind: "succeeded",
    backup: "succeeded",
    update: "succeeded",
    restore: "succeeded",
    alive: [],
    unbind: "succeeded",
    deprovision: "succeeded",
    left: [],
    records: 0,
  };

  it("lives a whole life when nobody kills it", async () => {
    expect(await live([])).toEqual(WELL);
    expect(fate.steps).toBeGreaterThan(100);
  });

  it("goes on wherever it was, and leaves nothing behind", async () => {
    const stepsMax = fate.steps;
    const moments = fc.array(fc.nat(stepsMax - 1), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(moments, async (doomed) => {
        expect(await live(doomed)).toEqual(WELL);
        expect(fate.reported).toEqual([]);
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});
