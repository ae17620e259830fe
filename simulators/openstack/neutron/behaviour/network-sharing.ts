import type { NetworkRow } from "../state/rows.ts";
import { EVERYBODY, isSharedWith, policiesOf, removePolicy, shareWithAll } from "../state/sharing.ts";
import type { Neutron } from "../state/state.ts";
import { conflict } from "../wire/errors.ts";

/*
 * When a network may stop being shared, and being external: neutron, `db/db_base_plugin_v2.py` and `db/external_net_db.py`.
 */

/** The projects that would lose a network if it were no longer shared with `target`: users whom no other policy covers. */
export function losesUsers(neutron: Neutron, row: NetworkRow, target: string): boolean {
  if (target === row.projectId) return false;
  if (target !== EVERYBODY && isSharedWith(neutron, row.id, EVERYBODY)) return false;
  const covered = new Set([row.projectId, ""]);
  for (const policy of policiesOf(neutron, row.id))
    if (policy.action === "access_as_shared" && policy.target !== target) covered.add(policy.target);
  return neutron.slot.value.ports
    .values()
    .some(
      ({ networkId, projectId }) =>
        networkId === row.id && (target === EVERYBODY ? !covered.has(projectId) : projectId === target),
    );
}

/** `InvalidSharedSetting`, in the service's words. */
export const reasonOfUsers = (networkId: string): string =>
  `Unable to reconfigure sharing settings for network ${networkId}. Multiple tenants are using it.`;

/** @throws Refusal 409 while other projects have ports on a network that is no longer to be shared with all */
export function checkUnshared(neutron: Neutron, row: NetworkRow): void {
  const isShared = isSharedWith(neutron, row.id, EVERYBODY);
  if (isShared && losesUsers(neutron, row, EVERYBODY)) throw conflict("InvalidSharedSetting", reasonOfUsers(row.id));
}

/** Whether routers of projects have a gateway on the network that only the policy for `target` allows them; `next` is whom it will be for instead. */
export function hasGatewaysThrough(neutron: Neutron, row: NetworkRow, target: string, next?: string): boolean {
  const others = policiesOf(neutron, row.id).filter(
    (policy) => policy.action === "access_as_external" && policy.target !== target,
  );
  if (others.some((policy) => policy.target === EVERYBODY)) return false;
  const covered = new Set(others.map((policy) => policy.target));
  if (next !== undefined) covered.add(next);
  return neutron.slot.value.routers
    .values()
    .some(
      ({ gatewayNetworkId, projectId }) =>
        gatewayNetworkId === row.id &&
        projectId !== row.projectId &&
        (target === EVERYBODY ? !covered.has(projectId) : projectId === target),
    );
}

/** Makes a network external for all projects, or for none. @throws Refusal 409 while routers have a gateway there */
export function setExternal(neutron: Neutron, row: NetworkRow, isExternal: boolean): void {
  if (isExternal === row.external) return;
  if (!isExternal && neutron.slot.value.routers.values().some(({ gatewayNetworkId }) => gatewayNetworkId === row.id))
    throw conflict(
      "ExternalNetworkInUse",
      `External network ${row.id} cannot be updated to be made non-external, since it has existing gateway ports.`,
    );
  row.external = isExternal;
  if (isExternal) return shareWithAll(neutron, "network", row, true, "access_as_external");
  for (const policy of policiesOf(neutron, row.id))
    if (policy.action === "access_as_external") removePolicy(neutron, policy);
}
