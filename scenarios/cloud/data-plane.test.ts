import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  backupSuite,
  certify,
  type CertifyOptions,
  type CertifySummary,
  isolationSuite,
} from "../../conformance/index.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { openStackClient } from "../clients/openstack.ts";
import { sliceOf } from "../../scripts/tests/slice.ts";
import { inception } from "../story/inception.ts";
import { referenceBackend } from "./backend.ts";
import { Brokers } from "./brokers.ts";
import { bootCloud, type Cloud } from "./cloud.ts";
import { liveDataPlane, virtualDataPlane } from "./data-plane.ts";

/** Limit, in ms, for work that takes seconds on an idle machine. */
const PATIENCE_MS = 600_000;

const SUITES = [backupSuite, isolationSuite];

const portsOf = (port: number): object => ({ protocol: "tcp", port_range_min: port, port_range_max: port });

const verdictsOf = ({ results }: CertifySummary): Readonly<Record<string, string>> =>
  Object.fromEntries(results.map(({ check, verdict }) => [check.id, verdict]));
/** Checks of each kind that the reference broker must pass, of which npm test takes a tenth; both suites as a whole take a minute. */
const HELD = sliceOf(
  "BK-01 BK-02 BK-05 BK-06 BK-10 BK-11 BK-12 BK-13 BK-14 BK-15 BK-16 BK-19 BK-20 BK-21 BK-23 BK-24 BK-41 BK-42 BK-43 BK-45 BK-47 BK-48 IS-01 IS-04 IS-06 IS-07 IS-12 IS-16 IS-22 IS-23 IS-24 IS-25 IS-26 IS-27 IS-43 IS-48 IS-58 IS-59 IS-60 IS-61 IS-65".split(
    " ",
  ),
  10,
);
/** Checks for which this cloud has hooks. */
const HOOKED =
  "BK-33 BK-08 BK-31 BK-32 BK-34 BK-35 BK-36 BK-37 BK-38 BK-40 BK-44 BK-46 IS-28 IS-30 IS-44 IS-45 IS-46 IS-47 IS-55 IS-56 IS-62 IS-63 IS-66 IS-67".split(
    " ",
  );
const passOf = (ids: readonly string[]): object => Object.fromEntries(ids.map((id) => [id, "pass"]));

/** The remains of service instances in a world: data services on VMs, and their disks. */
function findRemains(world: World): readonly string[] {
  return [...world.dataservices.instances().map(({ deployment }) => deployment), ...world.dataservices.disks()];
}

interface CertifiableWorld {
  readonly world: World;
  certify(options?: Partial<CertifyOptions>): Promise<CertifySummary>;
}

/** Makes a world without sockets, with the platform on it, whose broker can be certified as a vendor would. */
async function prepareVirtualWorld(seed: number): Promise<CertifiableWorld> {
  const world = createWorld({ seed, scramIterations: 1 });
  const defects: unknown[] = [];
  const brokers = new Brokers(world, { report: (error) => defects.push(error) });
  await world.run(() => inception(world, { services: ["postgresql"] }));
  const [broker] = brokers.list();
  if (broker === undefined) throw new Error("no broker");
  const environment = world.environmentAt(world.plan.applications);
  const ids = world.secretsOf("conformance");
  const { url, username, password } = broker;
  const options: CertifyOptions = {
    url,
    username,
    password,
    profile: "osb-2.17",
    suites: SUITES,
    fetch: (to, init) => environment.fetch(to, init),
    clock: { nowMs: () => environment.nowMs(), sleepMs: (ms) => environment.sleepMs(ms) },
    newId: () => ids.uuid(),
    data: virtualDataPlane(world),
  };
  return {
    world,
    certify: async (changes = {}) => {
      const summary = await world.run(() => certify({ ...options, ...changes }));
      expect(defects).toEqual([]);
      return summary;
    },
  };
}

