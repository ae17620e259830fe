import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  AGENT_PORT,
  BROKER_PORT,
  CONSUL_DNS_PORT,
  CONSUL_HTTP_PORT,
  DIRECTOR_PORT,
} from "../../simulators/addresses.ts";
import { findBrokenLaws } from "../../simulators/laws.ts";
import { recordLaws } from "../laws/records.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { type OpenStackClient, openStackClient } from "../clients/openstack.ts";
import { inception } from "../story/inception.ts";
import { Brokers, type RunningBroker } from "./brokers.ts";
import type { ServiceName } from "../deployments/manifests.ts";
import { PersistentCustomer, OWNER } from "./testing.ts";

const BOOT_MS_MAX = 120_000;
const REPLICA_SMALL = "5d3b1c10-0000-4000-8000-000000000010";
const APP = { bind_resource: { app_guid: "app" } };

/** A world whose network can be watched: `seen` is called once a broker has been answered. */
interface Environment {
  readonly world: World;
  readonly brokers: Brokers;
  readonly admin: OpenStackClient;
  seen: () => void;
  readonly customerOf: (service: ServiceName) => Promise<PersistentCustomer>;
}

async function stageOf(services: readonly ServiceName[]): Promise<Environment> {
  const world = createWorld({ seed: 5, scramIterations: 1 });
  let answered = (): void => {};
  const watched = {
    ...world,
    net: {
      attach: world.net.attach.bind(world.net),
      fetchFrom: (source: string) => {
        const fetch = world.net.fetchFrom(source);
        return (...call: Parameters<typeof fetch>) => fetch(...call).finally(() => answered());
      },
    } as unknown as World["net"],
  };
  const brokers = new Brokers(watched);
  const admin = await world.run(async () => {
    await inception(world, { services });
    return openStackClient(world.environmentAt(world.plan.applications), world.credentials.openstackAdmin);
  });
  const brokerOf = (service: ServiceName): RunningBroker =>
    brokers.list().find((each) => each.service === service) as RunningBroker;
  return {
    world,
    brokers,
    admin,
    set seen(listener: () => void) {
      answered = listener;
    },
    customerOf: (service) => PersistentCustomer.of(world, brokerOf(service)),
  };
}

/** The addresses of VMs, by deployment. */
const vmsOf = ({ bosh }: World): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...bosh.state().deployments.values()].map(({ name, instances }) => [
      name,
      instances.flatMap(({ ips }) => ips.map(({ ip }) => ip)),
    ]),
  );

describe("a binding that can not be let in", () => {
  const INSTANCE = "/v2/service_instances/a";
  const BINDING = `${INSTANCE}/service_bindings/b`;
  let stage: Environment;
  let customer: PersistentCustomer;
  let project: string;

  const setQuota = (rules: number): Promise<unknown> =>
    stage.admin.call("network", "PUT", `/quotas/${project}`, { quota: { security_group_rule: rules } });
  /** From now on no rule can be made. */
  const useUpQuota = async (): Promise<void> => {
    const { quota } = (await stage.admin.call("network", "GET", `/quotas/${project}/details.json`)) as {
      quota: { security_group_rule: { used: number } };
    };
    await setQuota(quota.security_group_rule.used);
  };
  const canConnect = async (): Promise<boolean> => {
    const { body } = await customer.askUntilAnswered("GET", BINDING);
    const { host, port, username, password, name } = body.credentials as Readonly<Record<string, string>>;
    const address = stage.world.dns.resolve(host ?? "") ?? "";
    const login = { username: username ?? "", password: password ?? "", database: name ?? "" };
    try {
      stage.world.dataservices.session(stage.world.plan.applications, address, Number(port), login).close();
      return true;
    } catch {
      return false;
    }
  };
  const leftovers = async (): Promise<unknown> => {
    const records = await customer.records();
    return [...findBrokenLaws(stage.world, recordLaws(records)), ...records.flatMap(({ bindings }) => bindings)];
  };

  beforeAll(async () => {
    stage = await stageOf(["postgresql"]);
    await stage.world.run(async () => {
      customer = await stage.customerOf("postgresql");
      const { projects } = (await stage.admin.call("identity", "GET", "/projects?name=platform")) as {
        projects: readonly { id: string }[];
      };
      project = projects[0]?.id ?? "";
      expect(await customer.ask("PUT", INSTANCE, OWNER)).toBe("succeeded");
    });
  }, BOOT_MS_MAX);

  it("fails and leaves nothing behind, and is made once there is room for its rule", async () => {
    await stage.world.run(async () => {
      await useUpQuota();
      expect(await customer.ask("PUT", BINDING, APP)).toBe("failed");
      expect(await leftovers()).toEqual([]);
      expect((await customer.askUntilAnswered("GET", BINDING)).status).toBe(404);
      expect(await customer.ask("DELETE", BINDING)).toBe("succeeded");
      await setQuota(-1);
      expect(await customer.ask("PUT", BINDING, APP)).toBe("succeeded");
      expect(await canConnect()).toBe(true);
      expect(await customer.ask("DELETE", BINDING)).toBe("succeeded");
      expect(await leftovers()).toEqual([]);
    });
  });

  it("is unbound although no rule can be made", async () => {
    await stage.world.run(async () => {
      expect(await customer.ask("PUT", BINDING, APP)).toBe("succeeded");
      await useUpQuota();
      expect(await customer.ask("DELETE", BINDING)).toBe("succeeded");
      expect(await leftovers()).toEqual([]);
      await setQuota(-1);
    });
  });

  it(
    "ends the same way wherever the broker is killed",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }), (moments) =>
          stage.world.run(async () => {
            let answers = 0;
            stage.seen = () => {
              if (!moments.includes(answers++)) return;
              stage.brokers.kill("postgresql");
              void stage.world.driver.sleep(5000).then(() => stage.brokers.restart("postgresql"));
            };
            await useUpQuota();
            expect(await customer.ask("PUT", BINDING, APP)).toBe("failed");
            stage.seen = () => {};
            expect(await leftovers()).toEqual([]);
            await setQuota(-1);
            expect(await customer.ask("PUT", BINDING, APP)).toBe("succeeded");
            expect(await canConnect()).toBe(true);
            expect(await customer.ask("DELETE", BINDING)).toBe("succeeded");
            expect(await leftovers()).toEqual([]);
          }),
        ),
        { numRuns: 12 },
      );
    },
    BOOT_MS_MAX,
  );
});

