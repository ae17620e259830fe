import type { Actor } from "../../cloud.ts";
import { boolean, forAdmins, integer, text } from "../wire/attributes.ts";
import {
  badRequest,
  conflict,
  dated,
  type Fields,
  fresh,
  isSharedWith,
  type Neutron,
  owned,
  sees,
} from "../wire/wire.ts";
import { dropIdleFloatingIps } from "../behaviour/floating-ips.ts";
import { releasePort } from "../behaviour/ports.ts";
import { count } from "./quotas.ts";
import { type Resource, rowOf, withCommon } from "./resource.ts";
import type { NetworkRow } from "../state/state.ts";
import { dropSubnet } from "./subnets.ts";

const MTU_DEFAULT = 1450;
const MTU_MIN = 68;

const view = (neutron: Neutron, actor: Actor, row: NetworkRow): Fields => ({
  id: row.id,
  name: row.name,
  ...owned(row.projectId),
  admin_state_up: row.adminStateUp,
  mtu: row.mtu,
  status: "ACTIVE",
  subnets: row.subnets,
  shared: row.shared || (row.projectId !== actor.projectId && isSharedWith(neutron, row.id, actor.projectId)),
  availability_zone_hints: [],
  availability_zones: [],
  ipv4_address_scope: null,
  ipv6_address_scope: null,
  "router:external": row.external,
  ...(row.external && { is_default: row.isDefault }),
  description: row.description,
  port_security_enabled: row.portSecurity,
  l2_adjacency: true,
  dns_domain: row.dnsDomain,
  tags: row.tags,
  ...dated(row),
  ...(actor.isAdmin && {
    "provider:network_type": row.networkType,
    "provider:physical_network": row.physicalNetwork,
    "provider:segmentation_id": row.segmentationId,
  }),
});

/** Ports that stand in the way of a network's end; those of its DHCP and of idle floating addresses go with it. */
function checkUnused(neutron: Neutron, row: NetworkRow): void {
  dropIdleFloatingIps(neutron, row);
  const ports = [...neutron.slot.value.ports.values()].filter(({ networkId }) => networkId === row.id);
  const users = ports.filter(({ deviceOwner }) => deviceOwner !== "network:dhcp");
  if (users.length > 0) {
    const ids = users.map(({ id }) => id).join(",");
    const what = "There are one or more ports still in use on the network, id for these ports is";
    throw conflict("NetworkInUse", `Unable to complete operation on network ${row.id}. ${what}: ${ids}.`);
  }
  for (const port of ports) releasePort(neutron, port);
}

export const NETWORKS: Resource<NetworkRow> = {
  name: "network",
  collection: "networks",
  path: "networks",
  kind: "Network",
  quota: "network",
  clients: ["bosh", "openstack"],
  isCore: true,
  isBulk: true,
  isMarkerKnown: true,
  attributes: withCommon({
    name: { convert: text() },
    admin_state_up: { convert: boolean, isBoolean: true },
    mtu: {
      convert: (value) => {
        const mtu = integer(value) as number;
        if (mtu < MTU_MIN) throw badRequest("network", `MTU must be at least ${MTU_MIN}.`);
        return mtu;
      },
    },
    status: { post: false, put: false },
    subnets: { post: false, put: false },
    shared: { convert: boolean, isBoolean: true, policy: (value) => (value === true ? "admin" : "member") },
    "router:external": { convert: boolean, isBoolean: true, policy: (value) => (value === true ? "admin" : "member") },
    is_default: { convert: boolean, isBoolean: true },
    availability_zone_hints: { put: false },
    availability_zones: { post: false, put: false },
    ipv4_address_scope: { post: false, put: false },
    ipv6_address_scope: { post: false, put: false },
    port_security_enabled: { convert: boolean, isBoolean: true },
    l2_adjacency: { post: false, put: false },
    dns_domain: { convert: text() },
    "provider:network_type": { policy: forAdmins },
    "provider:physical_network": { policy: forAdmins },
    "provider:segmentation_id": { policy: forAdmins },
    segments: { policy: forAdmins },
    vlan_transparent: {},
    qos_policy_id: {},
  }),
  rows: ({ slot }) => slot.value.networks.values(),
  find: ({ slot }, id) => slot.value.networks.get(id),
  sees,
  view,
  createdView: (neutron, actor, row) => ({ ...view(neutron, actor, row), is_default: row.isDefault }),
  create: (neutron, _actor, projectId, fields) => {
    const state = neutron.slot.value;
    const row: NetworkRow = {
      ...fresh(neutron, projectId, fields.description, 1),
      name: (fields.name as string | undefined) ?? "",
      adminStateUp: (fields.admin_state_up as boolean | undefined) ?? true,
      shared: fields.shared === true,
      external: fields["router:external"] === true,
      isDefault: fields.is_default === true,
      portSecurity: (fields.port_security_enabled as boolean | undefined) ?? true,
      mtu: (fields.mtu as number | undefined) ?? MTU_DEFAULT,
      dnsDomain: (fields.dns_domain as string | undefined) ?? "",
      networkType: (fields["provider:network_type"] as string | undefined) ?? "vxlan",
      physicalNetwork: (fields["provider:physical_network"] as string | undefined) ?? null,
      segmentationId: (fields["provider:segmentation_id"] as number | undefined) ?? ++state.networksMade,
      subnets: [],
    };
    state.networks.set(row.id, row);
    count(neutron, projectId, "network", 1);
    neutron.cloud.kernel.record("neutron", "network.create", row.id, { project: projectId, name: row.name });
    return row;
  },
  update: (_neutron, _actor, row, fields) => {
    row.name = (fields.name as string | undefined) ?? row.name;
    row.description = (fields.description as string | undefined) ?? row.description;
    row.adminStateUp = (fields.admin_state_up as boolean | undefined) ?? row.adminStateUp;
    row.shared = (fields.shared as boolean | undefined) ?? row.shared;
    row.external = (fields["router:external"] as boolean | undefined) ?? row.external;
    row.isDefault = (fields.is_default as boolean | undefined) ?? row.isDefault;
    row.portSecurity = (fields.port_security_enabled as boolean | undefined) ?? row.portSecurity;
    row.mtu = (fields.mtu as number | undefined) ?? row.mtu;
    row.dnsDomain = (fields.dns_domain as string | undefined) ?? row.dnsDomain;
  },
  remove: (neutron, _actor, row) => {
    checkUnused(neutron, row);
    const state = neutron.slot.value;
    for (const subnet of row.subnets.flatMap((id) => state.subnets.get(id) ?? [])) dropSubnet(neutron, subnet);
    state.networks.delete(row.id);
    for (const [id, { objectId }] of state.rbac) if (objectId === row.id) state.rbac.delete(id);
    count(neutron, row.projectId, "network", -1);
    neutron.cloud.kernel.record("neutron", "network.delete", row.id);
  },
};

/** @throws Refusal 404 */
export const networkOf = (neutron: Neutron, actor: Actor, id: string): NetworkRow =>
  rowOf(neutron, NETWORKS, actor, id);
