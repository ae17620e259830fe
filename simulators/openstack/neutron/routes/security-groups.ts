import type { Actor } from "../../cloud.ts";
import type { Refusal } from "../../refusal.ts";
import {
  createGroup,
  deleteGroup,
  ensureDefaultGroup,
  INITIAL_RULES,
  isGroupInUse,
} from "../behaviour/security-groups.ts";
import { checkQuota } from "../state/quotas.ts";
import type { SecurityGroupRow } from "../state/rows.ts";
import { isSharedWith } from "../state/sharing.ts";
import type { Neutron } from "../state/state.ts";
import { type Fields, type NewFields, withStandard } from "../wire/attributes.ts";
import { boolean, text } from "../wire/converters.ts";
import { conflict } from "../wire/errors.ts";
import { groupView } from "../wire/security-group.ts";
import type { Resource } from "./resource.ts";

const defaultExists = (): Refusal =>
  conflict("SecurityGroupDefaultAlreadyExists", "Default security group already exists.");

/** `default` is the name of the group that each project has. @throws Refusal 409 */
const nameNotDefault = (value: unknown): string => {
  const name = text(value);
  if (name.toLowerCase() === "default") throw defaultExists();
  return name;
};

const ATTRIBUTES = withStandard({
  name: { convert: nameNotDefault },
  stateful: { convert: boolean, filter: boolean },
  shared: { post: false, put: false, filter: boolean },
  security_group_rules: { post: false, put: false },
});
type SecurityGroupAttributes = typeof ATTRIBUTES;

const inUse = (id: string): Refusal => conflict("SecurityGroupInUse", `Security Group ${id} in use.`);

function create(neutron: Neutron, projectId: string, fields: NewFields<SecurityGroupAttributes>): SecurityGroupRow {
  const name = fields.name ?? "";
  ensureDefaultGroup(neutron, projectId);
  checkQuota(neutron, projectId, "security_group");
  checkQuota(neutron, projectId, "security_group_rule", INITIAL_RULES);
  const group = createGroup(neutron, projectId, name, fields.description ?? "");
  group.stateful = fields.stateful ?? true;
  return group;
}

/** `stateful` changes only while no port carries the group, and the default group keeps its name. @throws Refusal 409 */
function update(neutron: Neutron, group: SecurityGroupRow, fields: Fields<SecurityGroupAttributes>): void {
  const { name = group.name, stateful = group.stateful } = fields;
  if (stateful !== group.stateful && isGroupInUse(neutron, group.id)) throw inUse(group.id);
  if (group.name === "default" && name !== "default")
    throw conflict("SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");
  group.name = name;
  group.description = fields.description ?? group.description;
  group.stateful = stateful;
}

/** @throws Refusal 409 */
function remove(neutron: Neutron, actor: Actor, group: SecurityGroupRow): void {
  if (isGroupInUse(neutron, group.id)) throw inUse(group.id);
  if (group.name === "default" && !actor.isAdmin)
    throw conflict("SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.");
  deleteGroup(neutron, group);
}

/** `/v2.0/security-groups` */
export const SECURITY_GROUPS: Resource<SecurityGroupRow, SecurityGroupAttributes> = {
  name: "security_group",
  collection: "security_groups",
  path: "security-groups",
  exception: "SecurityGroup",
  quota: "security_group",
  clients: ["bosh", "openstack"],
  isCore: false,
  isBulk: true,
  attributes: ATTRIBUTES,
  rows: (neutron, { actor, query }) => {
    if (actor.projectId !== "") ensureDefaultGroup(neutron, actor.projectId);
    const groups = [...neutron.slot.value.groups.values()];
    const names = query.getAll("name");
    // Paged before the groups are shown, as a group with its rules is long.
    return names.length === 0 ? groups : groups.filter(({ name }) => names.includes(name));
  },
  find: ({ slot }, id) => slot.value.groups.get(id),
  sharedAs: "security_group",
  view: (neutron, actor, group) => groupView(group, isSharedWith(neutron, group.id, actor.projectId)),
  create: (neutron, _actor, projectId, fields) => create(neutron, projectId, fields),
  update: (neutron, _actor, group, fields) => update(neutron, group, fields),
  remove,
};
