import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addNetwork, addPort, addSubnet, newNeutron, refusalOf } from "../testing.ts";
import { deletePort } from "./ports.ts";

const bits = fc.integer({ min: 24, max: 30 });

describe("addresses of ports", () => {
  it("are all hosts of a subnet except its gateway, from the lowest, until none is left", () => {
    fc.assert(
      fc.property(bits, (length) => {
        const neutron = newNeutron();
        const network = addNetwork(neutron);
        addSubnet(neutron, network, `10.0.0.0/${length}`);
        const broadcast = 2 ** (32 - length) - 1;
        const expected = Array.from({ length: broadcast - 2 }, (_none, at) => `10.0.0.${at + 2}`);
        expect(expected.map(() => addPort(neutron, network).fixedIps[0]?.ip)).toEqual(expected);
        expect(refusalOf(() => addPort(neutron, network))).toBe("IpAddressGenerationFailure");
      }),
      { numRuns: 10 },
    );
  });

  it("are held by one port each, and the lowest freed one is allocated next", () => {
    const step = fc.oneof(fc.constant("create" as const), fc.nat({ max: 20 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const neutron = newNeutron();
        const network = addNetwork(neutron);
        addSubnet(neutron, network, "10.0.0.0/28");
        const free = new Set(Array.from({ length: 13 }, (_none, at) => `10.0.0.${at + 2}`));
        const ports = [];
        for (const each of steps) {
          if (each !== "create") {
            const [port] = ports.splice(each, 1);
            if (port === undefined) continue;
            deletePort(neutron, port);
            for (const { ip } of port.fixedIps) free.add(ip);
          } else if (free.size > 0) {
            const port = addPort(neutron, network);
            const [lowest] = [...free].sort((a, b) => Number(a.split(".")[3]) - Number(b.split(".")[3]));
            expect(port.fixedIps.map(({ ip }) => ip)).toEqual([lowest]);
            free.delete(lowest ?? "");
            ports.push(port);
          } else expect(refusalOf(() => addPort(neutron, network))).toBe("IpAddressGenerationFailure");
        }
      }),
    );
  });

  it("are one of each version unless the port asks for others", () => {
    const neutron = newNeutron();
    const network = addNetwork(neutron);
    addSubnet(neutron, network, "10.0.0.0/24");
    addSubnet(neutron, network, "fd00::/64");
    expect(addPort(neutron, network).fixedIps.map(({ ip }) => ip)).toEqual(["10.0.0.2", "fd00::1"]);
  });

  it("stay as they were if a port is refused one of several", () => {
    const neutron = newNeutron();
    const network = addNetwork(neutron);
    const [small, large] = [addSubnet(neutron, network, "10.0.1.0/30"), addSubnet(neutron, network, "10.0.0.0/24")];
    addPort(neutron, network, { fixedIps: [{ subnetId: small.id }] });
    const fixedIps = [{ subnetId: large.id }, { subnetId: small.id }];
    expect(refusalOf(() => addPort(neutron, network, { fixedIps }))).toBe("IpAddressGenerationFailure");
    expect(addPort(neutron, network, { fixedIps: [{ subnetId: large.id }] }).fixedIps[0]?.ip).toBe("10.0.0.2");
  });

  it("may be chosen if they lie on a subnet of the network and no other port has them", () => {
    const neutron = newNeutron();
    const network = addNetwork(neutron);
    const { id: subnetId } = addSubnet(neutron, network, "10.0.0.0/24");
    expect(addPort(neutron, network, { fixedIps: [{ ip: "10.0.0.77" }] }).fixedIps).toEqual([
      { subnetId, ip: "10.0.0.77" },
    ]);
    const refusal = (fixedIps: readonly object[]): unknown => refusalOf(() => addPort(neutron, network, { fixedIps }));
    expect(refusal([{ ip: "10.0.0.77" }])).toBe("IpAddressAlreadyAllocated");
    expect(refusal([{ ip: "10.9.0.1" }])).toBe("InvalidIpForNetwork");
    expect(refusal([{ subnetId, ip: "10.9.0.1" }])).toBe("InvalidIpForSubnet");
    expect(refusal([{ subnetId: "another" }])).toBe("SubnetNotFound");
    expect(refusal([{}])).toBe("InvalidInput");
    expect(refusal(["10.0.0.0", "10.0.0.255"].map((ip) => ({ subnetId, ip })))).toBe("InvalidIpForSubnet");
    expect(refusal(Array.from({ length: 7 }, () => ({ subnetId })))).toBe("InvalidInput");
  });
});
