import type { ResourceRow } from "../state/rows.ts";
import type { SharedAction, SharedName } from "../state/sharing.ts";
import type { NeutronState } from "../state/state.ts";

/*
 * What can be shared with another project, or with all, and which projects have put it to use: neutron, `get_bound_tenant_ids` of each object.
 */

/** A type of object that policies of sharing name. */
interface SharedType {
  readonly actions: readonly SharedAction[];
  /** The service's module for it, which its refusals name. */
  readonly module: string;
  readonly find: (state: NeutronState, id: string) => ResourceRow | undefined;
  /** Projects that use it. */
  readonly users: (state: NeutronState, id: string) => Iterable<string>;
}

const SHARED_ONLY = ["access_as_shared"] as const;

/** The projects of the networks, ports and floating IPs that have a QoS policy. */
const qosUsers = ({ qosPolicyOf, networks, ports, floatingIps }: NeutronState, id: string): string[] =>
  [...qosPolicyOf].flatMap(([user, policy]) => {
    const row = networks.get(user) ?? ports.get(user) ?? floatingIps.get(user);
    return policy === id && row !== undefined ? [row.projectId] : [];
  });

/** The types that can be shared, and how. */
export const TYPES: Readonly<Record<SharedName, SharedType>> = {
  address_group: {
    actions: SHARED_ONLY,
    module: "address_group",
    find: ({ addressGroups }, id) => addressGroups.get(id),
    users: ({ groups }, id) =>
      [...groups.values()].flatMap(({ rules }) =>
        rules.flatMap((rule) => (rule.remoteAddressGroupId === id ? [rule.projectId] : [])),
      ),
  },
  address_scope: {
    actions: SHARED_ONLY,
    module: "address_scope",
    find: ({ addressScopes }, id) => addressScopes.get(id),
    users: ({ subnetpools }, id) =>
      [...subnetpools.values()].flatMap((pool) => (pool.addressScopeId === id ? [pool.projectId] : [])),
  },
  network: {
    actions: ["access_as_shared", "access_as_external"],
    module: "network",
    find: ({ networks }, id) => networks.get(id),
    users: ({ ports }, id) => [...ports.values()].flatMap((port) => (port.networkId === id ? [port.projectId] : [])),
  },
  qos_policy: {
    actions: SHARED_ONLY,
    module: "qos.policy",
    find: ({ qosPolicies }, id) => qosPolicies.get(id),
    users: qosUsers,
  },
  security_group: {
    actions: SHARED_ONLY,
    module: "securitygroup",
    find: ({ groups }, id) => groups.get(id),
    users: ({ ports }, id) => [...ports.values()].flatMap((port) => (port.groups.includes(id) ? [port.projectId] : [])),
  },
  subnetpool: {
    actions: SHARED_ONLY,
    module: "subnetpool",
    find: ({ subnetpools }, id) => subnetpools.get(id),
    users: ({ subnets }, id) =>
      [...subnets.values()].flatMap((subnet) => (subnet.subnetpoolId === id ? [subnet.projectId] : [])),
  },
};
