import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestSession, memberOf, textAt } from "../../testing-session.ts";

const quotasOf = (instances: number, cores: number, ramMb: number): Record<string, number> => ({
  instances,
  cores,
  ram: ramMb,
});
const limit = fc.integer({ min: -1, max: 6 });

describe("quotas of Nova", () => {
  it("admit exactly what fits, count what lives, and give back what is deleted", async () => {
    await fc.assert(
      fc.asyncProperty(
        limit,
        limit,
        fc.array(fc.record({ min: fc.integer({ min: 1, max: 4 }), more: fc.integer({ min: 0, max: 3 }) }), {
          maxLength: 4,
        }),
        async (instances, cores, requests) => {
          const session = await TestSession.open({ quotas: quotasOf(instances, cores, -1) });
          const most = Math.min(...[instances, cores].map((each) => (each < 0 ? Infinity : each)));
          let used = 0;
          for (const { min, more } of requests) {
            const body = session.serverBody({ min_count: min, max_count: min + more });
            const { status } = session.send("nova", "POST", "/servers", { version: 37, body });
            expect(status).toBe(used + min <= most ? 202 : 403);
            if (status === 202) used += Math.min(min + more, most - used);
            const { servers, usage } = session.cloud.openstack.state().nova;
            expect(servers.size).toBe(used);
            expect(usage.get(session.cloud.projectId("A"))?.cores ?? 0).toBe(used);
          }
          session.sleep(60_000);
          for (const id of session.cloud.openstack.state().nova.servers.keys())
            session.send("nova", "DELETE", `/servers/${id}`);
          session.sleep(60_000);
          const usage = session.cloud.openstack.state().nova.usage.get(session.cloud.projectId("A"));
          expect(usage ?? { instances: 0, cores: 0, ram: 0 }).toEqual({ instances: 0, cores: 0, ram: 0 });
        },
      ),
      { numRuns: 25 },
    );
  });

  it("report what was requested, what is used and what the limits are", async () => {
    const session = await TestSession.open({ quotas: quotasOf(2, 20, 1100) });
    session.server();
    const body = session.serverBody({ min_count: 2, max_count: 2 });
    const reply = session.send("nova", "POST", "/servers", { version: 37, body });
    expect([reply.status, textAt(reply, "forbidden.message")]).toEqual([
      403,
      "Quota exceeded for instances, ram: Requested 2, 1024, but already used 1, 512 of 2, 1100 instances, ram",
    ]);
  });

  it("count the growth of a resize, and take it back when it is reverted", async () => {
    const session = await TestSession.open({ quotas: quotasOf(-1, -1, 1024) });
    const id = session.server();
    const act = (body: object): number => session.send("nova", "POST", `/servers/${id}/action`, { body }).status;
    const usedMb = (): unknown => session.cloud.openstack.state().nova.usage.get(session.cloud.projectId("A"))?.ram;
    expect(act({ resize: { flavorRef: session.variable("flavor.big") } })).toBe(403);
    expect(act({ resize: { flavorRef: session.variable("flavor.small") } })).toBe(202);
    expect(usedMb()).toBe(1024);
    session.sleep(10_000);
    expect(act({ revertResize: null })).toBe(202);
    session.sleep(10_000);
    expect(usedMb()).toBe(512);
  });

  it("prefer a project's own limits to the class, and the class to the defaults", async () => {
    const session = await TestSession.open({ quotas: { instances: 3 } });
    const project = session.cloud.projectId("A");
    const readQuota = (): unknown =>
      memberOf(session.send("nova", "GET", `/os-quota-sets/${project}`).json, "quota_set.instances");
    expect(readQuota()).toBe(3);
    const set = (path: string, body: object): number =>
      session.send("nova", "PUT", path, { who: "admin", body }).status;
    expect(set("/os-quota-class-sets/default", { quota_class_set: { instances: 7 } })).toBe(200);
    expect(readQuota()).toBe(7);
    expect(set(`/os-quota-sets/${project}`, { quota_set: { instances: 1 } })).toBe(200);
    expect(readQuota()).toBe(1);
    session.send("nova", "DELETE", `/os-quota-sets/${project}`, { who: "admin" });
    expect(readQuota()).toBe(7);
  });

  it("stop key pairs, server groups, their members and metadata at their limits", async () => {
    const quotas = { key_pairs: 1, server_groups: 1, server_group_members: 1, metadata_items: 1 };
    const session = await TestSession.open({ quotas });
    const post = (path: string, body: object): number => session.send("nova", "POST", path, { body }).status;
    expect(post("/os-keypairs", { keypair: { name: "a" } })).toBe(200);
    expect(post("/os-keypairs", { keypair: { name: "b" } })).toBe(403);
    const policy = { server_group: { name: "a", policies: ["affinity"] } };
    const made = session.send("nova", "POST", "/os-server-groups", { body: policy });
    expect(made.status).toBe(200);
    expect(post("/os-server-groups", policy)).toBe(403);
    const hinted = {
      ...session.serverBody(),
      "os:scheduler_hints": { group: textAt(made, "server_group.id") },
    };
    const boot = (body: object): number => session.send("nova", "POST", "/servers", { version: 37, body }).status;
    expect([boot(hinted), boot(hinted)]).toEqual([202, 403]);
    expect(boot(session.serverBody({ metadata: { a: "1" } }))).toBe(202);
    expect(boot(session.serverBody({ metadata: { a: "1", b: "2" } }))).toBe(403);
  });
});
