import { bodyJson, type HttpReply, json } from "../../../kernel/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import { repr, str } from "../../python/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { parsePrefix } from "../behaviour/ip.ts";
import type { AddressGroupRow } from "../state/rows.ts";
import { isSharedWith } from "../state/sharing.ts";
import { type Neutron, newRow, touch } from "../state/state.ts";
import { withOwner } from "../wire/attributes.ts";
import { listOf, orEmpty, subnetPrefix, text, textUpTo } from "../wire/converters.ts";
import { isDictionary } from "../wire/structures.ts";
import { conflict, forbidden, internalError, invalid, notFoundAs } from "../wire/errors.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import { requireRow, type Resource } from "./resource.ts";

/** `LONG_DESCRIPTION_FIELD_SIZE`. */
const DESCRIPTION_CHARS_MAX = 1024;

/** neutron-lib, `api/definitions/address_group.py`. */
const ATTRIBUTES = withOwner({
  name: { convert: text },
  description: { convert: textUpTo(DESCRIPTION_CHARS_MAX) },
  addresses: { put: false, convert: orEmpty(listOf(subnetPrefix)) },
  shared: { post: false, put: false },
});

const view = (_neutron: Neutron, _actor: unknown, row: AddressGroupRow): View => ({
  id: row.id,
  name: row.name,
  description: row.description,
  addresses: row.addresses,
  ...projectMembers(row.projectId),
});

/** @throws Refusal 409 while rules name it */
function remove(neutron: Neutron, row: AddressGroupRow): void {
  const { groups, addressGroups } = neutron.slot.value;
  if (groups.values().some(({ rules }) => rules.some((rule) => rule.remoteAddressGroupId === row.id)))
    throw conflict("AddressGroupInUse", `Address group ${row.id} is in use on one or more security group rules.`);
  addressGroups.delete(row.id);
  neutron.cloud.kernel.record("neutron", "address-group.delete", row.id);
}

/** `/v2.0/address-groups` */
export const ADDRESS_GROUPS: Resource<AddressGroupRow, typeof ATTRIBUTES> = {
  name: "address_group",
  collection: "address_groups",
  path: "address-groups",
  exception: "AddressGroup",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  // The service has no way to create several.
  failsInBulk: true,
  isUntagged: true,
  alwaysShown: ["tenant_id"],
  sharedAs: "address_group",
  attributes: ATTRIBUTES,
  rows: ({ slot }) => slot.value.addressGroups.values(),
  find: ({ slot }, id) => slot.value.addressGroups.get(id),
  view,
  create: (neutron, _actor, projectId, fields) => {
    const row: AddressGroupRow = {
      ...newRow(neutron, projectId, fields.addresses === undefined ? 1 : 2, fields.description),
      name: fields.name ?? "",
      addresses: fields.addresses ?? [],
    };
    neutron.slot.value.addressGroups.set(row.id, row);
    neutron.cloud.kernel.record("neutron", "address-group.create", row.id, { project: projectId });
    return row;
  },
  update: (_neutron, _actor, row, fields) => {
    row.name = fields.name ?? row.name;
    row.description = fields.description ?? row.description;
  },
  remove: (neutron, _actor, row) => remove(neutron, row),
};

/** The body's addresses, as prefixes. @throws Refusal 400, 500 */
function addressesIn({ request }: RequestContext): readonly string[] {
  const body = bodyJson(request);
  const addresses = body.ok && isDictionary(body.value) ? body.value.addresses : undefined;
  if (!Array.isArray(addresses)) throw internalError();
  const prefixes = addresses.map((each: unknown) => {
    const prefix = parsePrefix(each);
    if (prefix === undefined) throw invalid("AddrFormatError", `invalid IPNetwork ${str(each)}`);
    return prefix.text;
  });
  return [...new Set(prefixes)];
}

/** The answer to an action shows what lists and creations hide. */
const actionReply = (neutron: Neutron, actor: Actor, row: AddressGroupRow): HttpReply => {
  const shared = isSharedWith(neutron, row.id, actor.projectId);
  return json(200, { address_group: { ...view(neutron, actor, row), shared, ...revisionMembers(row) } });
};

function setAddresses(
  neutron: Neutron,
  row: AddressGroupRow,
  addresses: readonly string[],
  change: readonly string[],
): void {
  if (change.length === 0) return;
  row.addresses = addresses;
  touch(neutron, row);
  neutron.cloud.kernel.record("neutron", "address-group.update", row.id, { addresses });
}

/** Adding and removing addresses of a group; rules that name the group follow. */
export function addressGroupActions(neutron: Neutron): readonly OpenStackRoute[] {
  const rowIn = ({ actor, params }: RequestContext): AddressGroupRow => {
    const row = requireRow(neutron, ADDRESS_GROUPS, actor, params.id ?? "");
    if (!controls(actor, row)) throw forbidden("rule:update_address_group");
    return row;
  };
  return [
    {
      method: "PUT",
      path: "/v2.0/address-groups/:id/add_addresses",
      handler: (context) => {
        const row = rowIn(context);
        const added = addressesIn(context);
        const known = added.filter((each) => row.addresses.includes(each));
        if (known.length > 0)
          throw invalid(
            "AddressesAlreadyExist",
            `Addresses ${repr(known)} already exist in the address group ${row.id}.`,
          );
        setAddresses(neutron, row, [...row.addresses, ...added], added);
        return actionReply(neutron, context.actor, row);
      },
    },
    {
      method: "PUT",
      path: "/v2.0/address-groups/:id/remove_addresses",
      handler: (context) => {
        const row = rowIn(context);
        const gone = addressesIn(context);
        const unknown = gone.filter((each) => !row.addresses.includes(each));
        if (unknown.length > 0)
          throw notFoundAs("AddressesNotFound", `Addresses ${repr(unknown)} not found in the address group ${row.id}.`);
        setAddresses(
          neutron,
          row,
          row.addresses.filter((each) => !gone.includes(each)),
          gone,
        );
        return actionReply(neutron, context.actor, row);
      },
    },
  ];
}
