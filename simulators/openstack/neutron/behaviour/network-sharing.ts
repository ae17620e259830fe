import type { NetworkRow } from "../state/rows.ts";
import { dependOn, EVERYBODY, isSharedWith, policiesOf, removePolicy, shareWithAll } from "../state/sharing.ts";
import type { Neutron } from "../state/state.ts";
import { conflict } from "../wire/errors.ts";

/*
 * When a network may stop being shared, and being external: neutron, `db/db_base_plugin_v2.py` and `db/external_net_db.py`.
 */

/** The projects that have ports on a network; ports of the network itself have none. */
const usersOf = ({ slot }: Neutron, { id }: NetworkRow): Iterable<string> =>
  slot.value.ports
    .values()
    .filter(({ networkId, projectId }) => networkId === id && projectId !== "")
    .map(({ projectId }) => projectId);

/** Whether projects would lose a network if it were no longer shared with `target`. */
export const losesUsers = (neutron: Neutron, row: NetworkRow, target: string): boolean =>
  dependOn(neutron, row, { action: "access_as_shared", target, users: usersOf(neutron, row) });

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
  const users = neutron.slot.value.routers
    .values()
    .filter(({ gatewayNetworkId }) => gatewayNetworkId === row.id)
    .map(({ projectId }) => projectId);
  return dependOn(neutron, row, { action: "access_as_external", target, users, ...(next !== undefined && { next }) });
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
