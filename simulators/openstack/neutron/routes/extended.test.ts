import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { valueAt } from "../../parity/compare.ts";
import { TwoProjectCloud } from "../../testing.ts";

type Who = "A" | "B" | "admin";

/** One project's network, and the ways to ask for more. */
class Site {
  readonly cloud: TwoProjectCloud;
  network = "";
  subnet = "";

  private constructor(cloud: TwoProjectCloud) {
    this.cloud = cloud;
  }

  static async open(): Promise<Site> {
    const site = new Site(await TwoProjectCloud.open({ profile: "agents" }, 1));
    site.network = await site.make("networks", { network: { name: "n" } });
    const subnet = { network_id: site.network, ip_version: 4, cidr: "10.1.0.0/24" };
    site.subnet = await site.make("subnets", { subnet });
    return site;
  }

  ask(method: string, path: string, body?: object, who: Who = "A") {
    return this.cloud.call(who as "A", method, "network", `/${path}`, body);
  }

  async status(method: string, path: string, body?: object, who: Who = "A"): Promise<number> {
    return (await this.ask(method, path, body, who)).status;
  }

  /** The id of a new resource. */
  async make(path: string, body: object, who: Who = "A"): Promise<string> {
    const reply = await this.ask("POST", path, body, who);
    const [member] = Object.keys(body);
    const id = valueAt(reply.body, `$.${member}.id`);
    if (typeof id !== "string") throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return id;
  }

  port(fields: object = {}): Promise<string> {
    return this.make("ports", { port: { network_id: this.network, ...fields } });
  }

  async show(path: string, member: string): Promise<unknown> {
    return valueAt((await this.ask("GET", path)).body, `$.${member}`);
  }
}

let site: Site;
beforeEach(async () => {
  site = await Site.open();
});

describe("a trunk", () => {
  const part = (id: string, vlan: number) => ({ port_id: id, segmentation_type: "vlan", segmentation_id: vlan });

  it("takes ports and releases them, and protects its parent, which shows them", async () => {
    const [parent, child, other] = [await site.port(), await site.port(), await site.port()];
    const trunk = await site.make("trunks", { trunk: { port_id: parent, sub_ports: [part(child, 10)] } });
    expect(await site.show(`ports/${parent}`, "port.trunk_details")).toMatchObject({ trunk_id: trunk });
    expect(await site.show(`ports/${child}`, "port.device_owner")).toBe("trunk:subport");
    const add = (each: object) => site.status("PUT", `trunks/${trunk}/add_subports`, { sub_ports: [each] });
    expect([
      await add(part(other, 10)),
      await add(part(other, 5000)),
      await add(part(child, 11)),
      await add(part(other, 11)),
    ]).toEqual([409, 400, 409, 200]);
    expect([await site.status("DELETE", `ports/${parent}`), await site.status("DELETE", `ports/${child}`)]).toEqual([
      409, 409,
    ]);
    await site.ask("PUT", `trunks/${trunk}/remove_subports`, { sub_ports: [{ port_id: child }] });
    expect(await site.show(`trunks/${trunk}/get_subports`, "sub_ports")).toEqual([part(other, 11)]);
    expect([await site.status("DELETE", `ports/${child}`), await site.status("DELETE", `trunks/${trunk}`)]).toEqual([
      204, 204,
    ]);
    expect(await site.show(`ports/${other}`, "port.device_owner")).toBe("");
  });

  it("never holds a port twice, whatever clients request", async () => {
    const ports = await Promise.all([0, 1, 2, 3].map(() => site.port()));
    const step = fc.record({
      verb: fc.constantFrom("add", "remove", "create", "delete"),
      at: fc.nat({ max: 3 }),
      vlan: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const { verb, at, vlan } of steps) {
          const id = ports[at] ?? "";
          const trunks = [...site.cloud.openstack.state().neutron.trunks.keys()];
          if (verb === "create") await site.ask("POST", "trunks", { trunk: { port_id: id } });
          if (verb === "delete") await site.ask("DELETE", `trunks/${trunks[0]}`);
          if (verb === "add")
            await site.ask("PUT", `trunks/${trunks[0]}/add_subports`, { sub_ports: [part(id, vlan)] });
          if (verb === "remove")
            await site.ask("PUT", `trunks/${trunks[0]}/remove_subports`, { sub_ports: [{ port_id: id }] });
        }
        const { trunks, trunkByPort } = site.cloud.openstack.state().neutron;
        const held = [...trunks.values()].flatMap((each) => [each.portId, ...each.subports.map((one) => one.port_id)]);
        expect(new Set(held).size).toBe(held.length);
        expect([...trunkByPort.keys()].sort()).toEqual([...held].sort());
      }),
      { numRuns: 15 },
    );
  });
});

