import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCloudConfig } from "../configs/cloud-config.ts";
import type { Director } from "../state/director.ts";
import { createState } from "../state/index.ts";
import { type AddressHolder, releaseAddress, reserveAddress } from "./addresses.ts";

const NETWORK = {
  name: "n",
  subnets: [
    {
      range: "10.0.0.0/28",
      gateway: "10.0.0.1",
      az: "z1",
      reserved: ["10.0.0.2-10.0.0.3", "10.0.0.6"],
      static: ["10.0.0.10-10.0.0.11"],
    },
    { range: "10.0.1.0/30", gateway: "10.0.1.2", az: "z2" },
  ],
};
const CONFIG = parseCloudConfig([
  JSON.stringify({
    azs: [{ name: "z1" }, { name: "z2" }],
    networks: [NETWORK],
    compilation: { workers: 1, network: "n", az: "z1" },
  }),
]);
const network = CONFIG.networks.get("n") ?? { name: "", type: "manual" as const, subnets: [] };

const createDirector = (): Pick<Director, "slot"> => ({ slot: { value: createState() } }) as Director;
const holder = (name: string, az = "z1"): AddressHolder => ({
  deployment: "d",
  instance: name,
  title: `${name} (0)`,
  az,
});

function take(
  director: Pick<Director, "slot">,
  name: string,
  options: { az?: string; ip?: string; has?: string } = {},
) {
  return reserveAddress(director as Director, network, holder(name, options.az), options.ip, options.has).ip;
}

describe("the addresses of a network", () => {
  it("are handed out in ascending order, without gateway, reserved and static ones, until none is left", () => {
    const director = createDirector();
    const free = [4, 5, 7, 8, 9, 12, 13, 14].map((last) => `10.0.0.${last}`);
    expect(free.map((_ip, at) => take(director, `w/${at}`))).toEqual(free);
    expect(() => take(director, "w/9")).toThrow(
      "Failed to reserve IP for 'w/9 (0)' for manual network 'n': no more available",
    );
  });

  it("come from a subnet in the instance's zone", () => {
    expect(take(createDirector(), "w/1", { az: "z2" })).toBe("10.0.1.1");
  });

  it("come with the subnet's gateway and netmask", () => {
    const reserved = reserveAddress(createDirector() as Director, network, holder("w/1", "z2"), undefined, undefined);
    expect(reserved).toMatchObject({ gateway: "10.0.1.2", netmask: "255.255.255.252", type: "manual" });
  });

  it("stay with an instance as long as its zone hands them out", () => {
    const director = createDirector();
    expect(take(director, "w/1", { has: "10.0.0.9" })).toBe("10.0.0.9");
    expect(take(director, "w/1", { has: "10.0.0.10" })).toBe("10.0.0.4");
    expect(take(director, "w/1", { az: "z2", has: "10.0.0.9" })).toBe("10.0.1.1");
  });

  it("are static where the manifest says so, for one instance at a time", () => {
    const director = createDirector();
    expect(take(director, "w/1", { ip: "10.0.0.10" })).toBe("10.0.0.10");
    expect(take(director, "w/1", { ip: "10.0.0.10" })).toBe("10.0.0.10");
    expect(() => take(director, "w/2", { ip: "10.0.0.10" })).toThrow(
      "Failed to reserve IP '10.0.0.10/32' for instance 'w/2 (0)': already reserved by instance 'w/1' from deployment 'd'",
    );
    expect(() => take(director, "w/2", { ip: "10.9.0.1" })).toThrow("does not belong to any subnet");
  });

  it("are free again once released, unless an orphaned VM has them", () => {
    const director = createDirector();
    const [first, second] = [take(director, "w/1"), take(director, "w/2")];
    const { orphanVms } = director.slot.value;
    orphanVms.set("vm", { cid: "vm", az: "", deployment: "d", instance: "w/2", ips: [second], orphanedMs: 0 });
    for (const ip of [first, second]) releaseAddress(director as Director, ip);
    expect([take(director, "w/3"), take(director, "w/4")]).toEqual([first, "10.0.0.7"]);
  });

  it("never have two holders, whatever is reserved or released", () => {
    const step = fc.record({ name: fc.nat({ max: 5 }), isRelease: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const director = createDirector();
        const held = new Map<number, string>();
        for (const { name, isRelease } of steps) {
          const ip = held.get(name);
          if (isRelease && ip !== undefined) {
            releaseAddress(director as Director, ip);
            held.delete(name);
          } else if (ip === undefined) held.set(name, take(director, `w/${name}`));
        }
        const ips = [...held.values()];
        expect(new Set(ips).size).toBe(ips.length);
        expect([...director.slot.value.addresses.keys()].sort()).toEqual([...ips].sort());
      }),
    );
  });
});
