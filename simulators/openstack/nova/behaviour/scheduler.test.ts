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

describe("the scheduler", () => {
  it("puts exactly as many servers of an anti-affinity group on the one host as the rule allows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 }), async (most, count) => {
        const session = await TestSession.open();
        const group = addGroup(session, "anti-affinity", most);
        for (let at = 0; at < count; at++) boot(session, group);
        session.sleep(60_000);
        const active = statuses(session).filter((vm) => vm === "active").length;
        expect([active, statuses(session).length]).toEqual([Math.min(most, count), count]);
      }),
      { numRuns: 15 },
    );
  });

  it("allows one server by default, and another once that is deleted", async () => {
    const session = await TestSession.open();
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

  it.each(["affinity", "soft-affinity", "soft-anti-affinity"])(
    "puts all servers of a group with %s on the one host",
    async (policy) => {
      const session = await TestSession.open();
      const group = addGroup(session, policy);
      for (let at = 0; at < 3; at++) boot(session, group);
      session.sleep(60_000);
      expect(statuses(session)).toEqual(["active", "active", "active"]);
    },
  );

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
