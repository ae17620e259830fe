import { json } from "../../../kernel/index.ts";
import { str } from "../../python/index.ts";
import type { OpenStackRoute } from "../../service.ts";
import type { QosPolicyRow, QosRuleRow } from "../state/extension-rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import type { Attributes } from "../wire/attributes.ts";
import { type Convert, integer, InvalidValue, oneOf } from "../wire/converters.ts";
import { conflict, forbidden, notFoundAs } from "../wire/errors.ts";
import type { ListedCollection } from "../wire/lists.ts";
import { type Nested, nestedRoutes } from "./nested.ts";
import { missingRule, requirePolicy } from "./qos-policies.ts";

const DATABASE_INTEGER_MAX = 2_147_483_647;

/** A rate in kbit/s, or a size in kbit. */
const rate: Convert<number> = (value) => {
  const number = integer(value);
  if (number < 0) throw new InvalidValue(`'${str(number)}' is too small - must be at least '0'.`);
  if (number > DATABASE_INTEGER_MAX)
    throw new InvalidValue(`'${number}' is too large - must be no larger than '${DATABASE_INTEGER_MAX}'.`);
  return number;
};

/** `VALID_DSCP_MARKS`. */
const DSCP_MARKS = [0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 46, 48, 56];
const DIRECTIONS = ["egress", "ingress"];

const ID = { post: false, put: false } as const;

/** A kind of rule: the attributes of neutron-lib's `api/definitions/qos.py`, and what the service takes where they are left out. */
interface RuleKind {
  readonly type: QosRuleRow["type"];
  readonly collection: ListedCollection;
  readonly attributes: Attributes;
  readonly defaults: Readonly<Record<string, unknown>>;
  /** The members that no two rules of this kind in one policy may share. */
  readonly unique: readonly string[];
  readonly parameters: readonly string[];
}

const KINDS: readonly RuleKind[] = [
  {
    type: "bandwidth_limit",
    collection: "bandwidth_limit_rules",
    attributes: {
      id: ID,
      max_kbps: { isRequired: true, convert: rate },
      max_burst_kbps: { convert: rate },
      direction: { convert: oneOf(DIRECTIONS) },
    },
    defaults: { max_burst_kbps: 0, direction: "egress" },
    unique: ["direction"],
    parameters: ["max_kbps", "max_burst_kbps", "direction"],
  },
  {
    type: "dscp_marking",
    collection: "dscp_marking_rules",
    attributes: { id: ID, dscp_mark: { isRequired: true, convert: oneOf(DSCP_MARKS, integer) } },
    defaults: {},
    unique: [],
    parameters: ["dscp_mark"],
  },
  {
    type: "minimum_bandwidth",
    collection: "minimum_bandwidth_rules",
    attributes: {
      id: ID,
      min_kbps: { isRequired: true, convert: rate },
      direction: { convert: oneOf(DIRECTIONS) },
    },
    defaults: { direction: "egress" },
    unique: ["direction"],
    parameters: ["min_kbps", "direction"],
  },
];

/** @throws Refusal 409 where the policy already has a rule of this kind, or one that contradicts it */
function checkRule(policy: QosPolicyRow, kind: RuleKind, values: QosRuleRow["values"], own?: QosRuleRow): void {
  for (const other of policy.rules) {
    if (other === own) continue;
    if (other.type === kind.type && kind.unique.every((name) => other.values[name] === values[name]))
      throw conflict(
        "QoSRulesConflict",
        `Rule ${kind.type} conflicts with rule ${other.id} which already exists in QoS Policy ${policy.id}.`,
      );
    const [least, most] = [values.min_kbps ?? other.values.min_kbps, values.max_kbps ?? other.values.max_kbps];
    const isSameWay = other.values.direction === values.direction && other.type !== kind.type;
    if (isSameWay && typeof least === "number" && typeof most === "number" && least > most)
      throw conflict(
        "QoSRuleParameterConflict",
        `Unable to add the rule with value ${str(values.min_kbps ?? values.max_kbps)} to the policy ${policy.id} as the existing rule of type ${other.type} has value ${str(other.values.max_kbps ?? other.values.min_kbps)}.`,
      );
  }
}

