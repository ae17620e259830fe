import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { AddressScopeRow } from "../state/rows.ts";
import { mayUse } from "../state/sharing.ts";
import type { Neutron } from "../state/state.ts";
import { conflict, invalid, notFound } from "../wire/errors.ts";
import { parsePrefix, prefixesOverlap } from "./ip.ts";

/** A subnet pool that is put into a scope. */
interface ScopedPool {
  readonly id: string;
  readonly version: 4 | 6;
  readonly prefixes: readonly string[];
}

/** Checks that a scope accepts a pool: the scope is the actor's, the versions agree, and no other pool overlaps. @throws Refusal 400, 404, 409 */
export function checkScope(neutron: Neutron, actor: Actor, scopeId: string | null, pool: ScopedPool): void {
  if (scopeId === null) return;
  const { addressScopes, subnetpools } = neutron.slot.value;
  const scope = addressScopes.get(scopeId);
  if (scope === undefined || !mayUse(neutron, actor, scope)) throw notFound("AddressScope", scopeId);
  if (scope.version !== pool.version)
    throw invalid(
      "IllegalSubnetPoolIpVersionAssociationToAddressScope",
      `Illegal subnetpool association: subnetpool ${pool.id} cannot associate with address scope ${scopeId} because subnetpool ip_version is not ${scope.version}.`,
    );
  const own = pool.prefixes.flatMap((text) => parsePrefix(text) ?? []);
  const others = subnetpools.values().filter((row) => row.addressScopeId === scopeId && row.id !== pool.id);
  for (const { prefixes } of others)
    for (const other of prefixes.flatMap((text) => parsePrefix(text) ?? []))
      if (own.some((prefix) => prefixesOverlap(prefix, other)))
        throw conflict(
          "AddressScopePrefixConflict",
          "Failed to associate address scope: subnetpools within an address scope must have unique prefixes.",
        );
}

/** @throws Refusal 409 while subnet pools are in the scope */
export function deleteScope({ slot, cloud }: Neutron, row: AddressScopeRow): void {
  if (slot.value.subnetpools.values().some(({ addressScopeId }) => addressScopeId === row.id))
    throw new Refusal(
      409,
      "AddressScopeInUse",
      `Unable to complete operation on address scope ${row.id}. There are one or more subnet pools in use on the address scope.`,
    );
  slot.value.addressScopes.delete(row.id);
  cloud.kernel.record("neutron", "address-scope.delete", row.id);
}
