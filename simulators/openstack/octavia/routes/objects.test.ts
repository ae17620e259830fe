import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { valueAt } from "../../parity/compare.ts";
import { TwoProjectCloud } from "../../testing.ts";

type Who = "A" | "B" | "admin";

/** A network of a project, and the load balancers on it. */
class Site {
  readonly cloud: TwoProjectCloud;
  readonly subnet: string;

  private constructor(cloud: TwoProjectCloud, subnet: string) {
    this.cloud = cloud;
    this.subnet = subnet;
  }

  static async open(): Promise<Site> {
    const cloud = await TwoProjectCloud.open({ profile: "agents" }, 1);
    const [, network] = await cloud.create("A", "network", []);
    const [reply] = await cloud.create("A", "subnet", network === undefined ? [] : [network]);
    return new Site(cloud, String(valueAt(reply.body, "$.subnet.id")));
  }

  ask(method: string, path: string, body?: object, who: Who = "A") {
    return this.cloud.call(who as "A", method, "load-balancer", `/v2.0/lbaas/${path}`, body);
  }

  async status(method: string, path: string, body?: object, who: Who = "A"): Promise<number> {
    return (await this.ask(method, path, body, who)).status;
  }

  /** Creates an object and waits until it is active. */
  async make(path: string, body: object): Promise<string> {
    const reply = await this.ask("POST", path, body);
    const id = valueAt(reply.body, `$.${Object.keys(body)[0]}.id`);
    if (typeof id !== "string") throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    this.cloud.sleep(60_000);
    return id;
  }

  async show(path: string, member: string): Promise<unknown> {
    return valueAt((await this.ask("GET", path)).body, `$.${member}`);
  }

  balancer(): Promise<string> {
    return this.make("loadbalancers", { loadbalancer: { name: "lb", vip_subnet_id: this.subnet } });
  }
}

let site: Site;
beforeEach(async () => {
  site = await Site.open();
});

