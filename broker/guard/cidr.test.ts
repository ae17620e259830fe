import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { networkOf } from "./cidr.ts";

describe("networkOf", () => {
  it.each([
    ["10.0.0.7/24", "10.0.0.0/24"],
    ["10.0.0.7", "10.0.0.7/32"],
    ["255.255.255.255/1", "128.0.0.0/1"],
    ["1.2.3.4/0", "0.0.0.0/0"],
  ])("%s is %s", (text, network) => expect(networkOf(text)).toBe(network));

  it.each(["", "everybody", "10.0.0/24", "10.0.0.256/24", "10.0.0.0/33", "10.0.0.0/", "::1/128", "10.0.0.0/24 "])(
    "%j is none",
    (text) => expect(networkOf(text)).toBeUndefined(),
  );

  it("is the same for every address of a network", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (ip, bits) => {
        const network = networkOf(`${ip}/${bits}`) ?? "";
        expect(networkOf(network)).toBe(network);
        expect(networkOf(ip.replace(/\d+$/, network.split(/[./]/)[3] ?? ""))).toBeDefined();
        expect(networkOf(`${network.split("/")[0]}/${bits}`)).toBe(network);
      }),
    );
  });
});
