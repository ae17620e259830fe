import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberOf, TestSession, textAt } from "../../testing-session.ts";

/** A group of this policy; at most `most` of its servers may share a host. */
function addGroup(session: TestSession, policy: string, most?: number): string {
  const rules = most === undefined ? {} : { rules: { max_server_per_host: most } };
  const body = { server_group: { name: "group", policy, ...rules } };
  return textAt(session.send("nova", "POST", "/os-server-groups", { version: 64, body }), "server_group.id");
}

const boot = (session: TestSession, group: string, fields: object = {}): string =>
  textAt(
    session.send("nova", "POST", "/servers", {
      version: 64,
      body: { ...session.serverBody(fields), "os:scheduler_hints": { group } },
    }),
    "server.id",
  );

const statusOf = (session: TestSession, id: string): unknown =>
  memberOf(session.send("nova", "GET", `/servers/${id}`).json, "server.status");

const statuses = (session: TestSession): readonly string[] =>
  [...session.cloud.openstack.state().nova.servers.values()].map(({ vm }) => vm);

/** Several hosts, and more servers than a project usually may have. */
const ROOMY = { profile: "agents", quotas: { cores: -1, ram: -1 } } as const;
/** Two in each of two zones. */
const HOSTS = 4;

const hostsOf = (session: TestSession): readonly (string | null)[] =>
  [...session.cloud.openstack.state().nova.servers.values()].map(({ host }) => host);

describe("the scheduler", () => {
  it("puts exactly as many servers of an anti-affinity group as the rule allows on all hosts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 9 }), async (most, count) => {
        const session = await TestSession.open(ROOMY);
        const group = addGroup(session, "anti-affinity", most);
        for (let at = 0; at < count; at++) boot(session, group);
        session.sleep(60_000);
        const active = statuses(session).filter((vm) => vm === "active").length;
        expect([active, statuses(session).length]).toEqual([Math.min(most * HOSTS, count), count]);
      }),
      { numRuns: 15 },
    );
  });

  it("of a cloud with one host allows one server by default, and another once that is deleted", async () => {
    const session = await TestSession.open({ profile: "rig" });
    const group = addGroup(session, "anti-affinity");
    const [first, second] = [boot(session, group), boot(session, group)];
    session.sleep(60_000);
    expect([statusOf(session, first), statusOf(session, second)]).toEqual(["ACTIVE", "ERROR"]);
    session.send("nova", "DELETE", `/servers/${first}`);
    session.sleep(60_000);
    const third = boot(session, group);
    session.sleep(60_000);
    expect(statusOf(session, third)).toBe("ACTIVE");
  });

  it.each<readonly [policy: string, hosts: number]>([
    ["affinity", 1],
    ["anti-affinity", 3],
    ["soft-affinity", 3],
    ["soft-anti-affinity", 3],
  ])("puts three servers of a group with %s on %i hosts", async (policy, hosts) => {
    const session = await TestSession.open(ROOMY);
    const group = addGroup(session, policy);
    for (let at = 0; at < 3; at++) boot(session, group);
    session.sleep(60_000);
    expect(statuses(session)).toEqual(["active", "active", "active"]);
    expect(new Set(hostsOf(session)).size).toBe(hosts);
  });

  it("spreads servers by memory, within the zone that they ask for, and never on a disabled host", async () => {
    const session = await TestSession.open(ROOMY);
    const disable = { host: "compute-3", binary: "nova-compute" };
    expect(session.send("nova", "PUT", "/os-services/disable", { who: "admin", body: disable }).status).toBe(200);
    for (let at = 0; at < 3; at++) session.server();
    for (let at = 0; at < 2; at++) session.server({ availability_zone: "nova-2" });
    expect(hostsOf(session)).toEqual(["compute-1", "compute-2", "compute-4", "compute-4", "compute-4"]);
  });

  it("finds no host for a flavor beyond the host, and says so in the server's fault", async () => {
    const session = await TestSession.open({ quotas: { cores: -1, ram: -1 } });
    const id = session.server({ flavorRef: session.variable("flavor.huge") });
    const { json } = session.send("nova", "GET", `/servers/${id}`);
    expect([memberOf(json, "server.status"), memberOf(json, "server.fault.message")]).toEqual([
      "ERROR",
      "No valid host was found. ",
    ]);
  });
});