describe("a load balancer", () => {
  it("is pending and immutable until it is active, and its port is deleted with it", async () => {
    const body = { loadbalancer: { vip_subnet_id: site.subnet } };
    const made = await site.ask("POST", "loadbalancers", body);
    const id = String(valueAt(made.body, "$.loadbalancer.id"));
    expect([made.status, valueAt(made.body, "$.loadbalancer.provisioning_status")]).toEqual([201, "PENDING_CREATE"]);
    expect(await site.status("DELETE", `loadbalancers/${id}`)).toBe(409);
    site.cloud.sleep(60_000);
    expect(await site.show(`loadbalancers/${id}`, "loadbalancer")).toMatchObject({
      provisioning_status: "ACTIVE",
      operating_status: "ONLINE",
      vip_subnet_id: site.subnet,
    });
    const { ports } = site.cloud.openstack.state().neutron;
    const port = String(await site.show(`loadbalancers/${id}`, "loadbalancer.vip_port_id"));
    expect(ports.get(port)?.deviceOwner).toBe("Octavia");
    expect([await site.status("GET", `loadbalancers/${id}`, undefined, "B"), ports.has(port)]).toEqual([404, true]);
    expect(await site.status("DELETE", `loadbalancers/${id}`)).toBe(204);
    site.cloud.sleep(60_000);
    expect([await site.status("GET", `loadbalancers/${id}`), ports.has(port)]).toEqual([404, false]);
  });

  it("has listeners, pools, members, monitors and policies, all shown in its tree of statuses", async () => {
    const id = await site.balancer();
    const listener = await site.make("listeners", {
      listener: { loadbalancer_id: id, protocol: "HTTP", protocol_port: 80 },
    });
    const twice = { listener: { loadbalancer_id: id, protocol: "HTTP", protocol_port: 80 } };
    expect(await site.status("POST", "listeners", twice)).toBe(409);
    const pool = await site.make("pools", {
      pool: { listener_id: listener, protocol: "HTTP", lb_algorithm: "ROUND_ROBIN" },
    });
    expect(await site.show(`listeners/${listener}`, "listener.default_pool_id")).toBe(pool);
    const member = await site.make(`pools/${pool}/members`, { member: { address: "10.0.0.5", protocol_port: 80 } });
    expect(await site.show(`pools/${pool}/members/${member}`, "member.operating_status")).toBe("NO_MONITOR");
    const monitor = { pool_id: pool, type: "HTTP", delay: 5, timeout: 3, max_retries: 3 };
    await site.make("healthmonitors", { healthmonitor: monitor });
    expect(await site.show(`pools/${pool}/members/${member}`, "member.operating_status")).toBe("ONLINE");
    expect(await site.status("POST", "healthmonitors", { healthmonitor: monitor })).toBe(409);
    const policy = await site.make("l7policies", { l7policy: { listener_id: listener, action: "REJECT" } });
    await site.make(`l7policies/${policy}/rules`, { rule: { type: "PATH", compare_type: "STARTS_WITH", value: "/x" } });
    const tree = await site.show(`loadbalancers/${id}/status`, "statuses.loadbalancer");
    expect(valueAt(tree, "$.pools[0].members[0].id")).toBe(member);
    expect(valueAt(tree, "$.listeners[0].l7policies[0].rules[0].provisioning_status")).toBe("ACTIVE");
    expect(await site.status("DELETE", `loadbalancers/${id}`)).toBe(409);
    expect(await site.status("DELETE", `loadbalancers/${id}?cascade=true`)).toBe(204);
    site.cloud.sleep(60_000);
    expect(site.cloud.openstack.state().octavia.rows.size).toBe(0);
  });

  it.each([
    ["loadbalancers", { loadbalancer: {} }],
    ["loadbalancers", { loadbalancer: { vip_subnet_id: "x" } }],
    ["loadbalancers", { loadbalancer: { bogus: 1 } }],
    ["listeners", { listener: { protocol: "BOGUS", protocol_port: 80 } }],
    ["listeners", { listener: { protocol: "TCP", protocol_port: 70_000 } }],
    ["pools", { pool: { protocol: "TCP", lb_algorithm: "ROUND_ROBIN" } }],
    ["healthmonitors", { healthmonitor: { type: "PING" } }],
    ["l7policies", { l7policy: [] }],
  ])("refuses %s %j", async (path, body) => {
    const reply = await site.ask("POST", path, body);
    expect([reply.status, valueAt(reply.body, "$.faultcode")]).toEqual([400, "Client"]);
  });

  it("stays pending while a change is stuck, and accepts no other change", async () => {
    const id = await site.balancer();
    site.cloud.kernel.faults.arm({ point: "octavia:loadbalancer.update", effect: { kind: "stuck" } });
    expect(await site.status("PUT", `loadbalancers/${id}`, { loadbalancer: { name: "other" } })).toBe(200);
    site.cloud.sleep(600_000);
    expect(await site.show(`loadbalancers/${id}`, "loadbalancer.provisioning_status")).toBe("PENDING_UPDATE");
    expect(await site.status("DELETE", `loadbalancers/${id}?cascade=true`)).toBe(409);
  });

  it("has no part that outlives its whole, whatever is created and deleted", async () => {
    const step = fc.record({
      verb: fc.constantFrom("listener", "pool", "member", "drop"),
      at: fc.nat({ max: 5 }),
      port: fc.integer({ min: 1, max: 3 }),
    });
    const id = await site.balancer();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        const rows = () => [...site.cloud.openstack.state().octavia.rows.values()].filter((row) => row.id !== id);
        for (const { verb, at, port } of steps) {
          const pools = rows().filter(({ kind }) => kind === "pool");
          const target = rows()[at % Math.max(1, rows().length)];
          if (verb === "listener")
            await site.ask("POST", "listeners", {
              listener: { loadbalancer_id: id, protocol: "TCP", protocol_port: port },
            });
          if (verb === "pool")
            await site.ask("POST", "pools", {
              pool: { loadbalancer_id: id, protocol: "TCP", lb_algorithm: "ROUND_ROBIN" },
            });
          if (verb === "member")
            await site.ask("POST", `pools/${pools[0]?.id}/members`, {
              member: { address: "10.0.0.9", protocol_port: port },
            });
          if (verb === "drop" && target?.kind === "member")
            await site.ask("DELETE", `pools/${target.parentId}/members/${target.id}`);
          if (verb === "drop" && target !== undefined) await site.ask("DELETE", `${target.kind}s/${target.id}`);
          site.cloud.sleep(30_000);
        }
        const { rows: all, parts } = site.cloud.openstack.state().octavia;
        for (const row of all.values()) expect(all.has(row.parentId)).toBe(true);
        expect([...parts.values()].flat().sort()).toEqual(
          rows()
            .map((row) => row.id)
            .sort(),
        );
      }),
      { numRuns: 10 },
    );
  });
});