const rulesOf = (kind: RuleKind): Nested<QosPolicyRow, QosRuleRow, Attributes> => ({
  name: `${kind.type}_rule`,
  collection: kind.collection,
  path: `/v2.0/qos/policies/:parent/${kind.collection}`,
  policyName: `policy_${kind.type}_rule`,
  isCore: false,
  isBulk: false,
  isForAdmins: true,
  attributes: kind.attributes,
  parent: requirePolicy,
  rows: (_neutron, policy) => policy.rules.filter(({ type }) => type === kind.type),
  idOf: ({ id }) => id,
  missing: missingRule,
  view: ({ id, values }) => ({ id, ...values }),
  create: (neutron, _actor, policy, fields) => {
    const values = { ...kind.defaults, ...fields };
    checkRule(policy, kind, values);
    const rule: QosRuleRow = { id: neutron.cloud.uuid("neutron"), type: kind.type, values };
    setRules(neutron, policy, [...policy.rules, rule]);
    return rule;
  },
  update: (neutron, _actor, policy, rule, fields) => {
    const values = { ...rule.values, ...fields };
    checkRule(policy, kind, values, rule);
    rule.values = values;
    touch(neutron, policy);
  },
  remove: (neutron, policy, rule) =>
    setRules(
      neutron,
      policy,
      policy.rules.filter((each) => each !== rule),
    ),
});

function setRules(neutron: Neutron, policy: QosPolicyRow, rules: readonly QosRuleRow[]): void {
  policy.rules = rules;
  touch(neutron, policy);
  neutron.cloud.kernel.record("neutron", "qos-policy.rules", policy.id, { rules: rules.length });
}

const driverOf = ({ parameters }: RuleKind): object => ({
  name: "openvswitch",
  supported_parameters: parameters.map((name) => ({
    parameter_name: name,
    parameter_type: name === "direction" || name === "dscp_mark" ? "choices" : "range",
    parameter_values:
      name === "direction" ? DIRECTIONS : name === "dscp_mark" ? DSCP_MARKS : { start: 0, end: DATABASE_INTEGER_MAX },
  })),
});

/** Rules of QoS policies and the kinds of them. */
export const qosRuleRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  ...KINDS.flatMap((kind) => nestedRoutes(neutron, rulesOf(kind))),
  ...KINDS.flatMap((kind) => aliasRoutes(neutron, kind)),
  {
    method: "GET",
    path: "/v2.0/qos/rule-types",
    clients: ["openstack"],
    handler: () => json(200, { rule_types: KINDS.map(({ type }) => ({ type })) }),
  },
  {
    method: "GET",
    path: "/v2.0/qos/rule-types/:type",
    clients: ["openstack"],
    handler: ({ params, actor }) => {
      const kind = KINDS.find(({ type }) => type === params.type);
      if (kind === undefined)
        throw notFoundAs("QosRuleTypeNotFound", `QoS Rule type ${params.type} could not be found.`);
      if (!actor.isAdmin) throw forbidden("rule:get_rule_type");
      return json(200, { rule_type: { type: kind.type, drivers: [driverOf(kind)] } });
    },
  },
];

/** Rules by their own ids, without the policy in the path. */
function aliasRoutes(neutron: Neutron, kind: RuleKind): readonly OpenStackRoute[] {
  const nested = nestedRoutes(neutron, rulesOf(kind));
  const policyOf = (id: string): string => {
    const policies = [...neutron.slot.value.qosPolicies.values()];
    const found = policies.find(({ rules }) => rules.some((rule) => rule.id === id && rule.type === kind.type));
    if (found === undefined) throw notFoundAs("QosRuleNotFound", `QoS rule ${id} could not be found.`);
    return found.id;
  };
  return nested
    .filter(({ path }) => path.endsWith("/:id"))
    .map((route) => ({
      ...route,
      path: `/v2.0/qos/alias-${kind.collection.replaceAll("_", "-")}/:id`,
      handler: (context) =>
        route.handler({ ...context, params: { ...context.params, parent: policyOf(context.params.id ?? "") } }),
    }));
}
