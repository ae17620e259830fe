import type { ResourceRow } from "../state/rows.ts";
import { type NeutronState } from "../state/state.ts";

/*
 * What can be shared with another project, or with all.
 */

const SHARED_ONLY = ["access_as_shared"] as const;

/**
 * The types that can be shared, and how. QoS policies are not among this cloud's extensions, but the service
 * knows the type.
 */
export const TYPES: Readonly<Record<string, SharedType>> = {
  address_group: {
    actions: SHARED_ONLY,
    module: "address_group",
    find: ({ addressGroups }, id) => addressGroups.get(id),
  },
  address_scope: {
    actions: SHARED_ONLY,
    module: "address_scope",
    find: ({ addressScopes }, id) => addressScopes.get(id),
  },
  network: {
    actions: ["access_as_shared", "access_as_external"],
    module: "network",
    find: ({ networks }, id) => networks.get(id),
  },
  qos_policy: { actions: SHARED_ONLY, module: "qos.policy", find: () => undefined },
  security_group: { actions: SHARED_ONLY, module: "securitygroup", find: ({ groups }, id) => groups.get(id) },
  subnetpool: { actions: SHARED_ONLY, module: "subnetpool", find: ({ subnetpools }, id) => subnetpools.get(id) },
};

interface SharedType {
  readonly actions: readonly string[];
  /** The service's module for it, which its refusals name. */
  readonly module: string;
  readonly find: (state: NeutronState, id: string) => ResourceRow | undefined;
}
