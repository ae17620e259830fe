import type { Refusal } from "../../refusal.ts";
import type { RbacPolicyRow } from "../state/rows.ts";
import { dependOn, EVERYBODY, type SharedName } from "../state/sharing.ts";
import type { Neutron } from "../state/state.ts";
import { conflict } from "../wire/errors.ts";
import { hasGatewaysThrough, losesUsers, reasonOfUsers } from "./network-sharing.ts";
import { TYPES } from "./shared-types.ts";

/*
 * Who objects to a change of what is shared, and in which words: neutron, `objects/rbac_db.py` and the plugins that watch networks.
 */

/**
 * The watchers of changes to the sharing of an object, in the service's words. The numbers are those under which the recorded process had
 * registered them; every process has others.
 */
const OWN_WATCHERS: Partial<Record<SharedName, number>> = {
  address_scope: 8736821350500,
  network: 8736821394520,
  qos_policy: 8736821392226,
  security_group: 8736822074205,
};
const NETWORK_WATCHERS = [
  "neutron.plugins.ml2.plugin.NeutronDbPluginV2.validate_network_rbac_policy_change-146031",
  "neutron.services.network_ip_availability.plugin.NeutronDbPluginV2.validate_network_rbac_policy_change-1573187",
  "neutron.services.network_ip_availability.plugin.NeutronDbPluginV2.validate_network_rbac_policy_change-1726019",
];

/** The watchers' objections, each in its own words; `networkReason` is that of the plugins that watch networks. */
export function objections(type: SharedName, ownReason: string | undefined, networkReason: string): string {
  const own = `neutron.objects.${TYPES[type].module}.RbacNeutronDbObjectMixin.validate_rbac_policy_change-${OWN_WATCHERS[type] ?? 0}`;
  const all = [
    ...(ownReason === undefined ? [] : [[own, ownReason] as const]),
    ...(type === "network" ? NETWORK_WATCHERS.map((watcher) => [watcher, networkReason] as const) : []),
  ];
  return all.map(([watcher, reason]) => `Callback ${watcher} failed with "${reason}"`).join(",");
}

/** 409 */
export const inUse = (row: Pick<RbacPolicyRow, "objectId">, details: string): Refusal =>
  conflict(
    "RbacPolicyInUse",
    `RBAC policy on object ${row.objectId} cannot be removed because other objects depend on it.\nDetails: ${details}`,
  );

/** Whether some project uses an object that no other policy lets it use; networks have rules of their own. */
function hasUsers(neutron: Neutron, { objectType: type, objectId, action, target }: RbacPolicyRow): boolean {
  const { find, users } = TYPES[type];
  const object = find(neutron.slot.value, objectId);
  return (
    object !== undefined && dependOn(neutron, object, { action, target, users: users(neutron.slot.value, objectId) })
  );
}

const GATEWAYS = "There are routers attached to this network that depend on this policy for access.";

/** Refuses while a project uses the object only through this policy. @throws Refusal 409 */
export function checkUnused(neutron: Neutron, row: RbacPolicyRow, next?: string): void {
  const { objectType: type, objectId, action, target } = row;
  const network = neutron.slot.value.networks.get(objectId);
  if (network === undefined) {
    const details = `tenant_id=${target}`;
    if (hasUsers(neutron, row)) throw inUse(row, objections(type, inUse({ objectId }, details).message, ""));
  } else if (action === "access_as_shared") {
    if (next !== EVERYBODY && losesUsers(neutron, network, target))
      throw inUse(row, objections(type, undefined, reasonOfUsers(objectId)));
  } else if (next !== EVERYBODY && hasGatewaysThrough(neutron, network, target, next))
    throw inUse(row, objections(type, undefined, `Invalid input for operation: ${GATEWAYS}`));
}
