import type { Actor } from "../../cloud.ts";
import type { PortRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { withStandard } from "./attributes.ts";
import { forAdmins } from "./policies.ts";
import { anything, boolean, listOf, mac, oneOf, orNull, text, textUpTo, uuid, uuids } from "./converters.ts";
import { addressPairs, dhcpOptions, dictionary, fixedIps } from "./structures.ts";
import { dnsHostName } from "./dns-names.ts";
import { projectMembers, revisionMembers, type View } from "./views.ts";

/** `MAX_TAG_LEN`. */
export const TAG_CHARS_MAX = 255;

/** `VNIC_TYPES`. */
const VNIC_TYPES = [
  "normal",
  "direct",
  "macvtap",
  "baremetal",
  "direct-physical",
  "virtio-forwarder",
  "smart-nic",
  "vdpa",
  "accelerator-direct",
  "accelerator-direct-physical",
  "remote-managed",
] as const;

/** The attributes of a port. */
export const PORT_ATTRIBUTES = withStandard({
  network_id: { isRequired: true, put: false, convert: uuid },
  name: { convert: text },
  admin_state_up: { convert: boolean, filter: boolean },
  mac_address: {
    convert: orNull(mac),
    policy: { create: "network-owner", update: "admin" },
  },
  fixed_ips: {
    convert: fixedIps,
    policy: {
      create: "network-user",
      update: "network-owner",
      parts: { subnet_id: "network-user", ip_address: "network-owner" },
    },
  },
  device_id: { convert: text },
  device_owner: { convert: text, policy: { create: "device", default: "" } },
  status: { post: false, put: false },
  security_groups: { convert: uuids },
  port_security_enabled: { convert: boolean, filter: boolean, policy: { create: "network-owner" } },
  allowed_address_pairs: {
    convert: addressPairs,
    policy: { create: "network-owner", parts: { mac_address: "network-owner", ip_address: "network-owner" } },
  },
  extra_dhcp_opts: { convert: dhcpOptions },
  dns_name: { convert: dnsHostName },
  dns_assignment: { post: false, put: false },
  "binding:vnic_type": { convert: oneOf(VNIC_TYPES), policy: { create: "everybody", default: "normal" } },
  "binding:host_id": { policy: forAdmins, convert: anything },
  "binding:profile": { policy: forAdmins, convert: orNull(dictionary) },
  "binding:vif_type": { post: false, put: false },
  "binding:vif_details": { post: false, put: false },
  // The database has it for ports without addresses only.
  ip_allocation: { post: false, put: false, filter: (value: unknown) => (value === "none" ? value : undefined) },
  numa_affinity_policy: { convert: oneOf(["required", "preferred", "legacy", null]) },
  device_profile: { put: false, convert: orNull(text) },
  tags: { put: false, convert: listOf(textUpTo(TAG_CHARS_MAX)) },
});

/** The attributes of a port, as a type. */
export type PortAttributes = typeof PORT_ATTRIBUTES;

/** The mechanism driver of the cloud, named as on the recorded one. */
const MECHANISM = "refmech";

/** DNS names of ports need a DNS domain, which this cloud's network service lacks: what a client gives is not stored. */
const hostnameOf = (address: string): string => `host-${address.replaceAll(/[.:]/g, "-")}`;

function dnsAssignment(ip: string): View {
  const hostname = hostnameOf(ip);
  return { ip_address: ip, hostname, fqdn: `${hostname}.openstacklocal.` };
}

const bindingMembers = ({ hostId, profile }: PortRow): View => ({
  "binding:profile": profile,
  "binding:host_id": hostId,
  "binding:vif_type": hostId === "" ? "unbound" : "ovs",
  "binding:vif_details": hostId === "" ? {} : { port_filter: true, bound_drivers: { 0: MECHANISM } },
});

/** A port as the actor sees it; administrators also see where it is bound. */
export const portView = (_neutron: Neutron, actor: Actor, row: PortRow): View => ({
  id: row.id,
  name: row.name,
  network_id: row.networkId,
  ...projectMembers(row.projectId),
  mac_address: row.mac,
  admin_state_up: row.adminStateUp,
  status: row.status,
  device_id: row.deviceId,
  device_owner: row.deviceOwner,
  fixed_ips: row.fixedIps.map(({ subnetId, ip }) => ({ subnet_id: subnetId, ip_address: ip })),
  allowed_address_pairs: row.addressPairs,
  extra_dhcp_opts: row.dhcpOptions,
  security_groups: row.groups,
  description: row.description,
  "binding:vnic_type": row.vnicType,
  port_security_enabled: row.portSecurity,
  dns_name: "",
  dns_assignment: row.fixedIps.map(({ ip }) => dnsAssignment(ip)),
  ip_allocation: row.ipAllocation,
  tags: row.tags,
  ...revisionMembers(row),
  ...(actor.isAdmin && bindingMembers(row)),
});

/** A port in the answer to its creation, which does not name the drivers that bound it. */
export function createdPortView(neutron: Neutron, actor: Actor, row: PortRow): View {
  const view = portView(neutron, actor, row);
  return actor.isAdmin && row.hostId !== "" ? { ...view, "binding:vif_details": { port_filter: true } } : view;
}
