import { describe, expect, it } from "vitest";
import { cachingResolver } from "../examples/failover-names/watch.mjs";
import { ConsulAgents } from "./consul-agents.ts";
import { rig } from "./dataservices/testing.ts";
import { createDns } from "./dns/index.ts";
import { buildQuery, readReply } from "./dns/parity/message.ts";
import { byText, type Effect } from "./kernel/index.ts";

const ADDRESSES = [5, 6, 7].map((last) => `127.64.16.${last}`);
const DEP = "d71da55a";
const ALIAS = `${DEP}-psql-master-alias.node.dc1.consul.`;
const SERVICE = `${DEP}.service.dc1.consul.`;
const TTL_S = 30;
const REST_MS = 60_000;

/** A group of three with an agent beside each. */
function cloud() {
  const { kernel, services, boot, pass } = rig();
  const dns = createDns(kernel, { address: "127.64.0.10", config: { dns_config: { node_ttl: `${TTL_S}s` } } });
  const agents = new ConsulAgents(kernel, dns, services);
  const properties = { node: `${DEP}-pg`, service: DEP, alias: ALIAS.split(".")[0], port: 5432 };
  for (const [index, ip] of ADDRESSES.entries()) {
    boot(ip, DEP, { index });
    const place = { group: "pg", instanceId: `i${index}`, vmCid: `vm${index}`, diskCid: null };
    agents.start({ deployment: DEP, index, bootstrap: index === 0, ip, properties, ...place });
  }
  pass(REST_MS);
  const ask = (question: string) => {
    const bytes = dns.answer(buildQuery(question, 1, undefined), "udp");
    return bytes === undefined ? undefined : readReply(Buffer.from(bytes));
  };
  const primary = (): string => services.primaryOf(DEP, "postgresql")?.address ?? "";
  return {
    kernel,
    services,
    agents,
    pass,
    ask,
    primary,
    alias: (): unknown => ask(`${ALIAS} A`)?.answer[0]?.data,
    members: (): readonly unknown[] => (ask(`${SERVICE} A`)?.answer ?? []).map(({ data }) => String(data)).sort(byText),
    arm: (point: string, effect: Effect, rule: object = {}) => kernel.faults.arm({ point, effect, ...rule }),
    loseVm: (address: string) => {
      services.stop(address, "postgresql", true);
      agents.lose(address);
    },
  };
}

describe("the alias of a primary", () => {
  it("moves to the replica that is promoted; a resolver that caches answers with the old address until the TTL", async () => {
    const world = cloud();
    const old = world.primary();
    const seen = cachingResolver(
      async () => {
        const [record] = world.ask(`${ALIAS} A`)?.answer ?? [];
        return record === undefined ? undefined : { address: String(record.data), ttl: record.ttl };
      },
      () => world.kernel.nowMs,
    );
    expect(await seen(ALIAS)).toBe(old);
    const cachedMs = world.kernel.nowMs;
    world.loseVm(old);
    for (let waits = 0; world.alias() === old && waits < 100; waits++) world.pass(500);
    expect(world.alias()).toBe(world.primary());
    expect(world.primary()).not.toBe(old);
    expect(await seen(ALIAS)).toBe(old);
    world.pass(cachedMs + TTL_S * 1000 - 1 - world.kernel.nowMs);
    expect(await seen(ALIAS)).toBe(old);
    world.pass(1);
    expect(await seen(ALIAS)).toBe(world.primary());
  });

  it.each([
    ["late", { kind: "delay", delayMs: 20_000 }, 20_000],
    ["lost", { kind: "reset" }, undefined],
    ["doubled", { kind: "lost-reply" }, 0],
  ] as const)("is registered again %s when a fault says so", (_how, effect, lateMs) => {
    const world = cloud();
    world.arm("consul-agent:alias", effect);
    const old = world.primary();
    world.loseVm(old);
    for (let waits = 0; ["", old].includes(world.primary()) && waits < 100; waits++) world.pass(500);
    expect(["", old]).not.toContain(world.primary());
    expect(world.alias() === world.primary()).toBe(lateMs === 0);
    world.pass(20_000);
    expect(world.alias() === world.primary()).toBe(lateMs !== undefined);
  });
});

describe("the health of an agent's service", () => {
  const INTERVAL_MS = 10_000;

  it("decides who answers: a service that stops, and an agent whose VM is gone, are left out", () => {
    const world = cloud();
    expect(world.members()).toEqual(ADDRESSES);
    world.services.stop(ADDRESSES[1] ?? "", "postgresql");
    world.agents.checkSoon(ADDRESSES[1] ?? "");
    world.loseVm(ADDRESSES[2] ?? "");
    expect(world.members()).toEqual(ADDRESSES);
    world.pass(INTERVAL_MS);
    expect(world.members()).toEqual([ADDRESSES[0]]);
  });

  it.each([
    ["consul-agent:check", { kind: "error", message: "no answer" }],
    ["consul-agent:serf", { kind: "vanish" }],
    ["consul-agent:maintenance", { kind: "error", message: "a new disk" }],
  ] as const)("fails as %s says, and heals with the rule", (point, effect) => {
    const world = cloud();
    const id = world.arm(point, effect, { count: null, match: { node: `${DEP}-pg-1` } });
    world.pass(INTERVAL_MS);
    expect(world.members()).toEqual([ADDRESSES[0], ADDRESSES[2]]);
    world.kernel.faults.disarm(id);
    world.pass(INTERVAL_MS);
    expect(world.members()).toEqual(ADDRESSES);
  });

  it("stays as it is in the catalog while the agent can't write", () => {
    const world = cloud();
    const id = world.arm("consul-agent:sync", { kind: "reset" }, { count: null });
    world.services.stop(ADDRESSES[1] ?? "", "postgresql");
    world.pass(INTERVAL_MS * 2);
    expect(world.members()).toEqual(ADDRESSES);
    world.kernel.faults.disarm(id);
    world.pass(INTERVAL_MS);
    expect(world.members()).toEqual([ADDRESSES[0], ADDRESSES[2]]);
  });
});

describe("Consul's leader", () => {
  it("is lost while a rule says so: names still resolve, but writes fail", () => {
    const world = cloud();
    world.arm("dns:leader", { kind: "vanish" }, { count: null });
    expect(world.alias()).toBe(world.primary());
  });
});
