import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVersions } from "./versions.ts";

const sign = (order: number): number => Math.sign(order);

describe("versions", () => {
  const ordered = [
    ["1", "2"],
    ["1.9", "1.10"],
    ["1.2", "1.10"],
    ["9", "10"],
    ["1.0-rc.1", "1.0"],
    ["1.0-rc.2", "1.0-rc.10"],
    ["1.0-alpha", "1.0-beta"],
    ["1.0-1", "1.0-alpha"],
    ["1.0", "1.0+dev.1"],
    ["1.0+dev.2", "1.0+dev.10"],
    ["1.0-rc.1", "1.0-rc.1+dev.1"],
    ["1.0+dev.99", "1.1"],
    ["621.5", "621.10"],
    ["1.1", "1.a"],
  ] as const;
  it.each(ordered)("put %s before %s", (older, newer) => {
    expect([sign(compareVersions(older, newer)), sign(compareVersions(newer, older))]).toEqual([-1, 1]);
  });

  it.each([
    ["1", "1.0"],
    ["1.0.0", "1"],
    ["01", "1"],
  ])("treat %s and %s as the same", (one, other) => {
    expect(compareVersions(one, other)).toBe(0);
  });

  it("have a total order", () => {
    const part = fc.oneof(fc.nat({ max: 20 }).map(String), fc.constantFrom("a", "rc", "dev"));
    const segment = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
    const version = fc
      .tuple(segment, fc.option(segment), fc.option(segment))
      .map(([release, pre, post]) => `${release}${pre === null ? "" : `-${pre}`}${post === null ? "" : `+${post}`}`);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(sign(compareVersions(a, b)) + sign(compareVersions(b, a))).toBe(0);
        expect(compareVersions(a, a)).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
