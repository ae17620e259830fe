import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createWorld, type World } from "../../simulators/world.ts";
import type { BrokerConfig } from "../../broker/index.ts";
import type { DirectorClient } from "../clients/director.ts";
import { type OsbClient, osbClient, type OsbReply } from "../clients/osb.ts";
import { releaseTarball, stemcellTarball } from "../deployments/artifacts.ts";
import { STEMCELL } from "../deployments/manifests.ts";
import { RELEASES } from "../deployments/releases.ts";
import { pollUntil } from "../poll.ts";
import { inception } from "../story/inception.ts";
import { Brokers, type RunningBroker } from "./brokers.ts";
import { CLASSIC_PLANS, planNames } from "./offers.ts";
import { OWNER, PersistentCustomer } from "./testing.ts";

const BOOT_MS_MAX = 300_000;
const ENDING_MS_MAX = 12 * 3_600_000;
const INSTANCES = ["a", "b", "c", "d"];

type Maintenance = NonNullable<BrokerConfig["maintenance"]>;

const maintenance = (version: string, stemcell: string, release: string): Maintenance => ({
  version,
  description: `Stemcell ${stemcell}, release ${release}.`,
  stemcell: { os: STEMCELL.operatingSystem, version: stemcell },
  releases: { "a9s-postgresql": release, "consul-dns": "1" },
});

interface Deployed {
  readonly releases: readonly { readonly name: string; readonly version: string }[];
  readonly stemcells: readonly { readonly version: string }[];
}

