import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Kernel, makeRequest, Process } from "../../kernel/index.ts";
import { createDns } from "../index.ts";
import { createTestConsul } from "../testing.ts";
import { compileFilter } from "../wire/filter/filter.ts";
import { ROUTES } from "./index.ts";

const PARAMETERS = [
  "index",
  "wait",
  "dc",
  "tag",
  "passing",
  "near",
  "filter",
  "keys",
  "recurse",
  "raw",
  "cas",
  "acquire",
  "release",
  "flags",
];
const VALUES = ["", "1", "0", "x", "1s", "dc1", "dc9", "n1", "Node==n1", "((", "18446744073709551616"];
const query = fc.uniqueArray(fc.tuple(fc.constantFrom(...PARAMETERS), fc.constantFrom(...VALUES)), {
  maxLength: 3,
  selector: ([name]) => name,
});
const segment = fc.constantFrom(
  "n1",
  "web",
  "a/b",
  "%20",
  "%zz",
  "..",
  "",
  "00000000-0000-4000-8000-000000000000",
  "serfHealth",
);
const body = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string(),
  fc
    .record(
      { Node: fc.string(), Address: fc.string(), Name: fc.string(), Service: fc.jsonValue(), Check: fc.jsonValue() },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);

describe("any request", () => {
  test.prop([fc.constantFrom(...ROUTES["1.22.0"]), segment, query, body], { numRuns: 400 })(
    "is answered with a status, without a crash",
    (route, rest, pairs, text) => {
      const kernel = new Kernel({ seed: 1 });
      const { http } = createDns(kernel, { address: "127.0.0.1" });
      const path = route.path.replace(/[:*]\w+/g, rest);
      const search = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
      const reply = http.receive(makeRequest(route.method, search === "" ? path : `${path}?${search}`, { body: text }));
      if (reply instanceof Process) for (; reply.running && kernel.step(); );
      const { status, wire } =
        reply instanceof Process
          ? reply.outcome.state === "done"
            ? reply.outcome.value
            : { status: -1, wire: undefined }
          : reply;
      expect(wire?.kind === "reset" || (status >= 200 && status < 600)).toBe(true);
    },
  );
});

it("OPTIONS * is answered by Go's own server", () => {
  const { http } = createTestConsul();
  expect(http("OPTIONS", "*")).toMatchObject({ status: 200, body: "" });
  expect(http("GET", "*").status).toBe(307);
});

describe("a read that blocks", () => {
  const registerWeb = (consul: ReturnType<typeof createTestConsul>, node: string): void => {
    consul.http("PUT", "/v1/catalog/register", { Node: node, Address: "10.0.0.1", Service: { Service: "web" } });
  };

  it("waits for a write to what it read, and ignores others", () => {
    const consul = createTestConsul();
    registerWeb(consul, "n1");
    const index = consul.http("GET", "/v1/health/service/web").headers?.["X-Consul-Index"];
    const pending = consul.dns.http.receive(
      makeRequest("GET", `/v1/health/service/web?index=${String(index)}&wait=60s`),
    );
    expect(pending).toBeInstanceOf(Process);
    consul.http("PUT", "/v1/kv/other", "x");
    consul.kernel.advanceTo(consul.kernel.nowMs + 1000);
    expect((pending as Process<unknown>).running).toBe(true);
    registerWeb(consul, "n2");
    consul.kernel.advanceTo(consul.kernel.nowMs + 1);
    expect((pending as Process<unknown>).running).toBe(false);
  });
});

describe("a service of an agent", () => {
  it("can be waited for by the hash of its content", () => {
    const consul = createTestConsul();
    consul.http("PUT", "/v1/agent/service/register", { Name: "web", Port: 1 });
    const hash = consul.http("GET", "/v1/agent/service/web").headers?.["X-Consul-Contenthash"];
    const pending = consul.dns.http.receive(makeRequest("GET", `/v1/agent/service/web?hash=${String(hash)}`));
    consul.kernel.advanceTo(consul.kernel.nowMs + 1000);
    expect((pending as Process<unknown>).running).toBe(true);
    consul.http("PUT", "/v1/agent/service/register", { Name: "web", Port: 2 });
    consul.kernel.advanceTo(consul.kernel.nowMs + 1);
    expect((pending as Process<unknown>).running).toBe(false);
  });
});

