import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { createTestConsul } from "./testing.ts";

const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((name) => name !== "consul");
const instances = fc.uniqueArray(
  fc.record({
    node: fc.stringMatching(/^n[a-z0-9-]{1,10}$/),
    octet: fc.integer({ min: 1, max: 254 }),
    port: fc.integer({ min: 1, max: 65_535 }),
  }),
  { minLength: 1, maxLength: 20, selector: ({ node }) => node },
);
type Instances = typeof instances extends fc.Arbitrary<infer T> ? T : never;

function register(consul: ReturnType<typeof createTestConsul>, service: string, list: Instances): void {
  for (const { node, octet, port } of list) {
    const body = { Node: node, Address: `10.0.0.${octet}`, Service: { Service: service, Port: port } };
    expect(consul.http("PUT", "/v1/catalog/register", body)).toMatchObject({ status: 200, body: true });
  }
}

describe("a registered service", () => {
  test.prop([names, instances], { numRuns: 25 })(
    "resolves to its members over TCP, and to nobody once they are gone",
    (service, list) => {
      const consul = createTestConsul();
      register(consul, service, list);
      const addresses = consul
        .ask(`${service}.service.consul. A`, { transport: "tcp" })
        ?.answer.map(({ data }) => data);
      expect(new Set(addresses)).toEqual(new Set(list.map(({ octet }) => `10.0.0.${octet}`)));
      const ports = consul
        .ask(`_${service}._tcp.service.dc1.consul. SRV`, { transport: "tcp" })
        ?.answer.map(({ data }) => data);
      expect(ports).toHaveLength(list.length);
      for (const { node } of list) consul.http("PUT", "/v1/catalog/deregister", { Node: node });
      const gone = consul.ask(`${service}.service.consul. A`);
      expect(gone).toMatchObject({ rcode: "NXDOMAIN", answer: [], authority: [{ type: "SOA" }] });
    },
  );

  test.prop([names, instances], { numRuns: 25 })(
    "is truncated over plain UDP to at most 512 bytes, and always keeps at least one record",
    (service, list) => {
      const consul = createTestConsul();
      register(consul, service, list);
      for (const type of ["A", "SRV"]) {
        const reply = consul.ask(`${service}.service.consul. ${type}`);
        expect(reply?.answer.length).toBe(
          Math.min(3, new Set(list.map((each) => (type === "A" ? each.octet : each.node))).size),
        );
        expect(reply?.size).toBeLessThanOrEqual(512);
      }
    },
  );

  test.prop([names, instances, fc.integer({ min: 513, max: 4096 })], { numRuns: 25 })(
    "keeps to the size that a client offers, except for the added OPT record",
    (service, list, udpBytes) => {
      const consul = createTestConsul({ config: { dns_config: { enable_truncate: true } } });
      register(consul, service, list);
      const all = consul.ask(`${service}.service.consul. SRV`, { transport: "tcp" });
      const reply = consul.ask(`${service}.service.consul. SRV`, { udpBytes });
      expect(reply?.size).toBeLessThanOrEqual(udpBytes + 11);
      expect(reply?.flags.includes("tc")).toBe((reply?.answer.length ?? 0) < (all?.answer.length ?? 0));
    },
  );

  test.prop([names, instances, fc.string()], { numRuns: 15 })(
    "is answered identically for the same seed",
    (service, list, seed) => {
      const ask = (): unknown => {
        const consul = createTestConsul({}, seed);
        register(consul, service, list);
        return Array.from({ length: 5 }, () => consul.ask(`${service}.service.consul. A`, { udpBytes: 4096 }));
      };
      expect(ask()).toEqual(ask());
    },
  );

  it("comes in every order, each equally often", () => {
    const consul = createTestConsul();
    register(
      consul,
      "web",
      [1, 2, 3].map((octet) => ({ node: `n${octet}`, octet, port: 80 })),
    );
    const seen = new Map<string, number>();
    for (let round = 0; round < 1200; round++) {
      const order =
        consul
          .ask("web.service.consul. A")
          ?.answer.map(({ data }) => String(data).at(-1))
          .join("") ?? "";
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(["123", "132", "213", "231", "312", "321"]);
    for (const count of seen.values()) expect(Math.abs(count - 200)).toBeLessThan(80);
  });
});

describe("any packet", () => {
  test.prop([fc.uint8Array({ maxLength: 200 }), fc.constantFrom("udp" as const, "tcp" as const)])(
    "is answered with its own id or not at all, and the next question is answered as usual",
    (bytes, transport) => {
      const { dns, ask } = createTestConsul();
      const reply = dns.answer(bytes, transport);
      if (reply !== undefined) {
        expect(reply.subarray(0, 2)).toEqual(bytes.subarray(0, 2));
        expect((reply[2] as number) & 0x80).toBe(0x80);
      }
      expect(ask("consul.service.consul. A")?.answer).toHaveLength(1);
    },
  );

  test.prop([fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 4 })])(
    "that was a question before it was damaged does no harm",
    (damage) => {
      const { dns, ask } = createTestConsul();
      const query = Buffer.from(
        "100101000001000000000001056167656e74046e6f646506636f6e73756c0000010001000029100000000000000c000800080001180000000000",
        "hex",
      );
      for (const [at, byte] of damage) query[at % query.length] = byte;
      dns.answer(query, "udp");
      expect(ask("consul.service.consul. A")?.rcode).toBe("NOERROR");
    },
  );
});

