import type { Actor } from "../../cloud.ts";
import { checkScope } from "../behaviour/address-scopes.ts";
import { parsePrefix } from "../behaviour/ip.ts";
import { checkExtended, mergePrefixes } from "../behaviour/subnetpools.ts";
import { addToCount } from "../state/quotas.ts";
import type { SubnetpoolRow } from "../state/rows.ts";
import { isSharedWith } from "../state/sharing.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { type Fields, type NewFields, withStandard } from "../wire/attributes.ts";
import {
  boolean,
  integer,
  listOf,
  nonNegative,
  orNull,
  storable,
  subnetPrefix,
  textNotBlank,
  uuid,
} from "../wire/converters.ts";
import { badInput, internalError, invalid } from "../wire/errors.ts";
import { trueForAdmins } from "../wire/policies.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

const ATTRIBUTES = withStandard({
  name: { isRequired: true, convert: textNotBlank },
  prefixes: { isRequired: true, convert: listOf(subnetPrefix) },
  default_quota: { convert: nonNegative, filter: integer },
  ip_version: { post: false, put: false },
  default_prefixlen: { convert: nonNegative, filter: integer },
  min_prefixlen: { convert: nonNegative, filter: integer },
  max_prefixlen: { convert: nonNegative, filter: integer },
  is_default: { convert: boolean, filter: boolean, policy: trueForAdmins },
  shared: { put: false, convert: boolean, filter: boolean, policy: trueForAdmins },
  address_scope_id: { convert: orNull(uuid) },
});
type SubnetpoolAttributes = typeof ATTRIBUTES;

/** Lengths are text here, as the service writes them. */
const view = (neutron: Neutron, actor: Actor, row: SubnetpoolRow): View => ({
  id: row.id,
  name: row.name,
  ...projectMembers(row.projectId),
  default_prefixlen: String(row.defaultPrefixlen),
  min_prefixlen: String(row.minPrefixlen),
  max_prefixlen: String(row.maxPrefixlen),
  is_default: row.isDefault,
  shared: isSharedWith(neutron, row.id, actor.projectId),
  prefixes: row.prefixes,
  ip_version: row.version,
  default_quota: row.defaultQuota,
  address_scope_id: row.addressScopeId,
  description: row.description,
  tags: row.tags,
  ...revisionMembers(row),
});

/** The reply to a change, in which lengths are numbers, and quota and scope appear only if they are set or the change names them. */
const updatedView = (
  neutron: Neutron,
  actor: Actor,
  row: SubnetpoolRow,
  fields: Fields<SubnetpoolAttributes> = {},
): View => ({
  id: row.id,
  ...projectMembers(row.projectId),
  name: row.name,
  ip_version: row.version,
  default_prefixlen: row.defaultPrefixlen,
  min_prefixlen: row.minPrefixlen,
  max_prefixlen: row.maxPrefixlen,
  shared: isSharedWith(neutron, row.id, actor.projectId),
  is_default: row.isDefault,
  ...((row.defaultQuota !== null || fields.default_quota !== undefined) && { default_quota: row.defaultQuota }),
  ...((row.addressScopeId !== null || fields.address_scope_id !== undefined) && {
    address_scope_id: row.addressScopeId,
  }),
  description: row.description,
  prefixes: row.prefixes,
  tags: row.tags,
  ...revisionMembers(row),
});

/** The default shortest and longest prefix of a pool of each version. */
const BITS = { 4: { min: 8, max: 32 }, 6: { min: 64, max: 128 } } as const;

interface Bounds {
  readonly min: number;
  readonly default: number;
  readonly max: number;
}

/** @throws Refusal 400 */
function checkBounds(bounds: Bounds, version: 4 | 6): void {
  const refuse = (name: string, value: number, bound: string, limit: number): never => {
    throw invalid("IllegalSubnetPoolPrefixBounds", `Illegal prefix bounds: ${name}=${value}, ${bound}=${limit}.`);
  };
  const { min, default: usual, max } = bounds;
  if (min > max) refuse("min_prefixlen", min, "max_prefixlen", max);
  if (max > BITS[version].max) refuse("max_prefixlen", max, "ip_version_max", BITS[version].max);
  if (usual < min) refuse("default_prefixlen", usual, "min_prefixlen", min);
  if (usual > max) refuse("default_prefixlen", usual, "max_prefixlen", max);
}

/** The version of all the prefixes. @throws Refusal 400 */
function versionOf(texts: readonly string[]): 4 | 6 {
  const versions = new Set(texts.map((each) => parsePrefix(each)?.version));
  const [version] = versions;
  if (version === undefined) throw invalid("EmptySubnetPoolPrefixList", "Empty subnet pool prefix list.");
  if (versions.size !== 1)
    throw invalid("PrefixVersionMismatch", "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.");
  return version;
}

