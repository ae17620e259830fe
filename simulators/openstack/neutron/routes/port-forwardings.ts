import { repr } from "../../python/index.ts";
import { Refusal } from "../../refusal.ts";
import { findRouterBetween } from "../behaviour/floating-ips.ts";
import type { PortForwardingRow } from "../state/extension-rows.ts";
import { requirePort } from "../state/lookup.ts";
import type { FloatingIpRow, PortRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { type Attributes, type Fields, type NewFields } from "../wire/attributes.ts";
import { type Convert, integer, InvalidValue, ip, oneOf, orNull, text, uuid } from "../wire/converters.ts";
import { badRequest, conflict } from "../wire/errors.ts";
import type { View } from "../wire/views.ts";
import { FLOATING_IPS } from "./floatingips.ts";
import type { Nested } from "./nested.ts";
import { requireRow } from "./resource.ts";

const PORT_MAX = 65_535;

const portNumber: Convert<number> = (value) => {
  const number = integer(value);
  if (number < 1) throw new InvalidValue(`'${number}' is too small - must be at least '1'.`);
  if (number > PORT_MAX) throw new InvalidValue(`'${number}' is too large - must be no larger than '${PORT_MAX}'.`);
  return number;
};

/** neutron-lib, `api/definitions/floating_ip_port_forwarding.py`. */
const ATTRIBUTES = {
  id: { post: false, put: false },
  external_port: { isRequired: true, convert: portNumber, filter: integer },
  internal_port: { isRequired: true, convert: portNumber },
  internal_ip_address: { convert: orNull(ip) },
  protocol: {
    isRequired: true,
    convert: oneOf(["tcp", "udp", "icmp", "icmp6", "sctp", "dccp"], (value) =>
      typeof value === "string" ? value.toLowerCase() : value,
    ),
  },
  internal_port_id: { isRequired: true, convert: uuid },
  description: { convert: text },
} as const satisfies Attributes;

type ForwardingAttributes = typeof ATTRIBUTES;

const view = (row: PortForwardingRow): View => ({
  id: row.id,
  protocol: row.protocol,
  external_port: row.externalPort,
  internal_port: row.internalPort,
  internal_ip_address: row.internalIp,
  internal_port_id: row.internalPortId,
  description: row.description,
});

const BAD = "port_forwarding";

/** The address of a port to which traffic goes. @throws Refusal 400 */
function internalAddress(
  neutron: Neutron,
  address: FloatingIpRow,
  port: PortRow,
  wanted: string | null | undefined,
): string {
  const candidates = port.fixedIps.filter((each) => !each.ip.includes(":"));
  if (candidates.length === 0)
    throw badRequest(BAD, `Requested internal port ${port.id} must allocate an IPv4 address at least.`);
  const fixed = candidates.find((each) => wanted == null || each.ip === wanted);
  if (fixed === undefined) {
    const shown = candidates.map((each) => ({ subnet_id: each.subnetId, ip_address: each.ip }));
    throw badRequest(
      BAD,
      `Requested internal IP address ${wanted} is not suitable for internal neutron port ${port.id}, as its fixed_ips are ${repr(shown)}.`,
    );
  }
  const router = findRouterBetween(neutron, address.networkId, fixed.subnetId);
  if (router === undefined)
    throw badRequest(
      BAD,
      `External network ${address.networkId} is not reachable from subnet ${fixed.subnetId}. Cannot set Port forwarding for port ${port.id} with Floating IP ${address.id}.`,
    );
  address.routerId = router.id;
  return fixed.ip;
}

/** @throws Refusal 400 where another entry has the same outside or the same inside */
function checkDistinct(neutron: Neutron, row: PortForwardingRow): void {
  for (const other of neutron.slot.value.forwardings.values()) {
    if (other.id === row.id || other.floatingIpId !== row.floatingIpId || other.protocol !== row.protocol) continue;
    const outside = { floatingip_id: row.floatingIpId, protocol: row.protocol, external_port: row.externalPort };
    const inside = {
      internal_port_id: row.internalPortId,
      internal_ip_address: row.internalIp,
      internal_port: row.internalPort,
    };
    const isOutside = other.externalPort === row.externalPort;
    const isInside =
      other.internalPortId === row.internalPortId &&
      other.internalIp === row.internalIp &&
      other.internalPort === row.internalPort;
    if (isOutside || isInside)
      throw badRequest(
        BAD,
        `A duplicate port forwarding entry with same attributes already exists, conflicting values are ${repr(isOutside ? outside : inside)}.`,
      );
  }
}

function create(
  neutron: Neutron,
  address: FloatingIpRow,
  port: PortRow,
  fields: NewFields<ForwardingAttributes>,
): PortForwardingRow {
  if (address.portId !== null)
    throw conflict(
      "FloatingIPPortAlreadyAssociated",
      `Cannot associate floating IP ${address.address} (${address.id}) with port ${port.id} using fixed IP ${fields.internal_ip_address ?? "None"}, as that fixed IP already has a floating IP on external network ${address.networkId}.`,
    );
  const [bound] = neutron.slot.value.floatingByPort.get(port.id) ?? [];
  const binding = neutron.slot.value.floatingIps.get(bound ?? "");
  if (binding !== undefined)
    throw conflict(
      "PortHasBindingFloatingIP",
      `Cannot create port forwarding to floating IP ${binding.address} (${binding.id}) with port ${port.id} using fixed IP ${fields.internal_ip_address ?? "None"}, as that port already has a binding floating IP.`,
    );
  const row: PortForwardingRow = {
    id: neutron.cloud.uuid("neutron"),
    floatingIpId: address.id,
    protocol: fields.protocol,
    externalPort: fields.external_port,
    internalPort: fields.internal_port,
    internalPortId: port.id,
    internalIp: internalAddress(neutron, address, port, fields.internal_ip_address),
    description: fields.description ?? "",
  };
  checkDistinct(neutron, row);
  neutron.slot.value.forwardings.set(row.id, row);
  touch(neutron, address);
  neutron.cloud.kernel.record("neutron", "port-forwarding.create", row.id, { address: address.id, port: port.id });
  return row;
}

function update(
  neutron: Neutron,
  address: FloatingIpRow,
  row: PortForwardingRow,
  port: PortRow,
  fields: Fields<ForwardingAttributes>,
): void {
  const isMoved = fields.internal_port_id !== undefined || fields.internal_ip_address !== undefined;
  const next: PortForwardingRow = {
    ...row,
    protocol: fields.protocol ?? row.protocol,
    externalPort: fields.external_port ?? row.externalPort,
    internalPort: fields.internal_port ?? row.internalPort,
    internalPortId: port.id,
    internalIp: isMoved ? internalAddress(neutron, address, port, fields.internal_ip_address) : row.internalIp,
    description: fields.description ?? row.description,
  };
  checkDistinct(neutron, next);
  Object.assign(row, next);
  neutron.cloud.kernel.record("neutron", "port-forwarding.update", row.id, {});
}

function remove(neutron: Neutron, address: FloatingIpRow, row: PortForwardingRow): void {
  const { forwardings } = neutron.slot.value;
  forwardings.delete(row.id);
  if (![...forwardings.values()].some(({ floatingIpId }) => floatingIpId === address.id)) address.routerId = null;
  neutron.cloud.kernel.record("neutron", "port-forwarding.delete", row.id);
}

/** `/v2.0/floatingips/ID/port_forwardings` */
export const PORT_FORWARDINGS: Nested<FloatingIpRow, PortForwardingRow, ForwardingAttributes> = {
  name: "port_forwarding",
  collection: "port_forwardings",
  path: "/v2.0/floatingips/:parent/port_forwardings",
  policyName: "floatingip_port_forwarding",
  isCore: false,
  isBulk: false,
  attributes: ATTRIBUTES,
  parent: (neutron, actor, id) => requireRow(neutron, FLOATING_IPS, actor, id),
  rows: ({ slot }, { id }) => [...slot.value.forwardings.values()].filter(({ floatingIpId }) => floatingIpId === id),
  idOf: ({ id }) => id,
  missing: (_address, id) => new Refusal(404, "PortForwardingNotFound", `Port Forwarding ${id} could not be found.`),
  view,
  create: (neutron, actor, address, fields) =>
    create(neutron, address, requirePort(neutron, actor, fields.internal_port_id), fields),
  update: (neutron, actor, address, row, fields) =>
    update(neutron, address, row, requirePort(neutron, actor, fields.internal_port_id ?? row.internalPortId), fields),
  remove,
};