describe("a rollout", () => {
  let world: World;
  let brokers: Brokers;
  let broker: RunningBroker;
  let customer: PersistentCustomer;
  let operator: OsbClient;
  let director: DirectorClient;
  let made = maintenance("1.0.0", "1.500", "1");

  beforeAll(async () => {
    world = createWorld({ seed: 5, scramIterations: 1, journalEventsMax: 200 });
    const catalog = { plans: planNames("postgresql", [...CLASSIC_PLANS, "single-nano"]) };
    brokers = new Brokers(world, {
      offers: () => ({ catalog, maintenance: made, quotas: { broker: 5, plans: { "postgresql-single-big": 1 } } }),
    });
    await world.run(async () => {
      ({ director } = await inception(world, { services: ["postgresql"] }));
      const [only] = brokers.list();
      if (only === undefined) throw new Error("no broker has been deployed");
      broker = only;
      customer = await PersistentCustomer.of(world, broker);
      const environment = world.environmentAt(world.plan.applications);
      operator = osbClient(environment, { ...broker, ...broker.operator });
      for (const name of INSTANCES)
        expect(await customer.ask("PUT", `/v2/service_instances/${name}`, OWNER)).toBe("succeeded");
    });
  }, BOOT_MS_MAX);
  afterAll(() => brokers?.close());

  const get = (path: string, client?: OsbClient): Promise<OsbReply> =>
    customer.askUntilAnswered("GET", path, undefined, client);
  const versionOf = async (id: string): Promise<unknown> =>
    (await get(`/v2/service_instances/${id}`)).body.maintenance_info;
  const readDeployed = async (id: string): Promise<Deployed> => {
    const record = (await customer.records()).find((each) => each.id === id);
    return parse(await manifestOf(record?.deployment ?? "")) as Deployed;
  };
  const manifestOf = async (deployment: string): Promise<string> => {
    const { url, client, clientSecret } = world.credentials.director;
    const login = Buffer.from(`${client}:${clientSecret}`).toString("base64");
    const environment = world.environmentAt(world.plan.applications);
    const answer = await environment.fetch(`${url}/deployments/${deployment}`, {
      headers: { authorization: `Basic ${login}` },
    });
    return ((await answer.json()) as { manifest: string }).manifest;
  };
  /** Starts the broker again with something else to make instances of. */
  const release = (next: Maintenance): void => {
    made = next;
    brokers.restart("postgresql");
  };
  const roll = (order: object): Promise<OsbReply["body"]> =>
    world.run(async () => {
      const { status, body } = await customer.askUntilAnswered("POST", "/operator/rollouts", order, operator);
      expect(status).toBe(202);
      return pollUntil(world.environmentAt(world.plan.applications), "the rollout", 10_000, ENDING_MS_MAX, async () => {
        const { body: view } = await get(`/operator/rollouts/${String(body.id)}`, operator);
        return view.state === "running" ? undefined : view;
      });
    });

  it("stops at the first failure, which is undone, and touches nothing else", async () => {
    release(maintenance("2.0.0", "9.999", "1"));
    const end = await roll({ wave: 3 });
    expect(end).toMatchObject({ state: "stopped", waves: 1, updated: 0, failed: [{ id: "a" }], skipped: [] });
    await world.run(async () => {
      for (const id of INSTANCES) {
        expect(await versionOf(id)).toEqual({ version: "1.0.0" });
        expect((await readDeployed(id)).stemcells).toMatchObject([{ version: "1.500" }]);
      }
    });
  });

  it("updates every instance in waves, except those out of use", async () => {
    await world.run(async () => {
      const { name, operatingSystem } = STEMCELL;
      await director.uploadStemcell(await stemcellTarball(name, "1.501", operatingSystem));
      const [spec] = RELEASES.filter((each) => each.name === "a9s-postgresql");
      if (spec === undefined) throw new Error("there is no release a9s-postgresql");
      await director.uploadRelease(await releaseTarball({ ...spec, version: "2" }));
      await customer.askUntilAnswered("PUT", "/operator/instances/c/quarantine", { reason: "a test" }, operator);
    });
    release(maintenance("2.0.1", "1.501", "2"));
    const end = await roll({ wave: 2 });
    expect(end).toMatchObject({ state: "incomplete", waves: 3, updated: 3, failed: [], skipped: [{ id: "c" }] });
    await world.run(async () => {
      expect(await readDeployed("d")).toMatchObject({
        releases: [{ name: "a9s-postgresql", version: "2" }, { version: "1" }],
        stemcells: [{ version: "1.501" }],
      });
      expect(await versionOf("d")).toEqual({ version: "2.0.1" });
      expect((await readDeployed("c")).stemcells).toMatchObject([{ version: "1.500" }]);
    });
  });

  it("is not triggered by an update of parameters, but by one with maintenance_info", async () => {
    await world.run(async () => {
      await customer.askUntilAnswered("DELETE", "/operator/instances/c/quarantine", undefined, operator);
      const path = "/v2/service_instances/c";
      expect(await customer.ask("PATCH", path, { parameters: { max_connections: 200 } })).toBe("succeeded");
      expect((await readDeployed("c")).stemcells).toMatchObject([{ version: "1.500" }]);
      expect(await customer.ask("PATCH", path, { maintenance_info: { version: "1.0.0" } })).toBe("422");
      expect(await customer.ask("PATCH", path, { maintenance_info: { version: "2.0.1" } })).toBe("succeeded");
      expect((await readDeployed("c")).stemcells).toMatchObject([{ version: "1.501" }]);
    });
    expect(await roll({})).toMatchObject({ state: "succeeded", waves: 0, updated: 0 });
  });

  it("does not begin twice, and refuses malformed orders", async () => {
    await world.run(async () => {
      for (const order of [{ wave: 0 }, { wave: "2" }, { canaries: 1 }])
        expect(await customer.askUntilAnswered("POST", "/operator/rollouts", order, operator)).toMatchObject({
          status: 400,
        });
      expect(await get("/operator/rollouts/unknown", operator)).toMatchObject({ status: 404 });
      expect(await get("/operator/rollouts")).toMatchObject({ status: 401 });
    });
  });

  it("is not stopped by a quota, which refuses one instance too many with its own code", async () => {
    await world.run(async () => {
      const order = (id: string, plan: string): Promise<OsbReply> =>
        customer.askUntilAnswered("PUT", `/v2/service_instances/${id}?accepts_incomplete=true`, {
          ...customer.ids,
          ...OWNER,
          plan_id: plan,
        });
      const big = "5d3b1c10-0000-4000-8000-000000000001";
      const grow = (id: string): Promise<string> =>
        customer.ask("PATCH", `/v2/service_instances/${id}`, { plan_id: big });
      // Of two concurrent changes of plan, one gets the last place.
      const both = await Promise.all([grow("a"), grow("b")]);
      expect(both.toSorted()).toEqual(["422", "succeeded"]);
      expect(await order("e", big)).toMatchObject({ status: 422, body: { error: "QuotaExceeded" } });
      const answers = await Promise.all(["e", "f", "g"].map((id) => order(id, customer.ids.plan_id)));
      expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(["202", "422", "422"]);
      const refused = answers.find(({ status }) => status === 422);
      expect(refused?.body).toMatchObject({
        error: "QuotaExceeded",
        description: expect.stringContaining("the broker"),
      });
      expect((await customer.records()).length).toBe(5);
    });
  });
});