describe("servers that lose one of two", () => {
  const consul = () =>
    createTestConsul({
      name: "agent-1",
      agents: [
        { name: "agent-2", address: "127.0.0.2" },
        { name: "other", address: "127.0.0.3", mode: "client" },
      ],
    });

  it("have no leader: reads that accept stale data succeed, others fail after a while, and registrations wait", () => {
    const { kernel, dns, http, ask } = consul();
    http("PUT", "/v1/catalog/register", { Node: "n1", Address: "10.0.0.1", Service: { Service: "web" } });
    dns.kill("agent-2");
    kernel.advanceTo(kernel.nowMs + 10_000);
    expect(http("GET", "/v1/status/leader").body).toBe("");
    expect(http("GET", "/v1/status/peers").body).toHaveLength(2);
    const fromMs = kernel.nowMs;
    expect(http("GET", "/v1/catalog/nodes")).toMatchObject({ status: 500, body: "No cluster leader" });
    expect(kernel.nowMs - fromMs).toBe(7000);
    expect(http("PUT", "/v1/kv/a", "x")).toMatchObject({ status: 500 });
    const stale = http("GET", "/v1/catalog/service/web?stale");
    expect(stale).toMatchObject({ status: 200, headers: { "X-Consul-Knownleader": "false" } });
    expect(ask("web.service.consul. A")?.answer).toMatchObject([{ data: "10.0.0.1" }]);
    expect(http("PUT", "/v1/agent/service/register", { Name: "late" })).toMatchObject({ status: 200 });
    kernel.advanceTo(kernel.nowMs + 1000);
    expect(ask("late.service.consul. A")?.rcode).toBe("NXDOMAIN");
  });

  it("is noticed: when a client agent dies, its services leave the answers", () => {
    const { kernel, dns, ask } = consul();
    const [, , client] = dns.agents;
    client?.http.receive(makeRequest("PUT", "/v1/agent/service/register", { body: '{"Name":"web"}' }));
    kernel.advanceTo(kernel.nowMs + 1000);
    expect(ask("web.service.consul. A")?.answer).toMatchObject([{ data: "127.0.0.3" }]);
    dns.kill("other");
    kernel.advanceTo(kernel.nowMs + 10_000);
    expect(ask("web.service.consul. A")?.rcode).toBe("NXDOMAIN");
    expect(ask("other.node.consul. A")?.answer).toHaveLength(1);
  });
});

describe("addresses of another datacenter", () => {
  const register = {
    Datacenter: "dc2",
    Node: "far",
    Address: "10.0.0.1",
    TaggedAddresses: { wan: "198.51.100.1" },
    Service: { Service: "web", Port: 80 },
  };

  it.each([
    [false, "10.0.0.1", "far.node.dc2.consul."],
    [true, "198.51.100.1", "c6336401.addr.dc2.consul."],
  ])("are translated: %s", (translates, address, target) => {
    const consul = createTestConsul({
      config: { translate_wan_addrs: translates },
      agents: [{ name: "agent-2", address: "127.0.0.2", config: { datacenter: "dc2" } }],
    });
    consul.http("PUT", "/v1/catalog/register", register);
    expect(consul.ask("web.service.dc2.consul. A")?.answer).toMatchObject([{ data: address }]);
    expect(consul.ask("far.node.dc2.consul. A")?.answer).toMatchObject([{ data: address }]);
    expect(consul.ask("web.service.dc2.consul. SRV")?.answer).toMatchObject([{ data: { target } }]);
    expect(consul.http("GET", "/v1/catalog/service/web?dc=dc2").body).toMatchObject([{ Address: address }]);
  });
});

describe("a configuration", () => {
  it("with a key that is not simulated is refused", () => {
    expect(() => createTestConsul({ config: { encrypt: "x" } as never })).toThrow(
      "not simulated: configuration key 'encrypt'",
    );
  });
});

describe("a filter", () => {
  const fields = { Name: "string", Port: "int", Tags: "strings", Meta: "map" } as const;
  const value = { Name: "web", Port: 80, Tags: ["a", "b"], Meta: { env: "prod" } };

  it.each([
    ["Name == web", true],
    ['Name != "web" or Port == 80', true],
    ["not (Name == web and Port == 80)", false],
    ["a in Tags and Tags not contains c", true],
    ["Meta.env == prod", true],
    ['Meta["none"] != x', true],
    ["Tags is not empty and Name matches `^w`", true],
  ])("%s is %s", (expression, result) => {
    expect(compileFilter(expression, fields)(value)).toBe(result);
  });

  test.prop([
    fc.oneof(
      fc.string(),
      fc.string().map((text) => `Name matches "${text.replace(/["\\]/g, "(")}"`),
    ),
  ])("of any text is compiled or refused in the filter language's own words", (text) => {
    try {
      compileFilter(text, fields)(value);
    } catch (error) {
      expect(String(error)).toMatch(/Failed to create boolean expression evaluator/);
    }
  });
});
