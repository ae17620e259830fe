import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { BackendError, FinalError } from "../errors.ts";
import { FakeHost, TEST_CONFIG } from "../testing.ts";
import { FakeNeutron, portOf } from "./testing.ts";
import { type Guard, SecurityGroupGuard } from "./guard.ts";
import { neutronOf } from "./neutron.ts";
import { openProject } from "../openstack/project.ts";

const A = { id: "a", nodes: 1 };
const CLUSTER = { id: "a", nodes: 3 };
const AGENT = "10.9.0.9/32:3100";
const APPS = "10.0.0.0/24";

describe("data guard", () => {
  let neutron: FakeNeutron;
  let host: FakeHost;
  let guard: Guard;

  beforeEach(() => {
    neutron = new FakeNeutron();
    host = new FakeHost(neutron.answer);
    const options = { servicePort: 5432, agentPort: 3100, managers: ["10.9.0.9/32"] };
    guard = new SecurityGroupGuard(neutronOf(openProject(TEST_CONFIG, host)), host, options);
  });

  it("gives an instance's VMs a group of their own, once, which admits whoever manages them", async () => {
    await guard.protect(A, ["vm-1"]);
    await guard.protect(A, ["vm-1"]);
    expect(neutron.groups.map(({ name }) => name)).toEqual(["guard_a"]);
    expect(neutron.ports.map(({ security_groups: groups }) => groups)).toEqual([["default", "g1"], ["default"]]);
    expect(neutron.open).toEqual([AGENT]);
  });

  it("admits the nodes of an instance to each other, whatever else is opened and closed", async () => {
    const peers = "g1:5432";
    await guard.protect(CLUSTER, ["vm-1", "vm-2"]);
    expect(neutron.open).toEqual([AGENT, peers]);
    await guard.admit(CLUSTER, [APPS]);
    await guard.narrow("a", []);
    expect(neutron.open).toEqual([AGENT, peers]);
    await guard.admit(CLUSTER, []);
    expect(neutron.open).toEqual([AGENT, peers]);
  });

  it("opens the service's port to the admitted networks, and closes it when there are none", async () => {
    await guard.admit(A, [APPS, "10.0.1.0/24"]);
    expect(neutron.open).toEqual([AGENT, `${APPS}:5432`, "10.0.1.0/24:5432"]);
    await guard.admit(A, ["10.0.1.0/24"]);
    expect(neutron.open).toEqual([AGENT, "10.0.1.0/24:5432"]);
    await guard.narrow("a", []);
    await guard.narrow("a", []);
    expect(neutron.open).toEqual([AGENT]);
    await guard.narrow("never-made", []);
    expect(neutron.groups).toHaveLength(1);
  });

  it("closes what somebody else has opened, and mistakes no other rule for the wanted one", async () => {
    await guard.protect(A, []);
    const [group] = neutron.groups;
    neutron.makeRule(group, {});
    neutron.makeRule(group, { protocol: "udp", port_range_min: 5432, port_range_max: 5432, remote_ip_prefix: APPS });
    neutron.makeRule(group, { protocol: "tcp", port_range_min: 5432, port_range_max: 6000, remote_ip_prefix: APPS });
    neutron.makeRule(group, { protocol: "tcp", port_range_min: 5432, port_range_max: 5432, ethertype: "IPv6" });
    await guard.admit(A, [APPS]);
    expect(neutron.open).toEqual([AGENT, `${APPS}:5432`]);
    expect(group?.security_group_rules.at(-1)).toMatchObject({ protocol: "tcp", port_range_max: 5432 });
  });

  it("recognizes a network however it is written", async () => {
    await guard.protect(A, []);
    const ports = { protocol: "tcp", port_range_min: 5432, port_range_max: 5432 };
    neutron.makeRule(neutron.groups[0], { ...ports, remote_ip_prefix: "10.0.0.7/24" });
    await guard.admit(A, ["10.0.0.9/24"]);
    expect(neutron.open).toEqual([AGENT, "10.0.0.7/24:5432"]);
  });

  it("creates nothing twice when answers are lost", async () => {
    neutron.lost = 2;
    await guard.protect(A, ["vm-1"]);
    neutron.lost = 1;
    await guard.admit(A, [APPS]);
    expect(neutron.groups).toHaveLength(1);
    expect(neutron.open).toEqual([AGENT, `${APPS}:5432`]);
  });

  it("reports a rule that can't be created, and creates it once it can", async () => {
    await guard.protect(A, ["vm-1"]);
    neutron.rulesMax = 2;
    await expect(guard.admit(A, [APPS])).rejects.toThrow(/OverQuota/);
    await expect(guard.admit(A, [APPS])).rejects.toBeInstanceOf(FinalError);
    expect(neutron.open).toEqual([AGENT]);
    neutron.rulesMax = 3;
    await guard.admit(A, [APPS]);
    expect(neutron.open).toEqual([AGENT, `${APPS}:5432`]);
  });

  it("can close an instance although the quota is used up", async () => {
    await guard.admit(A, [APPS]);
    neutron.rulesMax = 0;
    await guard.narrow("a", []);
    expect(neutron.open).toEqual([AGENT]);
  });

  it.each([
    ["OverQuota", 409],
    ["SecurityGroupsInUse", 409],
    ["HTTPNotFound", 404],
    ["PolicyNotAuthorized", 403],
    ["", 409],
    ["", 404],
  ])("never mistakes the refusal %s (%d) of a call for success", async (type, status) => {
    await guard.admit(A, [APPS]);
    await guard.protect(A, ["vm-1"]);
    const json = type === "" ? "a page" : { NeutronError: { type, message: "", detail: "" } };
    const failing = async (call: RegExp, work: () => Promise<void>): Promise<void> => {
      neutron.instead = ({ method, url }) => (call.test(`${method} ${url}`) ? { status, json } : undefined);
      await expect(work()).rejects.toBeInstanceOf(FinalError);
      neutron.instead = () => undefined;
    };
    await failing(/POST .*rules/, () => guard.admit(A, ["10.0.1.0/24"]));
    await failing(/DELETE .*rules/, () => guard.narrow("a", []));
    await failing(/PUT .*ports/, () => guard.protect(A, ["vm-2"]));
    await failing(/POST .*groups$/, () => guard.protect({ id: "b", nodes: 1 }, []));
    await failing(/DELETE .*groups/, () => guard.remove("a"));
  });

  it("looks again when somebody else was quicker, and verifies the result", async () => {
    const json = { NeutronError: { type: "SecurityGroupRuleExists", message: "", detail: "" } };
    neutron.instead = ({ method, url }) =>
      method === "POST" && url.endsWith("-rules") ? { status: 409, json } : undefined;
    await expect(guard.admit(A, [APPS])).rejects.toBeInstanceOf(BackendError);
    let times = 0;
    neutron.instead = ({ method, url }) =>
      method === "POST" && url.endsWith("-rules") && ++times === 1 ? { status: 409, json } : undefined;
    await guard.admit(A, [APPS]);
    expect(neutron.open).toContain(`${APPS}:5432`);
  });

  it("copes with a port that is gone, and with a group that a new port has received in between", async () => {
    await guard.protect(A, ["vm-1", "vm-2"]);
    const gone = neutron.ports.splice(0, 1);
    let isNew = true;
    neutron.instead = ({ method, url }) => {
      if (method === "DELETE" && url.includes("/security-groups/") && isNew) {
        neutron.ports.push(portOf("p3", "vm-3", ["default", "g1"]));
        isNew = false;
      }
      // A listing that is older than the deletion of the port.
      if (method === "GET" && url.endsWith("security_groups=g1") && isNew)
        return { json: { ports: [...gone, ...neutron.ports] } };
      return undefined;
    };
    await guard.remove("a");
    expect(neutron.groups).toEqual([]);
    expect(neutron.ports.map(({ security_groups: groups }) => groups)).toEqual([["default"], ["default"]]);
  });

  it("deletes the ports that its VMs have left, and no others", async () => {
    await guard.protect(A, ["vm-1", "vm-2"]);
    neutron.ports[0] = portOf("p1", undefined, ["default", "g1"]);
    neutron.ports.push(portOf("p3", undefined));
    await guard.remove("a");
    expect(neutron.ports.map(({ id }) => id)).toEqual(["p2", "p3"]);
    expect(neutron.groups).toEqual([]);
  });

  it("is closed to everybody without a group less", async () => {
    await guard.admit(CLUSTER, [APPS]);
    await guard.close("a");
    expect(neutron.open).toEqual([]);
    expect(neutron.groups).toHaveLength(1);
  });

  it("removes an instance's group and keeps its neighbour's", async () => {
    await guard.protect(A, ["vm-1"]);
    await guard.protect({ id: "b", nodes: 1 }, ["vm-2"]);
    await guard.remove("a");
    await guard.remove("a");
    expect(neutron.groups.map(({ name }) => name)).toEqual(["guard_b"]);
    expect(neutron.ports.map(({ security_groups: groups }) => groups.length)).toEqual([1, 2]);
  });

  it("lists only the groups and ports of one instance, except in the watch over all", async () => {
    await guard.protect(A, ["vm-1"]);
    await guard.admit(A, [APPS]);
    await guard.narrow("a", []);
    await guard.remove("a");
    const lists = neutron.asked.filter((each) => /^GET \/(ports|security-groups)/.test(each));
    expect(new Set(lists)).toEqual(
      new Set(["GET /security-groups?name=guard_a", "GET /ports?device_id=vm-1", "GET /ports?security_groups=g1"]),
    );
  });

  it("counts the ports that have a group, and puts it on recreated ones", async () => {
    await guard.protect(A, ["vm-1", "vm-2"]);
    expect(await guard.guardedPorts()).toEqual(new Map([["a", 2]]));
    neutron.ports[1] = portOf("p3", "vm-3");
    expect(await guard.guardedPorts()).toEqual(new Map([["a", 1]]));
    await guard.reprotect("a", ["vm-1", "vm-3"]);
    expect(await guard.guardedPorts()).toEqual(new Map([["a", 2]]));
    await guard.reprotect("gone", ["vm-3"]);
    expect(neutron.groups).toHaveLength(1);
  });

  it("logs in again when its token has ended", async () => {
    await guard.protect(A, []);
    neutron.tokens++;
    await guard.admit(A, [APPS]);
    expect(neutron.open).toContain(`${APPS}:5432`);
    expect(host.sent.filter(({ url }) => url.endsWith("/auth/tokens"))).toHaveLength(2);
  });

  it("is open exactly as last requested, whatever was opened, closed and refused before", async () => {
    const cidr = fc.constantFrom("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24");
    const step = fc.oneof(
      fc.record({ admit: fc.uniqueArray(cidr), rulesMax: fc.constantFrom(2, 3, 9), lost: fc.nat(2) }),
      fc.constant("close" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        await guard.remove("a");
        for (const each of steps) {
          if (each === "close") await guard.narrow("a", []);
          else {
            Object.assign(neutron, { rulesMax: each.rulesMax, lost: each.lost });
            const hasOpened = await guard.admit(CLUSTER, each.admit).then(
              () => true,
              () => false,
            );
            const wanted = each.admit.map((network) => `${network}:5432`);
            const seen = neutron.open.filter((text) => text.startsWith("10.0."));
            if (hasOpened) expect([...seen].sort()).toEqual([...wanted].sort());
          }
        }
        await guard.narrow("a", []);
        expect(neutron.open.filter((text) => text.startsWith("10.0."))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
