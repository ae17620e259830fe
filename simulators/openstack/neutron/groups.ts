import { empty, json } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import type { Context, OpenStackRoute } from "../common/service.ts";
import { isIpv4, prefixRange, toIp } from "./address.ts";
import {
  checkQuota,
  countOf,
  dated,
  type Fields,
  fresh,
  list,
  type Neutron,
  owned,
  ownerOf,
  resource,
  text,
  touch,
} from "./frame.ts";
import type { GroupRow, RuleRow } from "./state.ts";

/** @throws Refusal 404 */
export function groupOf(neutron: Neutron, actor: Actor, id: string): GroupRow {
  const group = neutron.slot.value.groups.get(id);
  if (group === undefined || !(actor.isAdmin || group.projectId === actor.projectId)) {
    throw new Refusal(404, "SecurityGroupNotFound", `Security group ${id} does not exist`);
  }
  return group;
}

interface NewRule {
  readonly direction: RuleRow["direction"];
  readonly ethertype: RuleRow["ethertype"];
  readonly protocol?: string | null;
  readonly portMin?: number | null;
  readonly portMax?: number | null;
  readonly remoteIpPrefix?: string | null;
  readonly remoteGroupId?: string | null;
  readonly description?: string;
}

const makeRule = (neutron: Neutron, group: GroupRow, rule: NewRule): RuleRow => ({
  id: neutron.cloud.uuid("neutron"),
  groupId: group.id,
  projectId: group.projectId,
  direction: rule.direction,
  ethertype: rule.ethertype,
  protocol: rule.protocol ?? null,
  portMin: rule.portMin ?? null,
  portMax: rule.portMax ?? null,
  remoteIpPrefix: rule.remoteIpPrefix ?? null,
  remoteGroupId: rule.remoteGroupId ?? null,
  description: rule.description ?? "",
  ...fresh(neutron),
});

function makeGroup(neutron: Neutron, projectId: string, name: string, description: string): GroupRow {
  const group: GroupRow = {
    id: neutron.cloud.uuid("neutron"),
    projectId,
    name,
    description,
    rules: [],
    ...fresh(neutron),
  };
  const versions = ["IPv4", "IPv6"] as const;
  const rules = versions.map((ethertype) => makeRule(neutron, group, { direction: "egress", ethertype }));
  if (name === "default")
    for (const ethertype of versions)
      rules.push(makeRule(neutron, group, { direction: "ingress", ethertype, remoteGroupId: group.id }));
  group.rules = rules;
  neutron.slot.value.groups.set(group.id, group);
  neutron.cloud.kernel.record("neutron", "security-group.create", group.id, { project: projectId, name });
  return group;
}

/** Every project has a group `default`; it is made when it is first needed. */
export function defaultGroup(neutron: Neutron, projectId: string): GroupRow {
  const { defaultGroups, groups } = neutron.slot.value;
  const known = groups.get(defaultGroups.get(projectId) ?? "");
  if (known !== undefined) return known;
  const made = makeGroup(neutron, projectId, "default", "Default security group");
  defaultGroups.set(projectId, made.id);
  return made;
}

const ruleView = (rule: RuleRow): Fields => ({
  id: rule.id,
  ...owned(rule.projectId),
  security_group_id: rule.groupId,
  ethertype: rule.ethertype,
  direction: rule.direction,
  protocol: rule.protocol,
  port_range_min: rule.portMin,
  port_range_max: rule.portMax,
  remote_ip_prefix: rule.remoteIpPrefix,
  remote_address_group_id: null,
  normalized_cidr: rule.remoteIpPrefix,
  remote_group_id: rule.remoteGroupId,
  standard_attr_id: 1,
  description: rule.description,
  tags: [],
  ...dated(rule),
});

const groupView = (group: GroupRow): Fields => ({
  id: group.id,
  name: group.name,
  stateful: true,
  ...owned(group.projectId),
  description: group.description,
  shared: false,
  security_group_rules: group.rules.map(ruleView),
  tags: [],
  ...dated(group),
});

const inUse = (neutron: Neutron, groupId: string): boolean => {
  for (const { groups } of neutron.slot.value.ports.values()) if (groups.includes(groupId)) return true;
  return false;
};

