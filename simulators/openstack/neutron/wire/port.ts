import type { Actor } from "../../cloud.ts";
import type { PortRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { forAdmins, withStandard } from "./attributes.ts";
import {
  addressPairs,
  boolean,
  dhcpOptions,
  fixedIps,
  mac,
  orNull,
  text,
  textOrEmpty,
  uuid,
  uuids,
} from "./converters.ts";
import { projectMembers, revisionMembers, type View } from "./views.ts";

/** The attributes of a port. */
export const PORT_ATTRIBUTES = withStandard({
  network_id: { isRequired: true, put: false, convert: uuid },
  name: { convert: text },
  admin_state_up: { convert: boolean, isBoolean: true },
  mac_address: {
    convert: mac,
    policy: (_value: unknown, verb: string) => (verb === "update" ? ("admin" as const) : ("member" as const)),
  },
  fixed_ips: { convert: fixedIps },
  device_id: { convert: textOrEmpty },
  device_owner: { convert: textOrEmpty },
  status: { post: false, put: false },
  security_groups: { convert: uuids },
  port_security_enabled: { convert: boolean, isBoolean: true },
  allowed_address_pairs: { convert: addressPairs },
  extra_dhcp_opts: { convert: dhcpOptions },
  dns_name: { convert: text },
  dns_domain: { convert: text },
  dns_assignment: { post: false, put: false },
  "binding:vnic_type": { convert: String },
  "binding:host_id": { policy: forAdmins, convert: (value: unknown) => String(value ?? "") },
  "binding:profile": { policy: forAdmins },
  "binding:vif_type": { post: false, put: false },
  "binding:vif_details": { post: false, put: false },
  ip_allocation: { post: false, put: false },
  resource_request: { post: false, put: false },
  qos_policy_id: { convert: orNull(uuid) },
  propagate_uplink_status: { convert: boolean },
  numa_affinity_policy: {},
  device_profile: { put: false },
});

/** The attributes of a port, as a type. */
export type PortAttributes = typeof PORT_ATTRIBUTES;

/** The mechanism driver of the cloud, named as on the recorded one. */
const MECHANISM = "refmech";

/** DNS names of ports need a DNS domain, which this cloud's network service lacks: what a client gives is not kept. */
const hostnameOf = (address: string): string => `host-${address.replaceAll(/[.:]/g, "-")}`;

function dnsAssignment(ip: string): View {
  const hostname = hostnameOf(ip);
  return { ip_address: ip, hostname, fqdn: `${hostname}.openstacklocal.` };
}

const bindingMembers = ({ hostId }: PortRow): View => ({
  "binding:profile": {},
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
  ip_allocation: row.fixedIps.length === 0 ? "none" : "immediate",
  tags: row.tags,
  ...revisionMembers(row),
  ...(actor.isAdmin && bindingMembers(row)),
});