describe("who reaches whom", () => {
  const PORTS = [22, 2822, AGENT_PORT, 5432, 6379, BROKER_PORT, CONSUL_HTTP_PORT, CONSUL_DNS_PORT, DIRECTOR_PORT];
  let world: World;
  let vms: ReadonlyMap<string, readonly string[]>;
  /** Deployments by what they are. */
  const deployment: Record<string, string> = {};

  /** Every pair of VMs of different deployments, or of one, with the ports at which the second lets the first in. */
  const openings = (from: readonly string[], to: readonly string[]): ReadonlySet<number> =>
    new Set(
      from.flatMap((source) =>
        to.flatMap((target) => (source === target ? [] : PORTS.filter((port) => world.admits(source, target, port)))),
      ),
    );
  const of = (name: string): readonly string[] => vms.get(deployment[name] ?? name) ?? [];

  beforeAll(async () => {
    const stage = await stageOf(["postgresql", "redis"]);
    ({ world } = stage);
    await world.run(async () => {
      const [pg, redis] = [await stage.customerOf("postgresql"), await stage.customerOf("redis")];
      const made = async (name: string, customer: PersistentCustomer, body: object): Promise<void> => {
        const known = new Set(world.bosh.state().deployments.keys());
        expect(await customer.ask("PUT", `/v2/service_instances/${name}`, { ...OWNER, ...body })).toBe("succeeded");
        deployment[name] = [...world.bosh.state().deployments.keys()].find((each) => !known.has(each)) ?? "";
      };
      await made("bound", pg, {});
      await made("unbound", pg, {});
      await made("cluster", pg, { plan_id: REPLICA_SMALL });
      await made("cache", redis, {});
      expect(await pg.ask("PUT", "/v2/service_instances/bound/service_bindings/b", APP)).toBe("succeeded");
      expect(findBrokenLaws(world, recordLaws([...(await pg.records()), ...(await redis.records())]))).toEqual([]);
    });
    vms = vmsOf(world);
  }, BOOT_MS_MAX);

  const INSTANCES = ["bound", "unbound", "cluster", "cache"];
  const OWN_BROKER: Readonly<Record<string, string>> = {
    bound: "postgresql-service",
    unbound: "postgresql-service",
    cluster: "postgresql-service",
    cache: "redis-service",
  };

  it("no instance reaches another one at any port", () => {
    for (const from of INSTANCES)
      for (const to of INSTANCES)
        if (from !== to) expect([from, to, [...openings(of(from), of(to))]]).toEqual([from, to, []]);
  });

  it("the nodes of one instance reach each other at the service's port alone", () => {
    expect(of("cluster")).toHaveLength(3);
    expect([...openings(of("cluster"), of("cluster"))]).toEqual([5432]);
  });

  it("of the platform's VMs only the instance's own control plane reaches it, at its agent alone", () => {
    const platform = [...vms.keys()].filter((name) => !Object.values(deployment).includes(name));
    expect(platform).toHaveLength(6);
    for (const to of INSTANCES) {
      for (const from of platform) {
        const expected = from === OWN_BROKER[to] ? [AGENT_PORT] : [];
        expect([from, to, [...openings(of(from), of(to))]]).toEqual([from, to, expected]);
      }
      expect([...openings([world.directorAddress, `${world.plan.block}.0.5`], of(to))]).toEqual([]);
    }
  });

  it("applications reach an instance that is bound, at the service's port alone", () => {
    const apps = [world.plan.applications];
    expect(INSTANCES.map((to) => [...openings(apps, of(to))])).toEqual([[5432], [], [], []]);
    expect(INSTANCES.flatMap((to) => [...openings(["127.0.0.2"], of(to))])).toEqual([]);
  });

  it("an instance reaches nothing of the platform but its names", () => {
    const platform = [...vms.keys()].filter((name) => !Object.values(deployment).includes(name));
    for (const from of INSTANCES)
      for (const to of platform) {
        const expected = to === "consul-dns" ? [CONSUL_DNS_PORT] : [];
        expect([from, to, [...openings(of(from), of(to))]]).toEqual([from, to, expected]);
      }
    expect([...openings(of("bound"), [world.directorAddress])]).toEqual([]);
  });
});
