import { beforeEach, describe, expect, it } from "vitest";
import { addInterface, removeInterface } from "../behaviour/router-interfaces.ts";
import { countOf } from "../state/quotas.ts";
import type { FloatingIpRow, NetworkRow, PortRow, RouterRow, SubnetRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { addNetwork, addPort, addSubnet, MEMBER, newNeutron, PROJECT, refusalOf } from "../testing.ts";
import { FLOATING_IPS } from "./floatingips.ts";
import { NETWORKS } from "./networks.ts";
import { PORTS } from "./ports.ts";
import { ROUTERS } from "./routers.ts";

let neutron: Neutron;
let external: NetworkRow;
let network: NetworkRow;
let subnet: SubnetRow;
let router: RouterRow;
let port: PortRow;

beforeEach(() => {
  neutron = newNeutron();
  external = addNetwork(neutron, { external: true });
  addSubnet(neutron, external, "203.0.113.0/24");
  network = addNetwork(neutron);
  subnet = addSubnet(neutron, network, "10.0.0.0/24");
  router = ROUTERS.create(neutron, MEMBER, PROJECT, { external_gateway_info: { network_id: external.id } });
  addInterface(neutron, MEMBER, router, { subnet_id: subnet.id });
  port = addPort(neutron, network);
});

const portsOf = ({ id }: NetworkRow): PortRow[] =>
  [...neutron.slot.value.ports.values()].filter(({ networkId }) => networkId === id);
const setGateway = (info: { network_id: string } | null): void =>
  ROUTERS.update?.(neutron, MEMBER, router, { external_gateway_info: info });
const createFloatingIp = (portId?: string): FloatingIpRow =>
  FLOATING_IPS.create(neutron, MEMBER, PROJECT, {
    floating_network_id: external.id,
    ...(portId !== undefined && { port_id: portId }),
  });

describe("the ports of a router", () => {
  it("are wired where its agent is, an interface that was a port before too", () => {
    const other = addNetwork(neutron);
    addSubnet(neutron, other, "10.1.0.0/24");
    addInterface(neutron, MEMBER, router, { port_id: addPort(neutron, other).id });
    const own = [...neutron.slot.value.ports.values()].filter(({ deviceId }) => deviceId === router.id);
    expect(own.map(({ status, hostId }) => [status, hostId])).toEqual(own.map(() => ["ACTIVE", "network-1"]));
    expect(own).toHaveLength(3);
  });
});

describe("the gateway of a router", () => {
  it("is a port without a project on the external network, which is deleted when the gateway is cleared", () => {
    expect(portsOf(external).map(({ deviceOwner, projectId }) => [deviceOwner, projectId])).toEqual([
      ["network:router_gateway", ""],
    ]);
    setGateway(null);
    expect(portsOf(external)).toEqual([]);
    expect(router).toMatchObject({ gatewayNetworkId: null, gatewayPortId: null });
  });

  it("moves to another network, and leaves none of its ports behind", () => {
    const other = addNetwork(neutron, { external: true });
    addSubnet(neutron, other, "198.51.100.0/24");
    setGateway({ network_id: other.id });
    expect([portsOf(external).length, portsOf(other).length]).toEqual([0, 1]);
  });

  it("is deleted with the router", () => {
    removeInterface(neutron, router, { subnet_id: subnet.id });
    ROUTERS.remove(neutron, MEMBER, router);
    expect(portsOf(external)).toEqual([]);
  });

  it("is on an external network, and stays as long as a floating IP needs it", () => {
    expect(refusalOf(() => setGateway({ network_id: network.id }))).toBe("BadRequest");
    createFloatingIp(port.id);
    expect(refusalOf(() => setGateway(null))).toBe("RouterExternalGatewayInUseByFloatingIp");
  });
});

describe("a router", () => {
  it("is on a subnet once, with the gateway's address, and on none that overlaps", () => {
    expect(portsOf(network).map(({ fixedIps }) => fixedIps[0]?.ip)).toContain("10.0.0.1");
    const add = (id: string): unknown => refusalOf(() => addInterface(neutron, MEMBER, router, { subnet_id: id }));
    expect(add(subnet.id)).toBe("BadRequest");
    const overlapping = addSubnet(neutron, addNetwork(neutron), "10.0.0.128/25");
    expect(add(overlapping.id)).toBe("BadRequest");
    expect(add(addSubnet(neutron, addNetwork(neutron), "10.0.1.0/24").id)).toBeUndefined();
  });

  it("can't be deleted while it is on a subnet, nor can its ports alone", () => {
    expect(refusalOf(() => ROUTERS.remove(neutron, MEMBER, router))).toBe("RouterInUse");
    for (const each of [...portsOf(external), ...portsOf(network)].filter(({ deviceId }) => deviceId === router.id))
      expect(refusalOf(() => PORTS.remove(neutron, MEMBER, each))).toBe("ServicePortInUse");
  });

  it("stays on a subnet that a floating IP or a route needs", () => {
    const remove = (): unknown => refusalOf(() => removeInterface(neutron, router, { subnet_id: subnet.id }));
    const floating = createFloatingIp(port.id);
    expect(remove()).toBe("RouterInterfaceInUseByFloatingIP");
    FLOATING_IPS.remove(neutron, MEMBER, floating);
    ROUTERS.update?.(neutron, MEMBER, router, { routes: [{ destination: "192.0.2.0/24", nexthop: "10.0.0.9" }] });
    expect(remove()).toBe("RouterInterfaceInUseByRoute");
    ROUTERS.update?.(neutron, MEMBER, router, { routes: [] });
    expect(remove()).toBeUndefined();
    expect(remove()).toBe("RouterInterfaceNotFoundForSubnet");
  });

  it("accepts only routes whose next hops are on its own subnets", () => {
    const routes = [{ destination: "192.0.2.0/24", nexthop: "10.0.1.9" }];
    expect(refusalOf(() => ROUTERS.update?.(neutron, MEMBER, router, { routes }))).toBe("InvalidRoutes");
  });
});

describe("a floating IP", () => {
  it("stands for the first IPv4 address of a port, through the router between", () => {
    expect(createFloatingIp(port.id)).toMatchObject({
      portId: port.id,
      fixedIp: port.fixedIps[0]?.ip,
      routerId: router.id,
    });
  });

  it("is the only one for its fixed address", () => {
    createFloatingIp(port.id);
    const before = portsOf(external).length;
    expect(refusalOf(() => createFloatingIp(port.id))).toBe("FloatingIPPortAlreadyAssociated");
    expect(portsOf(external)).toHaveLength(before);
  });

  it("needs a path from the external network to the port", () => {
    const lone = addNetwork(neutron);
    addSubnet(neutron, lone, "10.7.0.0/24");
    expect(refusalOf(() => createFloatingIp(addPort(neutron, lone).id))).toBe("ExternalGatewayForFloatingIPNotFound");
  });

  it("is dissociated from a deleted port, and can be associated with another", () => {
    const floating = createFloatingIp(port.id);
    PORTS.remove(neutron, MEMBER, port);
    expect(floating).toMatchObject({ portId: null, fixedIp: null, routerId: null });
    const other = addPort(neutron, network);
    FLOATING_IPS.update?.(neutron, MEMBER, floating, { port_id: other.id });
    expect(neutron.slot.value.floatingByPort.get(other.id)).toEqual([floating.id]);
  });

  it("counts against the quota of its project, unlike the port that holds its address", () => {
    const before = countOf(neutron, PROJECT, "port");
    const floating = createFloatingIp();
    expect([countOf(neutron, PROJECT, "floatingip"), countOf(neutron, PROJECT, "port")]).toEqual([1, before]);
    FLOATING_IPS.remove(neutron, MEMBER, floating);
    expect(countOf(neutron, PROJECT, "floatingip")).toBe(0);
    expect(neutron.slot.value.ports.has(floating.ownPortId)).toBe(false);
  });
});

describe("a network", () => {
  it("takes idle floating IPs and DHCP ports with it, and stays while it has any other port", () => {
    setGateway(null);
    createFloatingIp();
    addPort(neutron, external, { deviceOwner: "network:dhcp" });
    const server = addPort(neutron, external);
    expect(refusalOf(() => NETWORKS.remove(neutron, MEMBER, external))).toBe("NetworkInUse");
    PORTS.remove(neutron, MEMBER, server);
    NETWORKS.remove(neutron, MEMBER, external);
    const { floatingIps, subnets, portByAddress } = neutron.slot.value;
    expect([floatingIps.size, portsOf(external).length]).toEqual([0, 0]);
    expect([...subnets.values()].map(({ networkId }) => networkId)).toEqual([network.id]);
    expect([...portByAddress.keys()].every((key) => key.startsWith(network.id))).toBe(true);
  });
});
