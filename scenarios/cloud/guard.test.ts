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

const BOOT_MS_MAX = 600_000;
const REPLICA_SMALL = "5d3b1c10-0000-4000-8000-000000000010";
const APP = { bind_resource: { app_guid: "app" } };

/** A world whose network is watched: `onAnswered` is called each time a broker has got an answer. */
interface WatchedWorld {
  readonly world: World;
  readonly brokers: Brokers;
  readonly admin: OpenStackClient;
  onAnswered: () => void;
  readonly customerOf: (service: ServiceName) => Promise<PersistentCustomer>;
}

async function prepareWatchedWorld(services: readonly ServiceName[]): Promise<WatchedWorld> {
  const world = createWorld({ seed: 5, scramIterations: 1 });
  let onAnswer = (): void => {};
  const watched = {
    ...world,
    net: {
      attach: world.net.attach.bind(world.net),
      fetchFrom: (source: string) => {
        const fetch = world.net.fetchFrom(source);
        return (...call: Parameters<typeof fetch>) => fetch(...call).finally(() => onAnswer());
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
    set onAnswered(listener: () => void) {
      onAnswer = listener;
    },
    customerOf: (service) => PersistentCustomer.of(world, brokerOf(service)),
  };
}

/** Addresses of VMs, by deployment. */
const vmsOf = ({ bosh }: World): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...bosh.state().deployments.values()].map(({ name, instances }) => [
      name,
      instances.flatMap(({ ips }) => ips.map(({ ip }) => ip)),
    ]),
  );

describe("a binding for which data guard can't create a rule", () => {
  const INSTANCE = "/v2/service_instances/a";
  const BINDING = `${INSTANCE}/service_bindings/b`;
  let watchedWorld: WatchedWorld;
  let customer: PersistentCustomer;
  let project: string;

  const setQuota = (rules: number): Promise<unknown> =>
    watchedWorld.admin.call("network", "PUT", `/quotas/${project}`, { quota: { security_group_rule: rules } });
  /** Leaves no room for another rule. */
  const useUpQuota = async (): Promise<void> => {
    const { quota } = (await watchedWorld.admin.call("network", "GET", `/quotas/${project}/details.json`)) as {
      quota: { security_group_rule: { used: number } };
    };
    await setQuota(quota.security_group_rule.used);
  };
  const canConnect = async (): Promise<boolean> => {
    const { body } = await customer.askUntilAnswered("GET", BINDING);
    const { host, port, username, password, name } = body.credentials as Readonly<Record<string, string>>;
    const address = watchedWorld.world.dns.resolve(host ?? "") ?? "";
    const login = { username: username ?? "", password: password ?? "", database: name ?? "" };
    try {
      watchedWorld.world.dataservices
        .session(watchedWorld.world.plan.applications, address, Number(port), login)
        .close();
      return true;
    } catch {
      return false;
    }
  };
  const leftovers = async (): Promise<unknown> => {
    const records = await customer.records();
    return [...findBrokenLaws(watchedWorld.world, recordLaws(records)), ...records.flatMap(({ bindings }) => bindings)];
  };

  beforeAll(async () => {
    watchedWorld = await prepareWatchedWorld(["postgresql"]);
    await watchedWorld.world.run(async () => {
      customer = await watchedWorld.customerOf("postgresql");
      const { projects } = (await watchedWorld.admin.call("identity", "GET", "/projects?name=platform")) as {
        projects: readonly { id: string }[];
      };
      project = projects[0]?.id ?? "";
      expect(await customer.ask("PUT", INSTANCE, OWNER)).toBe("succeeded");
    });
  }, BOOT_MS_MAX);

  it("fails and leaves nothing behind, and succeeds once there is room for its rule", async () => {
    await watchedWorld.world.run(async () => {
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

  it("can be removed although no rule can be created", async () => {
    await watchedWorld.world.run(async () => {
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
          watchedWorld.world.run(async () => {
            let answers = 0;
            watchedWorld.onAnswered = () => {
              if (!moments.includes(answers++)) return;
              watchedWorld.brokers.kill("postgresql");
              void watchedWorld.world.driver.sleep(5000).then(() => watchedWorld.brokers.restart("postgresql"));
            };
            await useUpQuota();
            expect(await customer.ask("PUT", BINDING, APP)).toBe("failed");
            watchedWorld.onAnswered = () => {};
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

describe("on the platform's network", () => {
  const PORTS = [22, 2822, AGENT_PORT, 5432, 6379, BROKER_PORT, CONSUL_HTTP_PORT, CONSUL_DNS_PORT, DIRECTOR_PORT];
  let world: World;
  let vms: ReadonlyMap<string, readonly string[]>;
  /** The deployment of each service instance, by the name that the instance has here. */
  const deployment: Record<string, string> = {};

  /** The ports at which any of the VMs `to` admits another of the VMs `from`. */
  const openings = (from: readonly string[], to: readonly string[]): ReadonlySet<number> =>
    new Set(
      from.flatMap((source) =>
        to.flatMap((target) => (source === target ? [] : PORTS.filter((port) => world.admits(source, target, port)))),
      ),
    );
  const of = (name: string): readonly string[] => vms.get(deployment[name] ?? name) ?? [];

  beforeAll(async () => {
    const watchedWorld = await prepareWatchedWorld(["postgresql", "redis"]);
    ({ world } = watchedWorld);
    await world.run(async () => {
      const [pg, redis] = [await watchedWorld.customerOf("postgresql"), await watchedWorld.customerOf("redis")];
      const provision = async (name: string, customer: PersistentCustomer, body: object): Promise<void> => {
        const known = new Set(world.bosh.state().deployments.keys());
        expect(await customer.ask("PUT", `/v2/service_instances/${name}`, { ...OWNER, ...body })).toBe("succeeded");
        deployment[name] = [...world.bosh.state().deployments.keys()].find((each) => !known.has(each)) ?? "";
      };
      await provision("bound", pg, {});
      await provision("unbound", pg, {});
      await provision("cluster", pg, { plan_id: REPLICA_SMALL });
      await provision("cache", redis, {});
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

  it("no instance reaches another at any port", () => {
    for (const from of INSTANCES)
      for (const to of INSTANCES)
        if (from !== to) expect([from, to, [...openings(of(from), of(to))]]).toEqual([from, to, []]);
  });

  it("the nodes of one instance reach each other only at the service's port", () => {
    expect(of("cluster")).toHaveLength(3);
    expect([...openings(of("cluster"), of("cluster"))]).toEqual([5432]);
  });

  it("an instance's own control plane reaches only its agent, and no other VM of the platform reaches it at all", () => {
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

  it("applications reach an instance that has a binding, and only at the service's port", () => {
    const apps = [world.plan.applications];
    expect(INSTANCES.map((to) => [...openings(apps, of(to))])).toEqual([[5432], [], [], []]);
    expect(INSTANCES.flatMap((to) => [...openings(["127.0.0.2"], of(to))])).toEqual([]);
  });

  it("an instance reaches nothing of the platform but its DNS", () => {
    const platform = [...vms.keys()].filter((name) => !Object.values(deployment).includes(name));
    for (const from of INSTANCES)
      for (const to of platform) {
        const expected = to === "consul-dns" ? [CONSUL_DNS_PORT] : [];
        expect([from, to, [...openings(of(from), of(to))]]).toEqual([from, to, expected]);
      }
    expect([...openings(of("bound"), [world.directorAddress])]).toEqual([]);
  });
});
