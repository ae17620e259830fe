import { Kernel } from "../../kernel/index.ts";
import { type Actor, createCloud } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import type { NetworkRow, PortRow, SubnetRow } from "./state/rows.ts";
import { type Neutron, newRow, newState } from "./state/state.ts";
import { type NewPort, createPort } from "./behaviour/ports.ts";
import { addSegment } from "./behaviour/segments.ts";
import { parsePrefix } from "./behaviour/ip.ts";
import { defaultGateway, defaultPools } from "./behaviour/subnets.ts";

/** The project of everything that these helpers create. */
export const PROJECT = "project";

/** A member of the project. */
export const MEMBER: Actor = {
  token: "token",
  userId: "user",
  userName: "user",
  userDomainId: "default",
  projectId: PROJECT,
  projectName: "project",
  projectDomainId: "default",
  domainId: "",
  roles: ["member"],
  isAdmin: false,
};

/** Neutron by itself, without the other services. */
export function newNeutron(quotas: Readonly<Record<string, number>> = {}): Neutron {
  const kernel = new Kernel({ seed: "neutron" });
  return { cloud: createCloud(kernel, { quotas }), slot: kernel.slot("neutron", newState()) };
}

/** A network without subnets. */
export function addNetwork(neutron: Neutron, options: { readonly external?: boolean } = {}): NetworkRow {
  const row: NetworkRow = {
    ...newRow(neutron, PROJECT, 1),
    name: "net",
    adminStateUp: true,
    external: options.external ?? false,
    isDefault: false,
    portSecurity: true,
    mtu: 1450,
    dnsDomain: "",
    segments: [],
    zoneHints: [],
    subnets: [],
  };
  neutron.slot.value.networks.set(row.id, row);
  addSegment(neutron, row.id, {});
  return row;
}

/** A subnet with the gateway and the pools that it has by default. */
export function addSubnet(neutron: Neutron, network: NetworkRow, cidr: string): SubnetRow {
  const prefix = parsePrefix(cidr);
  if (prefix === undefined) throw new Error(`${cidr} is not a prefix`);
  const gatewayIp = defaultGateway(prefix);
  const row: SubnetRow = {
    ...newRow(neutron, PROJECT, 0),
    networkId: network.id,
    name: "",
    version: prefix.version,
    cidr: prefix.text,
    subnetpoolId: null,
    gatewayIp,
    enableDhcp: true,
    dnsNameservers: [],
    hostRoutes: [],
    serviceTypes: [],
    segmentId: null,
    raMode: null,
    addressMode: null,
    pools: defaultPools(prefix, gatewayIp),
    lowestFree: 0,
  };
  neutron.slot.value.subnets.set(row.id, row);
  network.subnets.push(row.id);
  return row;
}

/** A port that is bound to a host, with an address of each version unless `port` says otherwise. */
export function addPort(neutron: Neutron, network: NetworkRow, port: Partial<NewPort> = {}): PortRow {
  return createPort(neutron, {
    network,
    projectId: PROJECT,
    name: "",
    fixedIps: undefined,
    groups: [],
    deviceId: "",
    deviceOwner: "",
    hostId: "host",
    portSecurity: true,
    ...port,
  });
}

/** The type of the refusal that some work throws; `undefined` when it throws none. */
export function refusalOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.type;
    throw error;
  }
}
