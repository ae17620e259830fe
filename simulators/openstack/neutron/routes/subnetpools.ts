import { str } from "../../python/index.ts";
import { type Actor, controls } from "../../cloud.ts";
import { parsePrefix } from "../behaviour/ip.ts";
import { addToCount } from "../state/quotas.ts";
import type { SubnetpoolRow } from "../state/rows.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { type Fields, type NewFields, trueForAdmins, withStandard } from "../wire/attributes.ts";
import { boolean, cidr, integer, InvalidValue, list, orNull, text } from "../wire/converters.ts";
import { invalid } from "../wire/errors.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

const prefixes = (value: unknown): readonly string[] =>
  list(value).map((each) => {
    try {
      return cidr(each);
    } catch (error) {
      throw error instanceof InvalidValue ? new InvalidValue(`'${str(each)}' is not a valid IP subnet.`) : error;
    }
  });

const length = (value: unknown): number => {
  const number = integer(value);
  if (number < 0) throw new InvalidValue(`'${number}' should be non-negative.`);
  return number;
};

const ATTRIBUTES = withStandard({
  name: { isRequired: true, convert: text },
  prefixes: { isRequired: true, convert: prefixes },
  default_quota: { convert: orNull(length) },
  ip_version: { post: false, put: false },
  default_prefixlen: { convert: length },
  min_prefixlen: { convert: length },
  max_prefixlen: { convert: length },
  is_default: { convert: boolean, isBoolean: true, policy: trueForAdmins },
  shared: { put: false, convert: boolean, isBoolean: true, policy: trueForAdmins },
  address_scope_id: {},
});
type SubnetpoolAttributes = typeof ATTRIBUTES;

/** Lengths are text here, as the service writes them. */
const view = (_neutron: Neutron, _actor: Actor, row: SubnetpoolRow): View => ({
  id: row.id,
  name: row.name,
  ...projectMembers(row.projectId),
  default_prefixlen: String(row.defaultPrefixlen),
  min_prefixlen: String(row.minPrefixlen),
  max_prefixlen: String(row.maxPrefixlen),
  is_default: row.isDefault,
  shared: row.shared,
  prefixes: row.prefixes,
  ip_version: row.version,
  default_quota: row.defaultQuota,
  address_scope_id: null,
  description: row.description,
  tags: row.tags,
  ...revisionMembers(row),
});

/** The reply to a change, in which lengths are numbers, and neither quota nor scope is shown. */
const updatedView = (_neutron: Neutron, _actor: Actor, row: SubnetpoolRow): View => ({
  id: row.id,
  ...projectMembers(row.projectId),
  name: row.name,
  ip_version: row.version,
  default_prefixlen: row.defaultPrefixlen,
  min_prefixlen: row.minPrefixlen,
  max_prefixlen: row.maxPrefixlen,
  shared: row.shared,
  is_default: row.isDefault,
  description: row.description,
  prefixes: row.prefixes,
  tags: row.tags,
  ...revisionMembers(row),
});

/** The default shortest and longest prefix of a pool of each version. */
const BITS = { 4: { min: 8, max: 32 }, 6: { min: 64, max: 128 } } as const;

interface Bounds {
  readonly min_prefixlen?: number;
  readonly default_prefixlen?: number;
  readonly max_prefixlen?: number;
}

/** @throws Refusal 400 */
function checkBounds({ max_prefixlen: max, ...lengths }: Bounds, versionMax: number): void {
  const refuse = (name: string, value: number, bound: string, limit: number): never => {
    throw invalid("IllegalSubnetPoolPrefixBounds", `Illegal prefix bounds: ${name}=${value}, ${bound}=${limit}.`);
  };
  const most = max ?? versionMax;
  if (most > versionMax) refuse("max_prefixlen", most, "ip_version_max", versionMax);
  for (const name of ["min_prefixlen", "default_prefixlen"] as const) {
    const value = lengths[name];
    if (value !== undefined && value > most) refuse(name, value, "max_prefixlen", most);
  }
}

/** The version of all the prefixes. @throws Refusal 400 */
function versionOf(texts: readonly string[]): 4 | 6 {
  const versions = new Set(texts.map((each) => parsePrefix(each)?.version));
  const [version] = versions;
  if (version === undefined || versions.size !== 1)
    throw invalid("PrefixVersionMismatch", "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.");
  return version;
}

function create(neutron: Neutron, projectId: string, fields: NewFields<SubnetpoolAttributes>): SubnetpoolRow {
  const version = versionOf(fields.prefixes);
  const { min, max } = BITS[version];
  const minPrefixlen = fields.min_prefixlen ?? min;
  checkBounds(fields, max);
  const row: SubnetpoolRow = {
    ...newRow(neutron, projectId, 0, fields.description),
    name: fields.name,
    prefixes: fields.prefixes,
    version,
    minPrefixlen,
    maxPrefixlen: fields.max_prefixlen ?? max,
    defaultPrefixlen: fields.default_prefixlen ?? minPrefixlen,
    isDefault: fields.is_default === true,
    shared: fields.shared === true,
    defaultQuota: fields.default_quota ?? null,
  };
  neutron.slot.value.subnetpools.set(row.id, row);
  addToCount(neutron, projectId, "subnetpool", 1);
  neutron.cloud.kernel.record("neutron", "subnetpool.create", row.id, { project: projectId });
  return row;
}

/** Checks that prefixes are only added. @throws Refusal 400 */
function update(row: SubnetpoolRow, fields: Fields<SubnetpoolAttributes>): void {
  checkBounds({ max_prefixlen: row.maxPrefixlen, ...fields }, BITS[row.version].max);
  row.name = fields.name ?? row.name;
  row.description = fields.description ?? row.description;
  row.prefixes = [...new Set([...row.prefixes, ...(fields.prefixes ?? [])])];
  row.defaultPrefixlen = fields.default_prefixlen ?? row.defaultPrefixlen;
  row.minPrefixlen = fields.min_prefixlen ?? row.minPrefixlen;
  row.maxPrefixlen = fields.max_prefixlen ?? row.maxPrefixlen;
  row.isDefault = fields.is_default ?? row.isDefault;
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
  canSee: (_neutron, actor, row) => controls(actor, row) || row.shared,
  view,
  updatedView,
  create: (neutron, _actor, projectId, fields) => create(neutron, projectId, fields),
  update: (_neutron, _actor, row, fields) => update(row, fields),
  remove: (neutron, _actor, row) => remove(neutron, row),
};
