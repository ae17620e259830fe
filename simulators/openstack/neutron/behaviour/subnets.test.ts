import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addNetwork, addSubnet, newNeutron, refusalOf } from "../testing.ts";
import { addressText, addressValue, parsePrefix, type Prefix } from "./ip.ts";
import { checkGateway, checkOverlap, checkPools, checkPrefix, checkServiceTypes, defaultPools } from "./subnets.ts";

function prefixOf(cidr: string): Prefix {
  const prefix = parsePrefix(cidr);
  if (prefix === undefined) throw new Error(cidr);
  return prefix;
}

const PREFIX = prefixOf("10.0.0.0/24");

describe("the default pools of a subnet", () => {
  it("contain all hosts except the gateway, wherever it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 30 }), fc.nat(), (bits, at) => {
        const prefix = prefixOf(`10.0.0.0/${bits}`);
        const size = Number(prefix.last - prefix.first) - 1;
        const gateway = addressText(prefix.first + 1n + BigInt(at % size), 4);
        const pools = defaultPools(prefix, gateway);
        const count = pools.reduce(
          (sum, { start, end }) => sum + Number(addressValue(end) - addressValue(start)) + 1,
          0,
        );
        expect(count).toBe(size - 1);
        expect(refusalOf(() => checkPools(prefix, pools))).toBeUndefined();
        expect(refusalOf(() => checkGateway(gateway, pools))).toBeUndefined();
      }),
    );
  });

  it("leave out neither network nor broadcast address of a /31", () => {
    expect(defaultPools(prefixOf("10.0.0.0/31"), null)).toEqual([{ start: "10.0.0.0", end: "10.0.0.1" }]);
  });
});

describe("pools", () => {
  it.each([
    ["10.0.0.1", "10.0.0.254", undefined],
    ["10.0.0.0", "10.0.0.9", "OutOfBoundsAllocationPool"],
    ["10.0.0.9", "10.0.0.255", "OutOfBoundsAllocationPool"],
    ["10.0.0.9", "10.0.0.8", "InvalidAllocationPool"],
  ])("from %s to %s are refused as %s", (start, end, refusal) =>
    expect(refusalOf(() => checkPools(PREFIX, [{ start, end }]))).toBe(refusal),
  );

  it("may touch, but not overlap", () => {
    const after = (start: string): unknown =>
      refusalOf(() =>
        checkPools(PREFIX, [
          { start: "10.0.0.2", end: "10.0.0.9" },
          { start, end: "10.0.0.20" },
        ]),
      );
    expect(after("10.0.0.10")).toBeUndefined();
    expect(after("10.0.0.9")).toBe("OverlappingAllocationPools");
  });

  it("do not hold the gateway", () => {
    const pools = [{ start: "10.0.0.2", end: "10.0.0.9" }];
    const refusal = (gateway: string | null): unknown => refusalOf(() => checkGateway(gateway, pools));
    expect(["10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.0.10", null].map(refusal)).toEqual([
      undefined,
      "GatewayConflictWithAllocationPools",
      "GatewayConflictWithAllocationPools",
      undefined,
      undefined,
    ]);
  });
});

describe("a subnet", () => {
  it("must not overlap another subnet of its network", () => {
    const neutron = newNeutron();
    const network = addNetwork(neutron);
    addSubnet(neutron, network, "10.0.0.0/24");
    const refusal = (cidr: string): unknown => refusalOf(() => checkOverlap(neutron, network, prefixOf(cidr)));
    expect(["10.0.0.128/25", "10.0.0.0/8", "10.0.1.0/24"].map(refusal)).toEqual([
      "InvalidInput",
      "InvalidInput",
      undefined,
    ]);
  });

  it("must leave DHCP addresses to assign", () => {
    const refusal = (cidr: string, version: 4 | 6, dhcp: boolean): unknown =>
      refusalOf(() => checkPrefix(prefixOf(cidr), version, dhcp));
    expect(refusal("10.0.0.0/31", 4, true)).toBe("InvalidInput");
    expect(refusal("10.0.0.0/31", 4, false)).toBeUndefined();
    expect(refusal("10.0.0.0/30", 4, true)).toBeUndefined();
    expect(refusal("10.0.0.0/24", 6, false)).toBe("InvalidInput");
  });

  it("has no service type but an owner of devices", () => {
    expect(refusalOf(() => checkServiceTypes(["compute:nova", "network:dhcp"]))).toBeUndefined();
    expect(refusalOf(() => checkServiceTypes(["banana"]))).toBe("InvalidSubnetServiceType");
  });
});