function createGroup(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const fields = resource(context, "security_group");
  const projectId = ownerOf(context.actor, fields);
  const { groups } = neutron.slot.value;
  defaultGroup(neutron, projectId);
  const name = text(fields, "name", "");
  if (name === "default")
    throw new Refusal(409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.");
  checkQuota(neutron, projectId, "security_group", () => countOf(groups.values(), projectId));
  return json(201, { security_group: groupView(makeGroup(neutron, projectId, name, text(fields, "description", ""))) });
}

function deleteGroup(neutron: Neutron, { actor, params }: Context): ReturnType<OpenStackRoute["handler"]> {
  const group = groupOf(neutron, actor, params.id ?? "");
  if (inUse(neutron, group.id)) throw new Refusal(409, "SecurityGroupInUse", `Security Group ${group.id} in use.`);
  if (group.name === "default" && !actor.isAdmin)
    throw new Refusal(
      409,
      "SecurityGroupCannotRemoveDefault",
      "Insufficient rights for removing default security group.",
    );
  neutron.slot.value.groups.delete(group.id);
  neutron.cloud.kernel.record("neutron", "security-group.delete", group.id);
  return empty(204);
}

const invalid = (type: string, message: string): Refusal => new Refusal(400, type, message);

const wholeOrNull = (value: unknown, name: string): number | null => {
  if (value === undefined || value === null) return null;
  const number = Number(value);
  if (!Number.isInteger(number))
    throw invalid("SecurityGroupInvalidPortValue", `Invalid value for port ${JSON.stringify(value)} (${name})`);
  return number;
};

/** @throws Refusal 400 */
function readRule(fields: Fields): NewRule {
  const {
    direction,
    protocol = null,
    remote_ip_prefix: prefix = null,
    remote_group_id: remoteGroup = null,
  } = fields as Record<string, string | null | undefined>;
  if (direction !== "ingress" && direction !== "egress")
    throw invalid(
      "HTTPBadRequest",
      `Invalid input for direction. Reason: '${direction}' is not in ['ingress', 'egress'].`,
    );
  const ethertype = text(fields, "ethertype", "IPv4");
  if (ethertype !== "IPv4" && ethertype !== "IPv6") {
    throw invalid(
      "SecurityGroupRuleInvalidEtherType",
      `Security group rule for ethertype '${ethertype}' not supported. Allowed values are ['IPv4', 'IPv6'].`,
    );
  }
  const portMin = wholeOrNull(fields.port_range_min, "port_range_min");
  const portMax = wholeOrNull(fields.port_range_max, "port_range_max");
  if ((portMin !== null || portMax !== null) && protocol === null)
    throw invalid("SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.");
  if (portMin !== null && portMax !== null && portMin > portMax && protocol !== "icmp")
    throw invalid("SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max");
  if (prefix !== null && remoteGroup !== null)
    throw invalid(
      "SecurityGroupMultipleRemoteEntites",
      "Only remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
    );
  const remoteIpPrefix = prefix === null ? null : normalised(prefix, ethertype);
  return {
    direction,
    ethertype,
    protocol: protocol === null ? null : protocol.toLowerCase(),
    portMin,
    portMax,
    remoteIpPrefix,
    remoteGroupId: remoteGroup,
    description: text(fields, "description", ""),
  };
}

function normalised(prefix: string, ethertype: string): string {
  if (prefix.includes(":")) {
    if (ethertype === "IPv4")
      throw invalid(
        "SecurityGroupRuleParameterConflict",
        `Conflicting value ethertype ${ethertype} for CIDR ${prefix}`,
      );
    return prefix;
  }
  const range = prefixRange(prefix);
  if (range === undefined) throw invalid("InvalidCIDR", `Invalid CIDR ${prefix} given as IP prefix.`);
  if (ethertype === "IPv6")
    throw invalid("SecurityGroupRuleParameterConflict", `Conflicting value ethertype ${ethertype} for CIDR ${prefix}`);
  return isIpv4(prefix) ? `${prefix}/32` : `${toIp(range.first)}/${range.bits}`;
}

const sameRule = (a: NewRule, b: RuleRow): boolean =>
  a.direction === b.direction &&
  a.ethertype === b.ethertype &&
  a.protocol === b.protocol &&
  a.portMin === b.portMin &&
  a.portMax === b.portMax &&
  a.remoteIpPrefix === b.remoteIpPrefix &&
  a.remoteGroupId === b.remoteGroupId;

function createRule(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const fields = resource(context, "security_group_rule");
  const group = groupOf(neutron, context.actor, text(fields, "security_group_id", ""));
  const wanted = readRule(fields);
  if (wanted.remoteGroupId) groupOf(neutron, context.actor, wanted.remoteGroupId);
  const known = group.rules.find((rule) => sameRule(wanted, rule));
  if (known !== undefined)
    throw new Refusal(409, "SecurityGroupRuleExists", `Security group rule already exists. Rule id is ${known.id}.`);
  const all = function* (): Generator<{ projectId: string }> {
    for (const each of neutron.slot.value.groups.values()) yield* each.rules;
  };
  checkQuota(neutron, group.projectId, "security_group_rule", () => countOf(all(), group.projectId));
  const rule = makeRule(neutron, group, wanted);
  group.rules = [...group.rules, rule];
  touch(neutron, group);
  neutron.cloud.kernel.record("neutron", "security-group-rule.create", rule.id, {
    group: group.id,
    direction: rule.direction,
    remote: rule.remoteIpPrefix ?? rule.remoteGroupId,
    portMin: rule.portMin,
    portMax: rule.portMax,
  });
  return json(201, { security_group_rule: ruleView(rule) });
}

function ruleOf(neutron: Neutron, actor: Actor, id: string): { group: GroupRow; rule: RuleRow } {
  for (const group of neutron.slot.value.groups.values()) {
    const rule = group.rules.find((each) => each.id === id);
    if (rule !== undefined && (actor.isAdmin || group.projectId === actor.projectId)) return { group, rule };
  }
  throw new Refusal(404, "SecurityGroupRuleNotFound", `Security group rule ${id} does not exist`);
}

function deleteRule(neutron: Neutron, { actor, params }: Context): ReturnType<OpenStackRoute["handler"]> {
  const { group, rule } = ruleOf(neutron, actor, params.id ?? "");
  group.rules = group.rules.filter((each) => each !== rule);
  touch(neutron, group);
  neutron.cloud.kernel.record("neutron", "security-group-rule.delete", rule.id, { group: group.id });
  return empty(204);
}

export function groupRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const visible = ({ actor }: Context): readonly GroupRow[] => {
    if (actor.projectId !== "") defaultGroup(neutron, actor.projectId);
    return [...neutron.slot.value.groups.values()].filter(
      ({ projectId }) => actor.isAdmin || projectId === actor.projectId,
    );
  };
  return [
    {
      method: "GET",
      path: "/v2.0/security-groups",
      handler: (context) => list(context, "security_groups", visible(context).map(groupView)),
    },
    { method: "POST", path: "/v2.0/security-groups", handler: (context) => createGroup(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/security-groups/:id",
      handler: ({ actor, params }) =>
        json(200, { security_group: groupView(groupOf(neutron, actor, params.id ?? "")) }),
    },
    {
      method: "PUT",
      path: "/v2.0/security-groups/:id",
      handler: (context) => {
        const fields = resource(context, "security_group");
        const group = groupOf(neutron, context.actor, context.params.id ?? "");
        if (group.name === "default" && fields.name !== undefined && fields.name !== "default") {
          throw new Refusal(409, "SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");
        }
        group.name = text(fields, "name", group.name);
        group.description = text(fields, "description", group.description);
        touch(neutron, group);
        return json(200, { security_group: groupView(group) });
      },
    },
    { method: "DELETE", path: "/v2.0/security-groups/:id", handler: (context) => deleteGroup(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/security-group-rules",
      handler: (context) =>
        list(
          context,
          "security_group_rules",
          visible(context).flatMap(({ rules }) => rules.map(ruleView)),
        ),
    },
    { method: "POST", path: "/v2.0/security-group-rules", handler: (context) => createRule(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/security-group-rules/:id",
      handler: ({ actor, params }) =>
        json(200, { security_group_rule: ruleView(ruleOf(neutron, actor, params.id ?? "").rule) }),
    },
    { method: "DELETE", path: "/v2.0/security-group-rules/:id", handler: (context) => deleteRule(neutron, context) },
  ];
}
