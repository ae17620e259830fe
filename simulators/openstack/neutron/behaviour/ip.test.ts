import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressText,
  addressValue,
  isInPrefix,
  isInRange,
  parseIpv4Range,
  parsePrefix,
  prefixesOverlap,
} from "./ip.ts";

const ipv4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
const ipv6 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  // Long runs of zeros, which the shortest form omits.
  fc
    .array(fc.constantFrom<bigint>(0n, 0n, 0n, 1n, 0xffffn), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.reduce((sum, group) => (sum << 16n) | group, 0n)),
);
const prefix4 = fc
  .tuple(ipv4, fc.integer({ min: 0, max: 32 }))
  .map(([value, bits]) => `${addressText(value, 4)}/${bits}`);

describe("addresses", () => {
  it("keep their value when written and read", () => {
    fc.assert(fc.property(ipv4, (value) => addressValue(addressText(value, 4)) === value));
    fc.assert(fc.property(ipv6, (value) => addressValue(addressText(value, 6)) === value));
  });

  it("of IPv6 are written as URLs write them", () => {
    fc.assert(
      fc.property(ipv6, (value) => {
        const text = addressText(value, 6);
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
  });
});

describe("a prefix", () => {
  it("holds its first and last address and neither neighbour", () => {
    fc.assert(
      fc.property(prefix4, (cidr) => {
        const prefix = parsePrefix(cidr);
        if (prefix === undefined) throw new Error(cidr);
        const text = (value: bigint): string => addressText(value, 4);
        expect(prefix.last - prefix.first + 1n).toBe(2n ** BigInt(32 - prefix.bits));
        expect(isInPrefix(prefix, text(prefix.first)) && isInPrefix(prefix, text(prefix.last))).toBe(true);
        if (prefix.first > 0n) expect(isInPrefix(prefix, text(prefix.first - 1n))).toBe(false);
        if (prefix.last < 2n ** 32n - 1n) expect(isInPrefix(prefix, text(prefix.last + 1n))).toBe(false);
      }),
    );
  });

  it("overlaps another when one holds the other's first address", () => {
    fc.assert(
      fc.property(prefix4, prefix4, (one, other) => {
        const [a, b] = [parsePrefix(one), parsePrefix(other)];
        if (a === undefined || b === undefined) throw new Error(`${one} ${other}`);
        const isHeld = isInPrefix(a, addressText(b.first, 4)) || isInPrefix(b, addressText(a.first, 4));
        expect(prefixesOverlap(a, b)).toBe(isHeld);
      }),
    );
  });

  it("is the same whichever of its addresses names it", () => {
    expect(parsePrefix("10.1.2.3/16")?.text).toBe("10.1.0.0/16");
    expect(parsePrefix("fd00::5/64")?.text).toBe("fd00::/64");
    expect(parsePrefix("10.1.2.3")?.text).toBe("10.1.2.3/32");
  });

  it.each(["10.0.0.0/33", "10.0.0.256/24", "10.0.0/24", "10.0.0.0/24/8", "fd00::/129", "fd00:::/64", "", "banana", 5])(
    "is not %j",
    (value) => expect(parsePrefix(value)).toBeUndefined(),
  );

  it("of IPv4 has the same addresses as a range", () => {
    fc.assert(
      fc.property(prefix4, ipv4, (cidr, value) => {
        const [prefix, range] = [parsePrefix(cidr), parseIpv4Range(cidr)];
        if (prefix === undefined || range === undefined) throw new Error(cidr);
        expect(isInRange(range, addressText(value, 4))).toBe(isInPrefix(prefix, addressText(value, 4)));
      }),
    );
  });
});