/** The column of its name holds 255 characters, which nothing checks. @throws Refusal 500 */
function checkName(name: string | undefined): void {
  if (name !== undefined && name.length > NAME_CHARS_MAX) throw internalError();
}

const NAME_CHARS_MAX = 255;

/** There is one default pool of each version. @throws Refusal 400 */
function checkDefault({ slot }: Neutron, version: 4 | 6, isDefault: boolean | undefined, id?: string): void {
  if (isDefault !== true) return;
  const other = slot.value.subnetpools
    .values()
    .find((row) => row.isDefault && row.version === version && row.id !== id);
  if (other !== undefined)
    throw badInput(
      `A default subnetpool for this IP family has already been set. Only one default may exist per IP family`,
    );
}

function create(
  neutron: Neutron,
  actor: Actor,
  projectId: string,
  fields: NewFields<SubnetpoolAttributes>,
): SubnetpoolRow {
  const version = versionOf(fields.prefixes);
  const min = fields.min_prefixlen ?? BITS[version].min;
  const bounds = { min, max: fields.max_prefixlen ?? BITS[version].max, default: fields.default_prefixlen ?? min };
  checkBounds(bounds, version);
  checkDefault(neutron, version, fields.is_default);
  const base = newRow(neutron, projectId, 0, fields.description);
  const prefixes = mergePrefixes(fields.prefixes);
  checkScope(neutron, actor, fields.address_scope_id ?? null, { id: base.id, version, prefixes });
  checkName(fields.name);
  const row: SubnetpoolRow = {
    ...base,
    name: fields.name,
    prefixes,
    version,
    minPrefixlen: bounds.min,
    maxPrefixlen: bounds.max,
    defaultPrefixlen: bounds.default,
    isDefault: fields.is_default === true,
    defaultQuota: fields.default_quota === undefined ? null : storable(fields.default_quota),
    addressScopeId: fields.address_scope_id ?? null,
  };
  neutron.slot.value.subnetpools.set(row.id, row);
  addToCount(neutron, projectId, "subnetpool", 1);
  neutron.cloud.kernel.record("neutron", "subnetpool.create", row.id, { project: projectId });
  return row;
}

/** @throws Refusal 400, 404, 409 */
function update(neutron: Neutron, actor: Actor, row: SubnetpoolRow, fields: Fields<SubnetpoolAttributes>): void {
  const prefixes = fields.prefixes === undefined ? row.prefixes : mergePrefixes(fields.prefixes);
  if (fields.prefixes !== undefined) checkExtended(row, prefixes);
  const bounds = {
    min: fields.min_prefixlen ?? row.minPrefixlen,
    max: fields.max_prefixlen ?? row.maxPrefixlen,
    default: fields.default_prefixlen ?? row.defaultPrefixlen,
  };
  checkBounds(bounds, row.version);
  checkDefault(neutron, row.version, fields.is_default, row.id);
  const scopeId = fields.address_scope_id === undefined ? row.addressScopeId : fields.address_scope_id;
  checkScope(neutron, actor, scopeId, { id: row.id, version: row.version, prefixes });
  checkName(fields.name);
  if (fields.default_quota !== undefined) row.defaultQuota = storable(fields.default_quota);
  row.name = fields.name ?? row.name;
  row.description = fields.description ?? row.description;
  row.prefixes = prefixes;
  row.defaultPrefixlen = bounds.default;
  row.minPrefixlen = bounds.min;
  row.maxPrefixlen = bounds.max;
  row.isDefault = fields.is_default ?? row.isDefault;
  row.addressScopeId = scopeId;
}

/** @throws Refusal 400 while a subnet is allocated from it */
function remove(neutron: Neutron, row: SubnetpoolRow): void {
  const { subnets, subnetpools } = neutron.slot.value;
  if (subnets.values().some(({ subnetpoolId }) => subnetpoolId === row.id))
    throw invalid("SubnetPoolDeleteError", "Unable to delete subnet pool: Subnet pool has existing allocations.");
  subnetpools.delete(row.id);
  addToCount(neutron, row.projectId, "subnetpool", -1);
  neutron.cloud.kernel.record("neutron", "subnetpool.delete", row.id);
}

/** `/v2.0/subnetpools` */
export const SUBNETPOOLS: Resource<SubnetpoolRow, SubnetpoolAttributes> = {
  name: "subnetpool",
  collection: "subnetpools",
  path: "subnetpools",
  exception: "SubnetPool",
  quota: "subnetpool",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  attributes: ATTRIBUTES,
  rows: ({ slot }) => slot.value.subnetpools.values(),
  find: ({ slot }, id) => slot.value.subnetpools.get(id),
  sharedAs: "subnetpool",
  view,
  updatedView,
  create,
  update,
  remove: (neutron, _actor, row) => remove(neutron, row),
};
