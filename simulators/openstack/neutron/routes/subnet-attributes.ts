import { str } from "../../python/index.ts";
import type { Actor } from "../../cloud.ts";
import { parsePrefix } from "../behaviour/ip.ts";
import { checkServiceTypes } from "../behaviour/subnets.ts";
import type { SubnetRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { withStandard } from "../wire/attributes.ts";
import { boolean, integer, ip, nonNegative, oneOf, orNull, text, uuid } from "../wire/converters.ts";
import { allocationPools, isDictionary, nameservers, routes } from "../wire/structures.ts";
import { badInput, httpBadRequest, internalError, notSimulated } from "../wire/errors.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";

const MODES = ["dhcpv6-stateful", "dhcpv6-stateless", "slaac"] as const;

const cidr = (value: unknown): string => {
  // The service expects a text, and fails on anything else.
  if (typeof value !== "string") throw internalError();
  const prefix = parsePrefix(withLength(value.trim()));
  if (prefix === undefined) throw badInput(`${str(value)} is not in a CIDR format`);
  return prefix.text;
};

/** An address alone is a prefix of its full length; octets that are missing are 0. */
function withLength(given: string): string {
  if (given.includes("/") || !/^\d+(\.\d+){1,3}$/.test(given)) return given;
  const octets = given.split(".");
  return `${[...octets, "0", "0", "0"].slice(0, 4).join(".")}/32`;
}

/** The pool from which prefixes are delegated by DHCPv6, which is not simulated. */
const DELEGATED = "prefix_delegation";

const subnetpoolId = (value: unknown): string | null => {
  if (value === DELEGATED) throw notSimulated("prefix delegation");
  return orNull(uuid)(value);
};

/** Owners of devices for which the subnet's addresses are reserved. */
const serviceTypes = (value: unknown): readonly string[] => {
  if (value === null || value === "" || value === 0 || value === false) return [];
  if (isDictionary(value) && Object.keys(value).length === 0) return [];
  if (!Array.isArray(value)) throw httpBadRequest("Subnet service types must be a list.");
  checkServiceTypes(value);
  return value.map(String);
};

/** neutron-lib, `api/definitions/subnet.py`. */
export const ATTRIBUTES = withStandard({
  network_id: { isRequired: true, put: false, convert: uuid },
  ip_version: { isRequired: true, put: false, convert: oneOf([4, 6], integer), filter: integer },
  name: { convert: text },
  cidr: { put: false, convert: cidr },
  prefixlen: { put: false, convert: nonNegative },
  subnetpool_id: { put: false, convert: subnetpoolId },
  use_default_subnetpool: { put: false, convert: boolean },
  gateway_ip: { convert: orNull(ip) },
  allocation_pools: { convert: allocationPools },
  dns_nameservers: { convert: nameservers },
  host_routes: { convert: routes },
  enable_dhcp: { convert: boolean, filter: boolean },
  ipv6_ra_mode: { put: false, convert: oneOf(MODES) },
  ipv6_address_mode: { put: false, convert: oneOf(MODES) },
  service_types: { convert: serviceTypes },
  shared: { post: false, put: false, filter: boolean },
  segment_id: { convert: orNull(uuid) },
});
/** The types of the attributes. */
export type SubnetAttributes = typeof ATTRIBUTES;

/** A subnet as its reply shows it. */
export const view = (_neutron: Neutron, _actor: Actor, row: SubnetRow): View => ({
  id: row.id,
  name: row.name,
  ...projectMembers(row.projectId),
  network_id: row.networkId,
  ip_version: row.version,
  subnetpool_id: row.subnetpoolId,
  enable_dhcp: row.enableDhcp,
  ipv6_ra_mode: row.raMode,
  ipv6_address_mode: row.addressMode,
  gateway_ip: row.gatewayIp,
  cidr: row.cidr,
  allocation_pools: row.pools,
  host_routes: row.hostRoutes,
  dns_nameservers: row.dnsNameservers,
  description: row.description,
  service_types: row.serviceTypes,
  tags: row.tags,
  ...revisionMembers(row),
});