describe("health", () => {
  const check = (status: string) => ({ CheckID: "c", Name: "c", Status: status, ServiceID: "web" });
  const service = { Service: "web", Port: 1 };

  it("removes critical members, and warning ones if only passing ones may answer", () => {
    for (const [onlyPassing, status, count] of [
      [false, "passing", 1],
      [false, "warning", 1],
      [false, "critical", 0],
      [true, "warning", 0],
    ] as const) {
      const consul = createTestConsul({ config: { dns_config: { only_passing: onlyPassing } } });
      consul.http("PUT", "/v1/catalog/register", {
        Node: "n",
        Address: "10.0.0.1",
        Service: service,
        Check: check(status),
      });
      expect(consul.ask("web.service.consul. A")?.answer).toHaveLength(count);
    }
  });

  it("is lost when a heartbeat is missing, and regained with the next one", () => {
    const consul = createTestConsul();
    consul.http("PUT", "/v1/agent/service/register", { Name: "web", Check: { TTL: "10s", Status: "passing" } });
    const answers = (): number | undefined => consul.ask("web.service.consul. A")?.answer.length;
    consul.kernel.advanceTo(consul.kernel.nowMs + 9000);
    expect(answers()).toBe(1);
    consul.kernel.advanceTo(consul.kernel.nowMs + 2000);
    expect(answers()).toBe(0);
    consul.http("PUT", "/v1/agent/check/pass/service:web");
    consul.kernel.advanceTo(consul.kernel.nowMs + 100);
    expect(answers()).toBe(1);
  });
});

describe("faults of an answer", () => {
  const register = (consul: ReturnType<typeof createTestConsul>, address: string): void => {
    consul.dns.catalog.registerNode("alias", address);
  };

  it("lose it, fail it or truncate it, as often as the rule says", () => {
    const consul = createTestConsul();
    register(consul, "10.0.0.1");
    consul.kernel.faults.arm({ point: "dns:answer", effect: { kind: "reset" } });
    expect(consul.ask("alias.node.consul. A")).toBeUndefined();
    consul.kernel.faults.arm({ point: "dns:answer", effect: { kind: "reply", status: 500 } });
    expect(consul.ask("alias.node.consul. A")?.rcode).toBe("SERVFAIL");
    consul.kernel.faults.arm({ point: "dns:answer", effect: { kind: "truncate", bytes: 20 } });
    expect(() => consul.ask("alias.node.consul. A")).toThrow(/no name|out of range|outside buffer/);
    expect(consul.ask("alias.node.consul. A")?.answer).toMatchObject([{ data: "10.0.0.1" }]);
  });

  it("give a past answer, without affecting the present one", () => {
    const consul = createTestConsul();
    register(consul, "10.0.0.1");
    consul.kernel.advanceTo(consul.kernel.nowMs + 10_000);
    register(consul, "10.0.0.2");
    consul.kernel.advanceTo(consul.kernel.nowMs + 1000);
    consul.kernel.faults.arm({ point: "dns:answer", effect: { kind: "stale", ageMs: 5000 } });
    expect(consul.ask("alias.node.consul. A")?.answer).toMatchObject([{ data: "10.0.0.1" }]);
    expect(consul.ask("alias.node.consul. A")?.answer).toMatchObject([{ data: "10.0.0.2" }]);
    expect(consul.dns.resolve("alias.node.consul")).toBe("10.0.0.2");
  });

  it("do not know a node at a time before it existed", () => {
    const consul = createTestConsul();
    consul.kernel.advanceTo(consul.kernel.nowMs + 60_000);
    register(consul, "10.0.0.1");
    consul.kernel.faults.arm({ point: "dns:answer", effect: { kind: "stale", ageMs: 1000 } });
    expect(consul.ask("alias.node.consul. A")?.rcode).toBe("NXDOMAIN");
  });
});

describe("a captured world", () => {
  it("answers as before once it is restored", () => {
    const consul = createTestConsul();
    register(consul, "web", [{ node: "n1", octet: 1, port: 80 }]);
    const snapshot = consul.kernel.snapshot();
    const before = consul.ask("web.service.consul. SRV");
    consul.http("PUT", "/v1/catalog/deregister", { Node: "n1" });
    expect(consul.ask("web.service.consul. SRV")?.rcode).toBe("NXDOMAIN");
    consul.kernel.restore(snapshot);
    expect(consul.ask("web.service.consul. SRV")).toEqual(before);
  });
});
