import { beforeEach, describe, expect, it } from "vitest";
import { FakeHost, type Reply, type Sent, TEST_CONFIG } from "../testing.ts";
import { createGuard, type Guard } from "./guard.ts";
import { openProject } from "./openstack.ts";

interface Rule {
  readonly id: string;
  readonly direction: string;
  readonly remote_ip_prefix: string | null;
  readonly port_range_min: number | null;
}

interface Group {
  readonly id: string;
  readonly name: string;
  security_group_rules: Rule[];
}

/** Keystone and as much of Neutron as data guard uses. */
class Neutron {
  readonly groups: Group[] = [];
  readonly ports = [
    { id: "p1", device_id: "vm-1", security_groups: ["default"] },
    { id: "p2", device_id: "vm-2", security_groups: ["default"] },
  ];
  #ids = 0;
  /** Answers to POST that are lost after the work was done. */
  lost = 0;
  tokens = 0;

  readonly answer = (sent: Sent): Reply => {
    const { pathname, searchParams } = new URL(sent.url);
    if (pathname === "/v3/auth/tokens") return this.#login();
    if (sent.headers["x-auth-token"] !== `token-${this.tokens}`) return { status: 401 };
    const [, , kind, id = ""] = pathname.split("/");
    const body = sent.body === "" ? {} : (JSON.parse(sent.body) as Record<string, unknown>);
    const reply = this.#serve(sent.method, kind ?? "", id, searchParams, body);
    if (sent.method === "POST" && this.lost-- > 0) return { status: 503 };
    return reply;
  };

  #login(): Reply {
    const catalog = [{ type: "network", endpoints: [{ interface: "public", url: "http://neutron" }] }];
    return { status: 201, headers: { "x-subject-token": `token-${++this.tokens}` }, json: { token: { catalog } } };
  }

  #serve(method: string, kind: string, id: string, query: URLSearchParams, body: Record<string, unknown>): Reply {
    if (kind === "ports") return method === "PUT" ? this.#setPort(id, body) : { json: { ports: this.#portsOf(query) } };
    if (kind === "security-groups") return this.#serveGroups(method, id, query, body);
    if (method === "DELETE") {
      for (const group of this.groups)
        group.security_group_rules = group.security_group_rules.filter((rule) => rule.id !== id);
      return { status: 204 };
    }
    const { security_group_id: owner, ...rule } = body.security_group_rule as Rule & { security_group_id: string };
    const group = this.groups.find((each) => each.id === owner);
    if (group?.security_group_rules.some((each) => each.remote_ip_prefix === rule.remote_ip_prefix))
      return { status: 409 };
    group?.security_group_rules.push({ ...rule, id: `r${++this.#ids}` });
    return { status: 201, json: {} };
  }

  #serveGroups(method: string, id: string, query: URLSearchParams, body: Record<string, unknown>): Reply {
    if (method === "GET")
      return {
        json: { security_groups: this.groups.filter(({ name }) => name === (query.get("name") ?? name)) },
      };
    if (method === "DELETE") {
      this.groups.splice(0, this.groups.length, ...this.groups.filter((group) => group.id !== id));
      return { status: 204 };
    }
    const group = { ...(body.security_group as { name: string }), id: `g${++this.#ids}`, security_group_rules: [] };
    this.groups.push(group);
    return { status: 201, json: { security_group: group } };
  }

  #portsOf = (query: URLSearchParams): object[] =>
    this.ports.filter(({ device_id: device }) => !query.has("device_id") || device === query.get("device_id"));

  #setPort(id: string, body: Record<string, unknown>): Reply {
    const port = this.ports.find((each) => each.id === id);
    if (port !== undefined) port.security_groups = (body.port as { security_groups: string[] }).security_groups;
    return { json: { port } };
  }

  get open(): readonly string[] {
    return this.groups.flatMap(({ security_group_rules: rules }) =>
      rules.map((rule) => `${rule.remote_ip_prefix}:${rule.port_range_min}`),
    );
  }
}

describe("data guard", () => {
  let neutron: Neutron;
  let host: FakeHost;
  let guard: Guard;

  beforeEach(() => {
    neutron = new Neutron();
    host = new FakeHost(neutron.answer);
    guard = createGuard(openProject(TEST_CONFIG, host), host);
  });

  it("puts an instance's VMs under a group of their own, once", async () => {
    await guard.protect("a", ["vm-1"]);
    await guard.protect("a", ["vm-1"]);
    expect(neutron.groups.map(({ name }) => name)).toEqual(["guard_a"]);
    expect(neutron.ports.map(({ security_groups: groups }) => groups)).toEqual([["default", "g1"], ["default"]]);
    expect(neutron.open).toEqual([]);
  });

  it("opens the service's port to those admitted, and closes it when nobody is", async () => {
    await guard.admit("a", 5432, ["10.0.0.0/24", "10.0.1.0/24"]);
    expect(neutron.open).toEqual(["10.0.0.0/24:5432", "10.0.1.0/24:5432"]);
    await guard.admit("a", 5432, ["10.0.1.0/24"]);
    expect(neutron.open).toEqual(["10.0.1.0/24:5432"]);
    await guard.admit("a", 5432, []);
    expect(neutron.open).toEqual([]);
  });

  it("closes what somebody else has opened to all", async () => {
    await guard.protect("a", []);
    const rule = { id: "r-hand", direction: "ingress", remote_ip_prefix: null, port_range_min: null };
    neutron.groups[0]?.security_group_rules.push(rule);
    await guard.admit("a", 5432, ["10.0.0.0/24"]);
    expect(neutron.open).toEqual(["10.0.0.0/24:5432"]);
  });

  it("makes nothing twice when answers are lost", async () => {
    neutron.lost = 1;
    await guard.protect("a", ["vm-1"]);
    neutron.lost = 1;
    await guard.admit("a", 5432, ["10.0.0.0/24"]);
    expect(neutron.groups).toHaveLength(1);
    expect(neutron.open).toEqual(["10.0.0.0/24:5432"]);
  });

  it("takes an instance's group away and leaves its neighbour's", async () => {
    await guard.protect("a", ["vm-1"]);
    await guard.protect("b", ["vm-2"]);
    await guard.remove("a");
    await guard.remove("a");
    expect(neutron.groups.map(({ name }) => name)).toEqual(["guard_b"]);
    expect(neutron.ports.map(({ security_groups: groups }) => groups.length)).toEqual([1, 2]);
  });

  it("counts the ports that carry a group, and puts it on those that were made anew", async () => {
    await guard.protect("a", ["vm-1", "vm-2"]);
    expect(await guard.guardedPorts()).toEqual(new Map([["a", 2]]));
    neutron.ports[1] = { id: "p3", device_id: "vm-3", security_groups: ["default"] };
    expect(await guard.guardedPorts()).toEqual(new Map([["a", 1]]));
    await guard.reprotect("a", ["vm-1", "vm-3"]);
    expect(await guard.guardedPorts()).toEqual(new Map([["a", 2]]));
    await guard.reprotect("gone", ["vm-3"]);
    expect(neutron.groups).toHaveLength(1);
  });

  it("logs in again when its token has ended", async () => {
    await guard.protect("a", []);
    neutron.tokens++;
    await guard.admit("a", 5432, ["10.0.0.0/24"]);
    expect(neutron.open).toHaveLength(1);
    expect(host.sent.filter(({ url }) => url.endsWith("/auth/tokens"))).toHaveLength(2);
  });
});
