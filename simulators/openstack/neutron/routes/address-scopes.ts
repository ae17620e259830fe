import { deleteScope } from "../behaviour/address-scopes.ts";
import type { AddressScopeRow } from "../state/rows.ts";
import { EVERYBODY, isSharedWith } from "../state/sharing.ts";
import { newRow } from "../state/state.ts";
import { withOwner } from "../wire/attributes.ts";
import { boolean, integer, oneOf, text } from "../wire/converters.ts";
import { invalid } from "../wire/errors.ts";
import { trueForAdmins } from "../wire/policies.ts";
import { projectMembers } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

/** neutron-lib, `api/definitions/address_scope.py`. */
const ATTRIBUTES = withOwner({
  name: { convert: text },
  shared: { convert: boolean, filter: boolean, policy: trueForAdmins },
  ip_version: { isRequired: true, put: false, convert: oneOf([4, 6], integer), filter: integer },
});

/** `/v2.0/address-scopes` */
export const ADDRESS_SCOPES: Resource<AddressScopeRow, typeof ATTRIBUTES> = {
  name: "address_scope",
  collection: "address_scopes",
  path: "address-scopes",
  exception: "AddressScope",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  isUntagged: true,
  attributes: ATTRIBUTES,
  rows: ({ slot }) => slot.value.addressScopes.values(),
  find: ({ slot }, id) => slot.value.addressScopes.get(id),
  sharedAs: "address_scope",
  view: (neutron, actor, row) => ({
    id: row.id,
    name: row.name,
    shared: isSharedWith(neutron, row.id, actor.projectId),
    ip_version: row.version,
    ...projectMembers(row.projectId),
  }),
  create: (neutron, _actor, projectId, fields) => {
    const row: AddressScopeRow = {
      ...newRow(neutron, projectId, 0),
      name: fields.name ?? "",
      version: fields.ip_version,
    };
    neutron.slot.value.addressScopes.set(row.id, row);
    neutron.cloud.kernel.record("neutron", "address-scope.create", row.id, { project: projectId });
    return row;
  },
  update: (neutron, _actor, row, fields) => {
    if (isSharedWith(neutron, row.id, EVERYBODY) && fields.shared === false)
      throw invalid(
        "AddressScopeUpdateError",
        `Unable to update address scope ${row.id} : Shared address scope can't be unshared.`,
      );
    row.name = fields.name ?? row.name;
  },
  remove: (neutron, _actor, row) => deleteScope(neutron, row),
};
