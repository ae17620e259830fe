import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { valueAt } from "../parity/compare.ts";
import { TwoProjectCloud } from "../testing.ts";
import { addToCount, checkQuota, quotasOf } from "./state/quotas.ts";
import { newNeutron, PROJECT, refusalOf } from "./testing.ts";

describe("a quota", () => {
  it("refuses whatever would exceed it, and nothing else", () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.nat({ max: 20 }), fc.integer({ min: 1, max: 5 }), (limit, used, more) => {
        const neutron = newNeutron({ network: limit });
        addToCount(neutron, PROJECT, "network", used);
        expect(refusalOf(() => checkQuota(neutron, PROJECT, "network", more))).toBe(
          used + more > limit ? "OverQuota" : undefined,
        );
      }),
    );
  });

  it("of −1 is unlimited", () => {
    const neutron = newNeutron({ port: -1 });
    expect(refusalOf(() => checkQuota(neutron, PROJECT, "port", 1_000_000))).toBeUndefined();
  });

  it("of a project outranks that of the cloud, which outranks that of Zed", () => {
    const neutron = newNeutron({ port: 7, router: 3 });
    neutron.slot.value.quotas.set(PROJECT, { port: 5 });
    expect(quotasOf(neutron, PROJECT)).toMatchObject({ port: 5, router: 3, network: 100, subnetpool: -1 });
  });
});

describe("a bulk", () => {
  it("is created as a whole or not at all", async () => {
    const cloud = await TwoProjectCloud.open({ quotas: { network: 3 } }, 1);
    const networks = (count: number): object => ({ networks: Array.from({ length: count }, () => ({ name: "net" })) });
    expect(await cloud.call("A", "POST", "network", "/networks", networks(4))).toMatchObject({
      status: 409,
      body: { NeutronError: { type: "OverQuota" } },
    });
    const made = await cloud.call("A", "POST", "network", "/networks", networks(3));
    expect(made.status).toBe(201);
    const network = valueAt(made.body, "$.networks[0].id");
    const subnets = ["10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/25"].map((cidr) => ({
      network_id: network,
      ip_version: 4,
      cidr,
    }));
    expect((await cloud.call("A", "POST", "network", "/subnets", { subnets })).status).toBe(400);
    expect(await cloud.list("A", "subnet")).not.toContain("10.0.0.0/24");
    expect((await cloud.call("A", "POST", "network", "/subnets", { subnets: subnets.slice(0, 2) })).status).toBe(201);
  });
});
