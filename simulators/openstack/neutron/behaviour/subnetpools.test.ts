import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SubnetpoolRow } from "../state/rows.ts";
import { newRow } from "../state/state.ts";
import { addNetwork, addSubnet, newNeutron, PROJECT, refusalOf } from "../testing.ts";
import { isInPrefix, parsePrefix } from "./ip.ts";
import { allocatePrefix } from "./subnetpools.ts";

describe("a subnet pool", () => {
  it("gives prefixes of any length that lie within it and don't overlap, until it is full", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 24, max: 28 }), { minLength: 1, maxLength: 40 }), (lengths) => {
        const neutron = newNeutron();
        const network = addNetwork(neutron);
        const pool: SubnetpoolRow = {
          ...newRow(neutron, PROJECT, 0),
          name: "pool",
          prefixes: ["10.0.0.0/23", "10.9.0.0/24"],
          version: 4,
          defaultPrefixlen: 24,
          minPrefixlen: 24,
          maxPrefixlen: 28,
          isDefault: false,
          defaultQuota: null,
          addressScopeId: null,
        };
        const within = pool.prefixes.flatMap((text) => parsePrefix(text) ?? []);
        const taken = new Set<string>();
        for (const bits of lengths) {
          let cidr: string;
          try {
            cidr = allocatePrefix(neutron, pool, "p", bits).text;
          } catch {
            expect(refusalOf(() => allocatePrefix(neutron, pool, "p", bits))).toBe("SubnetAllocationError");
            continue;
          }
          const [base = ""] = cidr.split("/");
          expect(within.some((prefix) => isInPrefix(prefix, base))).toBe(true);
          const blocks = 2 ** (28 - bits);
          const first = Number(base.split(".")[3]) / 16;
          for (let at = 0; at < blocks; at++) {
            const block = `${base.split(".").slice(0, 3).join(".")}.${first + at}`;
            expect(taken.has(block)).toBe(false);
            taken.add(block);
          }
          neutron.slot.value.subnets.set(cidr, { ...addSubnet(neutron, network, cidr), subnetpoolId: pool.id });
        }
        expect(refusalOf(() => allocatePrefix(neutron, pool, "p", 23))).toBe("MinPrefixSubnetAllocationError");
        expect(refusalOf(() => allocatePrefix(neutron, pool, "p", 29))).toBe("MaxPrefixSubnetAllocationError");
      }),
    );
  });

  it("has no prefix left once it is full", () => {
    const neutron = newNeutron();
    const network = addNetwork(neutron);
    const pool: SubnetpoolRow = {
      ...newRow(neutron, PROJECT, 0),
      name: "pool",
      prefixes: ["10.0.0.0/24"],
      version: 4,
      defaultPrefixlen: 25,
      minPrefixlen: 24,
      maxPrefixlen: 32,
      isDefault: false,
      defaultQuota: null,
      addressScopeId: null,
    };
    for (const cidr of ["10.0.0.0/25", "10.0.0.128/25"]) {
      expect(allocatePrefix(neutron, pool, "p", 25).text).toBe(cidr);
      neutron.slot.value.subnets.set(cidr, { ...addSubnet(neutron, network, cidr), subnetpoolId: pool.id });
    }
    expect(refusalOf(() => allocatePrefix(neutron, pool, "p", 32))).toBe("SubnetAllocationError");
  });
});