describe("quality of service", () => {
  it("is defined by administrators, used by members, and can't be deleted while it is used", async () => {
    const policy = { policy: { name: "gold", shared: true } };
    expect(await site.status("POST", "qos/policies", policy)).toBe(403);
    const id = await site.make("qos/policies", policy, "admin");
    const rules = `qos/policies/${id}/bandwidth_limit_rules`;
    const rule = { bandwidth_limit_rule: { max_kbps: 1000 } };
    expect([await site.status("POST", rules, rule), await site.status("POST", rules, rule, "admin")]).toEqual([
      403, 201,
    ]);
    expect(await site.status("POST", rules, rule, "admin")).toBe(409);
    expect(
      await site.status("POST", rules, { bandwidth_limit_rule: { max_kbps: -1, direction: "ingress" } }, "admin"),
    ).toBe(400);
    const port = await site.port({ qos_policy_id: id });
    expect(await site.show(`ports/${port}`, "port.qos_policy_id")).toBe(id);
    expect(await site.status("DELETE", `qos/policies/${id}`, undefined, "admin")).toBe(409);
    expect(await site.status("PUT", `ports/${port}`, { port: { qos_policy_id: null } })).toBe(200);
    expect(await site.status("DELETE", `qos/policies/${id}`, undefined, "admin")).toBe(204);
    const unknown = { port: { network_id: site.network, qos_policy_id: id } };
    expect(await site.status("POST", "ports", unknown)).toBe(404);
  });
});

describe("a forwarded port", () => {
  it("leads from a free floating IP to a reachable port, once", async () => {
    const ext = String(site.cloud.variables.get("ext"));
    const router = await site.make("routers", { router: { external_gateway_info: { network_id: ext } } });
    const port = await site.port();
    const address = await site.make("floatingips", { floatingip: { floating_network_id: ext } });
    const path = `floatingips/${address}/port_forwardings`;
    const forwardTo = (external: number, internal = 22) => ({
      port_forwarding: { protocol: "tcp", internal_port: internal, external_port: external, internal_port_id: port },
    });
    expect(await site.status("POST", path, forwardTo(2222))).toBe(400);
    await site.ask("PUT", `routers/${router}/add_router_interface`, { subnet_id: site.subnet });
    expect(await site.status("POST", path, forwardTo(2222))).toBe(201);
    expect([
      await site.status("POST", path, forwardTo(2222, 23)),
      await site.status("POST", path, forwardTo(2223)),
      await site.status("POST", path, forwardTo(70_000, 80)),
    ]).toEqual([400, 400, 400]);
    expect(await site.status("PUT", `floatingips/${address}`, { floatingip: { port_id: port } })).toBe(409);
    expect(await site.status("DELETE", `floatingips/${address}`)).toBe(409);
    expect(await site.show(`floatingips/${address}`, "floatingip.port_forwardings[0].external_port")).toBe(2222);
    expect(await site.status("DELETE", `ports/${port}`)).toBe(204);
    expect(await site.show(path, "port_forwardings")).toEqual([]);
  });
});

describe("routes of a router", () => {
  it("can be added and removed one by one", async () => {
    const router = await site.make("routers", { router: {} });
    await site.ask("PUT", `routers/${router}/add_router_interface`, { subnet_id: site.subnet });
    const route = (last: number) => ({ destination: `10.${last}.0.0/16`, nexthop: "10.1.0.9" });
    const change = (verb: string, ...all: object[]) =>
      site.ask("PUT", `routers/${router}/${verb}_extraroutes`, { router: { routes: all } });
    await change("add", route(2), route(3));
    await change("add", route(3), route(4));
    await change("remove", route(2), route(9));
    expect(await site.show(`routers/${router}`, "router.routes")).toEqual([route(3), route(4)]);
    const far = { destination: "10.9.0.0/16", nexthop: "192.0.2.1" };
    expect((await change("add", far)).status).toBe(400);
  });
});

describe("agents", () => {
  it("live on each host, serve routers and networks, and can be chosen", async () => {
    const agents = valueAt((await site.ask("GET", "agents", undefined, "admin")).body, "$.agents");
    const hosts = new Set(Array.isArray(agents) ? agents.map((each) => valueAt(each, "$.host")) : []);
    expect(hosts).toEqual(new Set(["compute-1", "compute-2", "compute-3", "compute-4", "network-1", "network-2"]));
    const router = await site.make("routers", { router: {} });
    const servedBy = async (): Promise<unknown> => {
      const { body } = await site.ask("GET", `routers/${router}/l3-agents`, undefined, "admin");
      const found = valueAt(body, "$.agents");
      return Array.isArray(found) ? found.map((each) => valueAt(each, "$.host")) : found;
    };
    expect(await servedBy()).toEqual(["network-1"]);
    const all = Array.isArray(agents) ? agents : [];
    const second = all.find(
      (each) => valueAt(each, "$.binary") === "neutron-l3-agent" && valueAt(each, "$.host") === "network-2",
    );
    const path = `agents/${String(valueAt(second, "$.id"))}/l3-routers`;
    expect(await site.status("POST", path, { router_id: router }, "admin")).toBe(201);
    expect(await servedBy()).toEqual(["network-1", "network-2"]);
    expect(await site.status("DELETE", `${path}/${router}`, undefined, "admin")).toBe(204);
  });
});
