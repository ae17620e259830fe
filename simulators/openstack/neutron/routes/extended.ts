import { type Actor } from "../../cloud.ts";
import { trunkOf } from "../behaviour/devices.ts";
import { checkNotTrunked } from "../behaviour/trunks.ts";
import type { FloatingIpRow, PortRow, ResourceRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import type { Attributes, Fields } from "../wire/attributes.ts";
import { orNull, uuid } from "../wire/converters.ts";
import { conflict } from "../wire/errors.ts";
import type { View } from "../wire/views.ts";
import { requirePolicy } from "./qos-policies.ts";
import type { Resource } from "./resource.ts";

/*
 * What extensions add to the core's resources: members of views, attributes of bodies, reasons to refuse.
 */

type Members = (neutron: Neutron, id: string) => View;

/** A resource whose views have more members. */
function withMembers<T extends ResourceRow, A extends Attributes>(
  resource: Resource<T, A>,
  members: Members,
): Resource<T, A> {
  const { view, createdView, updatedView } = resource;
  return {
    ...resource,
    view: (neutron, actor, row) => ({ ...view(neutron, actor, row), ...members(neutron, row.id) }),
    ...(createdView && {
      createdView: (neutron: Neutron, actor: Actor, row: T) => ({
        ...createdView(neutron, actor, row),
        ...members(neutron, row.id),
      }),
    }),
    ...(updatedView && {
      updatedView: (neutron: Neutron, actor: Actor, row: T, fields: Fields<A>) => ({
        ...updatedView(neutron, actor, row, fields),
        ...members(neutron, row.id),
      }),
    }),
  };
}

const QOS = { qos_policy_id: { convert: orNull(uuid) } } as const satisfies Attributes;

/** The policy that a body names, checked; `undefined` where it names none. @throws Refusal 404 */
function policyIn(neutron: Neutron, actor: Actor, fields: object): string | null | undefined {
  if (!("qos_policy_id" in fields)) return undefined;
  const { qos_policy_id: id } = fields;
  return typeof id === "string" ? requirePolicy(neutron, actor, id).id : null;
}

function setPolicy({ slot }: Neutron, id: string, policy: string | null | undefined): void {
  if (policy === null) slot.value.qosPolicyOf.delete(id);
  if (typeof policy === "string") slot.value.qosPolicyOf.set(id, policy);
}

/** The policy that networks of a project get unless they name one. */
const defaultPolicy = ({ slot }: Neutron, projectId: string): string | undefined =>
  slot.value.qosPolicies.values().find((row) => row.isDefault && row.projectId === projectId)?.id;

/** A resource to which a QoS policy may be attached. */
export function withQosPolicy<T extends ResourceRow, A extends Attributes>(resource: Resource<T, A>): Resource<T, A> {
  const { create, update, remove } = resource;
  const shown = withMembers(resource, ({ slot }, id) => ({ qos_policy_id: slot.value.qosPolicyOf.get(id) ?? null }));
  return {
    ...shown,
    attributes: { ...resource.attributes, ...QOS },
    create: (neutron, actor, projectId, fields) => {
      const given = policyIn(neutron, actor, fields);
      const row = create(neutron, actor, projectId, fields);
      const policy = given === undefined && resource.name === "network" ? defaultPolicy(neutron, projectId) : given;
      setPolicy(neutron, row.id, policy);
      return row;
    },
    ...(update && {
      update: (neutron: Neutron, actor: Actor, row: T, fields: Fields<A>) => {
        const policy = policyIn(neutron, actor, fields);
        update(neutron, actor, row, fields);
        setPolicy(neutron, row.id, policy);
      },
    }),
    remove: (neutron, actor, row) => {
      remove(neutron, actor, row);
      neutron.slot.value.qosPolicyOf.delete(row.id);
    },
  };
}

/** The parts of the trunk whose parent a port is. */
function trunkMembers(neutron: Neutron, id: string): View {
  const trunk = trunkOf(neutron, id);
  if (trunk === undefined || trunk.portId !== id) return {};
  const parts = trunk.subports.map((each) => ({
    ...each,
    mac_address: neutron.slot.value.ports.get(each.port_id)?.mac ?? null,
  }));
  return { trunk_details: { trunk_id: trunk.id, sub_ports: parts } };
}

/** Ports that show their trunk, and stay as long as it needs them. */
export function withTrunk<A extends Attributes>(ports: Resource<PortRow, A>): Resource<PortRow, A> {
  return {
    ...withMembers(ports, trunkMembers),
    remove: (neutron, actor, row) => {
      checkNotTrunked(neutron, row.id);
      ports.remove(neutron, actor, row);
    },
  };
}

const forwardingsOf = ({ slot }: Neutron, id: string) =>
  [...slot.value.forwardings.values()].filter(({ floatingIpId }) => floatingIpId === id);

/** @throws Refusal 409 while ports of the address are forwarded */
function checkNotForwarded(neutron: Neutron, id: string): void {
  if (forwardingsOf(neutron, id).length > 0)
    throw conflict("FipInUseByPortForwarding", `Floating IP ${id} in use by Port Forwarding resources.`);
}

/** Floating IPs that show which of their ports are forwarded, and belong to no port meanwhile. */
export function withForwardings<A extends Attributes>(
  addresses: Resource<FloatingIpRow, A>,
): Resource<FloatingIpRow, A> {
  const { update } = addresses;
  const shown = withMembers(addresses, (neutron, id) => ({
    port_forwardings: forwardingsOf(neutron, id).map((row) => ({
      protocol: row.protocol,
      internal_ip_address: row.internalIp,
      internal_port: row.internalPort,
      external_port: row.externalPort,
      internal_port_id: row.internalPortId,
      id: row.id,
    })),
  }));
  return {
    ...shown,
    ...(update && {
      update: (neutron: Neutron, actor: Actor, row: FloatingIpRow, fields: Fields<A>) => {
        if (fields.port_id) checkNotForwarded(neutron, row.id);
        update(neutron, actor, row, fields);
      },
    }),
    remove: (neutron, actor, row) => {
      checkNotForwarded(neutron, row.id);
      addresses.remove(neutron, actor, row);
    },
  };
}