describe("the backup and isolation suites on the reference broker, on virtual time", () => {
  const SOME = ["BK-48", "IS-06", "IS-43"];
  const OTHERS = HELD.filter((id) => !SOME.includes(id));
  let stand: CertifiableWorld;
  let digest: string;
  let some: CertifySummary;
  let others: CertifySummary;

  beforeAll(async () => {
    stand = await prepareVirtualWorld(1);
    some = await stand.certify({ only: SOME });
    ({ digest } = stand.world.kernel.journal);
    others = await stand.certify({ only: OTHERS, maxInstances: 10 });
  }, PATIENCE_MS);

  it("pass every check and leave nothing behind", () => {
    expect({ ...verdictsOf(some), ...verdictsOf(others) }).toEqual(passOf([...SOME, ...OTHERS]));
    expect([...some.leftBehind, ...others.leftBehind, ...findRemains(stand.world)]).toEqual([]);
  });

  it(
    "repeat every event for the same seed",
    async () => {
      const again = await prepareVirtualWorld(1);
      await again.certify({ only: SOME });
      expect(again.world.kernel.journal.digest).toBe(digest);
    },
    PATIENCE_MS,
  );

  it("pass what takes an operator, who breaks the store, agents and VMs, and looks where no tenant can", async () => {
    const only = sliceOf(HOOKED, 12);
    const summary = await stand.certify({ only, backend: referenceBackend(stand.world, "postgresql") });
    expect(verdictsOf(summary)).toEqual(passOf(only));
  });

  const DEFECTS = [
    ["dump lost-tail", "BK-10"],
    ["dump wrong-neighbour", "BK-10"],
    ["restore append", "BK-11"],
    ["restore wrong-neighbour", "BK-48"],
    ["credentials keep", "IS-24"],
    ["credentials everywhere", "IS-25"],
  ] as const;
  it.each(sliceOf(DEFECTS, 3))('notice the defect "%s" of a data service with %s', async (defect, check) => {
    const { faults } = stand.world.kernel;
    const id = faults.arm({
      point: `dataservice:${defect}`,
      count: null,
      effect: { kind: "error", message: "planted" },
    });
    const summary = await stand.certify({ only: [check] });
    faults.disarm(id);
    expect(verdictsOf(summary)).toEqual({ [check]: "fail" });
    expect(findRemains(stand.world)).toEqual([]);
  });

  it.each([
    ["admits the network of the instances", "serviceInstances", {}, ["IS-43", "IS-48"]],
    ["opens the agents to the network of the instances", "serviceInstances", portsOf(3100), ["IS-48"]],
    ["opens the service's port to VMs of its own kind", "group", portsOf(5432), ["IS-43", "IS-48"]],
  ] as const)("notice a group of all instances that %s", async (_what, peer, ports, noticing) => {
    const { world } = stand;
    const { openstackAdmin, cpi } = world.credentials;
    const forget = await world.run(async () => {
      const operator = await openStackClient(world.environmentAt(world.plan.applications), {
        ...openstackAdmin,
        ...cpi,
      });
      const { security_groups: found } = (await operator.call(
        "network",
        "GET",
        "/security-groups?name=service-instances",
      )) as {
        security_groups: readonly { id: string }[];
      };
      const id = found[0]?.id;
      const from = peer === "group" ? { remote_group_id: id } : { remote_ip_prefix: world.plan[peer].cidr };
      const rule = { security_group_id: id, direction: "ingress", ethertype: "IPv4", ...ports, ...from };
      const { security_group_rule: made } = (await operator.call("network", "POST", "/security-group-rules", {
        security_group_rule: rule,
      })) as { security_group_rule: { id: string } };
      return () => operator.call("network", "DELETE", `/security-group-rules/${made.id}`);
    });
    const summary = await stand.certify({ only: ["IS-43", "IS-48"] });
    await world.run(forget);
    const failed = Object.entries(verdictsOf(summary)).filter(([, verdict]) => verdict === "fail");
    expect(failed.map(([id]) => id)).toEqual(noticing);
  });

  it("can locate an instance before its first binding", async () => {
    const { world } = stand;
    // A check that could not locate the instance says so in its reason for passing.
    expect(some.results.find(({ check }) => check.id === "IS-43")?.reason).toBeUndefined();
    const plane = virtualDataPlane(world);
    expect(await world.run(async () => plane.locate?.("no-such-instance"))).toBeUndefined();
  });
});

describe("the backup and isolation suites on the reference broker, with real clients", () => {
  let cloud: Cloud;
  const ends = new AsyncDisposableStack();

  beforeAll(async () => {
    cloud = await bootCloud({ seed: 1, services: ["postgresql"] });
    ends.defer(() => cloud.close());
  }, PATIENCE_MS);
  afterAll(() => ends.disposeAsync());

  it(
    "pass over HTTP and PostgreSQL and leave nothing behind",
    async ({ skip }) => {
      const missing = await cloud.sockets.plane.prepare().then(
        () => undefined,
        (error: unknown) => String(error),
      );
      if (missing !== undefined) return skip(`no PostgreSQL server on this machine: ${missing}`);
      const [broker] = cloud.brokers.list();
      if (broker === undefined) throw new Error("no broker");
      const { ip, username, password } = broker;
      const data = liveDataPlane(cloud.world);
      const url = `http://${ip}:3000`;
      // These behave differently on real sockets; the others use only the broker's API.
      const only = sliceOf(["BK-11", "BK-10", "BK-12", "BK-48", "IS-06", "IS-25", "IS-43", "IS-48"], 5);
      const summary = await certify({ url, username, password, suites: SUITES, data, only });
      expect(verdictsOf(summary)).toEqual(passOf(only));
      expect([summary.exitCode, summary.leftBehind, findRemains(cloud.world)]).toEqual([0, [], []]);
    },
    PATIENCE_MS,
  );
});
