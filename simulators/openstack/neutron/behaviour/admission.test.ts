import { beforeEach, describe, expect, it } from "vitest";
import type { NetworkRow, PortRow, SecurityGroupRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { addNetwork, addPort, addSubnet, newNeutron, PROJECT } from "../testing.ts";
import { admits } from "./admission.ts";
import { setDevice } from "./devices.ts";
import {} from "./ports.ts";
import { addRule, createGroup, type NewRule } from "./security-groups.ts";

let neutron: Neutron;
let network: NetworkRow;
let group: SecurityGroupRow;
let port: PortRow;

beforeEach(() => {
  neutron = newNeutron();
  network = addNetwork(neutron);
  addSubnet(neutron, network, "10.0.0.0/24");
  group = createGroup(neutron, PROJECT, "group", "");
  port = addPort(neutron, network, { groups: [group.id], fixedIps: [{ ip: "10.0.0.10" }] });
});

const allow = (rule: Partial<NewRule>): void =>
  void addRule(neutron, group, { direction: "ingress", ethertype: "IPv4", protocol: "tcp", ...rule });
const isOpen = (source: string, to: number): boolean | undefined => admits(neutron, source, "10.0.0.10", to);

describe("a port", () => {
  it("is closed until a rule admits something", () => {
    expect(isOpen("192.0.2.1", 5432)).toBe(false);
  });

  it("is open to the sources and ports of a rule, both ends included, and to no others", () => {
    allow({ portMin: 5432, portMax: 5433, remoteIpPrefix: "192.0.2.0/30" });
    expect([5431, 5432, 5433, 5434].map((to) => isOpen("192.0.2.3", to))).toEqual([false, true, true, false]);
    expect(["192.0.1.255", "192.0.2.0", "192.0.2.4"].map((source) => isOpen(source, 5432))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("is open to members of a remote group, and closed once they leave it", () => {
    const clients = createGroup(neutron, PROJECT, "clients", "");
    const client = addPort(neutron, network, { groups: [clients.id], fixedIps: [{ ip: "10.0.0.20" }] });
    allow({ remoteGroupId: clients.id });
    expect([isOpen("10.0.0.20", 80), isOpen("10.0.0.21", 80)]).toEqual([true, false]);
    client.groups = [];
    expect(isOpen("10.0.0.20", 80)).toBe(false);
  });

  it("stays closed to what a rule for another direction, version or protocol admits", () => {
    allow({ direction: "egress" });
    allow({ ethertype: "IPv6" });
    allow({ protocol: "udp" });
    allow({ protocol: "17" });
    expect(isOpen("192.0.2.1", 80)).toBe(false);
    allow({ protocol: "6" });
    expect(isOpen("192.0.2.1", 80)).toBe(true);
  });

  it("is open to any protocol of a rule without one", () => {
    allow({ protocol: null });
    expect(admits(neutron, "192.0.2.1", "10.0.0.10", 53, "udp")).toBe(true);
  });

  it("without port security is open if its server is running", () => {
    port.portSecurity = false;
    expect(isOpen("192.0.2.1", 80)).toBe(true);
    setDevice(neutron, port, "", "", "");
    expect(isOpen("192.0.2.1", 80)).toBe(false);
  });

  it("that does not exist is not guarded by Neutron", () => {
    expect(admits(neutron, "192.0.2.1", "10.0.0.99", 80)).toBeUndefined();
  });
});
