import { str } from "../../common/python.ts";
import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../common/refusal.ts";
import { prefixOf } from "../behaviour/ip.ts";
import { boolean, cidr, integer, list, orNull, Reason, text } from "../wire/attributes.ts";
import { dated, type Fields, fresh, type Neutron, owned, owns } from "../wire/wire.ts";
import { count } from "./quotas.ts";
import { type Resource, withCommon } from "./resource.ts";
import type { SubnetpoolRow } from "../state/state.ts";

/** Lengths are text here, as the service writes them. */
const view = (_neutron: Neutron, _actor: Actor, row: SubnetpoolRow): Fields => ({
  id: row.id,
  name: row.name,
  ...owned(row.projectId),
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
  ...dated(row),
});

/** What a change answers: numbers, and neither quota nor scope. */
const updatedView = (_neutron: Neutron, _actor: Actor, row: SubnetpoolRow): Fields => ({
  id: row.id,
  ...owned(row.projectId),
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
  ...dated(row),
});

const prefixes = (value: unknown): unknown =>
  (list(value) as unknown[]).map((each) => {
    try {
      return cidr(each);
    } catch (error) {
      throw error instanceof Reason ? new Reason(`'${str(each)}' is not a valid IP subnet.`) : error;
    }
  });

const length = (value: unknown): unknown => {
  const number = integer(value) as number;
  if (number < 0) throw new Reason(`'${number}' should be non-negative.`);
  return number;
};

/** Lengths of prefixes that there are. @throws Refusal 400 */
function checkBounds(fields: Fields, versionMax: number): void {
  const refuse = (name: string, value: number, bound: string, most: number): never => {
    throw new Refusal(
      400,
      "IllegalSubnetPoolPrefixBounds",
      `Illegal prefix bounds: ${name}=${value}, ${bound}=${most}.`,
    );
  };
  const max = (fields.max_prefixlen as number | undefined) ?? versionMax;
  if (max > versionMax) refuse("max_prefixlen", max, "ip_version_max", versionMax);
  for (const name of ["min_prefixlen", "default_prefixlen"]) {
    const value = fields[name] as number | undefined;
    if (value !== undefined && value > max) refuse(name, value, "max_prefixlen", max);
  }
}

export const SUBNETPOOLS: Resource<SubnetpoolRow> = {
  name: "subnetpool",
  collection: "subnetpools",
  path: "subnetpools",
  kind: "SubnetPool",
  quota: "subnetpool",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  attributes: withCommon({
    name: { isRequired: true, convert: text() },
    prefixes: { isRequired: true, convert: prefixes },
    default_quota: { convert: orNull(length) },
    ip_version: { post: false, put: false },
    default_prefixlen: { convert: length },
    min_prefixlen: { convert: length },
    max_prefixlen: { convert: length },
    is_default: { convert: boolean, isBoolean: true, policy: (value) => (value === true ? "admin" : "member") },
    shared: { put: false, convert: boolean, isBoolean: true, policy: (value) => (value === true ? "admin" : "member") },
    address_scope_id: {},
  }),
  rows: ({ slot }) => slot.value.subnetpools.values(),
  find: ({ slot }, id) => slot.value.subnetpools.get(id),
  sees: (_neutron, actor, row) => owns(actor, row) || row.shared,
  view,
  updatedView,
  create: (neutron, _actor, projectId, fields) => {
    const wanted = fields.prefixes as readonly string[];
    const versions = new Set(wanted.map((each) => prefixOf(each)?.version));
    const [version] = versions;
    if (version === undefined || versions.size !== 1)
      throw new Refusal(400, "PrefixVersionMismatch", "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.");
    const [least, most] = version === 4 ? [8, 32] : [64, 128];
    const minPrefixlen = (fields.min_prefixlen as number | undefined) ?? least;
    checkBounds(fields, most);
    const row: SubnetpoolRow = {
      ...fresh(neutron, projectId, fields.description, 0),
      name: String(fields.name),
      prefixes: wanted,
      version,
      minPrefixlen,
      maxPrefixlen: (fields.max_prefixlen as number | undefined) ?? most,
      defaultPrefixlen: (fields.default_prefixlen as number | undefined) ?? minPrefixlen,
      isDefault: fields.is_default === true,
      shared: fields.shared === true,
      defaultQuota: (fields.default_quota as number | null | undefined) ?? null,
    };
    neutron.slot.value.subnetpools.set(row.id, row);
    count(neutron, projectId, "subnetpool", 1);
    neutron.cloud.kernel.record("neutron", "subnetpool.create", row.id, { project: projectId });
    return row;
  },
  update: (_neutron, _actor, row, fields) => {
    checkBounds({ max_prefixlen: row.maxPrefixlen, ...fields }, row.version === 4 ? 32 : 128);
    row.name = (fields.name as string | undefined) ?? row.name;
    row.description = (fields.description as string | undefined) ?? row.description;
    row.prefixes = [...new Set([...row.prefixes, ...((fields.prefixes as readonly string[] | undefined) ?? [])])];
    row.defaultPrefixlen = (fields.default_prefixlen as number | undefined) ?? row.defaultPrefixlen;
    row.minPrefixlen = (fields.min_prefixlen as number | undefined) ?? row.minPrefixlen;
    row.maxPrefixlen = (fields.max_prefixlen as number | undefined) ?? row.maxPrefixlen;
    row.isDefault = (fields.is_default as boolean | undefined) ?? row.isDefault;
  },
  remove: (neutron, _actor, row) => {
    const { subnets, subnetpools } = neutron.slot.value;
    if ([...subnets.values()].some(({ subnetpoolId }) => subnetpoolId === row.id))
      throw new Refusal(
        400,
        "SubnetPoolDeleteError",
        "Unable to delete subnet pool: Subnet pool has existing allocations.",
      );
    subnetpools.delete(row.id);
    count(neutron, row.projectId, "subnetpool", -1);
    neutron.cloud.kernel.record("neutron", "subnetpool.delete", row.id);
  },
};
