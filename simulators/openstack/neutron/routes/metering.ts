import type { MeteringLabelRow, MeteringRuleRow } from "../state/extension-rows.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { withStandard } from "../wire/attributes.ts";
import { boolean, cidr, oneOf, orNull, text, uuid } from "../wire/converters.ts";
import { badInput, conflict } from "../wire/errors.ts";
import { projectMembers, type View } from "../wire/views.ts";
import { parsePrefix, prefixesOverlap } from "../behaviour/ip.ts";
import { requireRow, type Resource } from "./resource.ts";

/*
 * Metering: labels and what they count. No traffic flows here, so nothing is ever counted.
 */

/** neutron-lib, `api/definitions/metering.py`. */
const LABEL = withStandard({
  name: { put: false, convert: text },
  description: { put: false, convert: text },
  shared: { put: false, convert: boolean, filter: boolean },
});

const labelView = (_neutron: Neutron, _actor: unknown, row: MeteringLabelRow): View => ({
  id: row.id,
  name: row.name,
  description: row.description,
  shared: row.shared,
  ...projectMembers(row.projectId),
});

/** `/v2.0/metering/metering-labels` */
export const METERING_LABELS: Resource<MeteringLabelRow, typeof LABEL> = {
  name: "metering_label",
  collection: "metering_labels",
  path: "metering/metering-labels",
  exception: "MeteringLabel",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  isUntagged: true,
  isForAdmins: true,
  attributes: LABEL,
  rows: ({ slot }) => slot.value.meteringLabels.values(),
  find: ({ slot }, id) => slot.value.meteringLabels.get(id),
  canSee: (_neutron, actor, row) => actor.isAdmin || row.shared || row.projectId === actor.projectId,
  canChange: (_neutron, actor) => actor.isAdmin,
  view: labelView,
  create: (neutron, _actor, projectId, fields) => {
    const row: MeteringLabelRow = {
      ...newRow(neutron, projectId, 0, fields.description),
      name: fields.name ?? "",
      shared: fields.shared ?? false,
    };
    neutron.slot.value.meteringLabels.set(row.id, row);
    neutron.cloud.kernel.record("neutron", "metering-label.create", row.id, { project: projectId });
    return row;
  },
  remove: ({ slot, cloud }, _actor, row) => {
    const { meteringRules, meteringLabels } = slot.value;
    for (const rule of meteringRules.values()) if (rule.labelId === row.id) meteringRules.delete(rule.id);
    meteringLabels.delete(row.id);
    cloud.kernel.record("neutron", "metering-label.delete", row.id);
  },
};

const DIRECTIONS = ["ingress", "egress"];

const RULE = withStandard({
  metering_label_id: { isRequired: true, put: false, convert: uuid },
  direction: { put: false, convert: oneOf(DIRECTIONS) },
  excluded: { put: false, convert: boolean, filter: boolean },
  remote_ip_prefix: { put: false, convert: orNull(cidr) },
  source_ip_prefix: { put: false, convert: orNull(cidr) },
  destination_ip_prefix: { put: false, convert: orNull(cidr) },
});

/** @throws Refusal 409 where two rules of a label count the same traffic */
function checkOverlap({ slot }: Neutron, labelId: string, direction: string, text: string | null): void {
  const prefix = parsePrefix(text);
  if (prefix === undefined) return;
  for (const rule of slot.value.meteringRules.values()) {
    const other = parsePrefix(rule.remotePrefix);
    if (
      rule.labelId === labelId &&
      rule.direction === direction &&
      other !== undefined &&
      prefixesOverlap(prefix, other)
    )
      throw conflict(
        "MeteringLabelRuleOverlaps",
        `Metering label rule with remote_ip_prefix '${text}' overlaps another.`,
      );
  }
}

/** `/v2.0/metering/metering-label-rules` */
export const METERING_RULES: Resource<MeteringRuleRow, typeof RULE> = {
  name: "metering_label_rule",
  collection: "metering_label_rules",
  path: "metering/metering-label-rules",
  exception: "MeteringLabelRule",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  isUntagged: true,
  isForAdmins: true,
  attributes: RULE,
  rows: ({ slot }) => slot.value.meteringRules.values(),
  find: ({ slot }, id) => slot.value.meteringRules.get(id),
  canChange: (_neutron, actor) => actor.isAdmin,
  view: (_neutron, _actor, row) => ({
    id: row.id,
    metering_label_id: row.labelId,
    direction: row.direction,
    remote_ip_prefix: row.remotePrefix,
    source_ip_prefix: row.sourcePrefix,
    destination_ip_prefix: row.destinationPrefix,
    excluded: row.excluded,
  }),
  create: (neutron, actor, projectId, fields) => {
    requireRow(neutron, METERING_LABELS, actor, fields.metering_label_id);
    const { remote_ip_prefix: remote = null, source_ip_prefix: source = null } = fields;
    const { destination_ip_prefix: destination = null, direction = "ingress" } = fields;
    if (remote === null && source === null && destination === null)
      throw badInput("At least one of 'remote_ip_prefix', 'source_ip_prefix' or 'destination_ip_prefix' must be given");
    if (remote !== null && (source !== null || destination !== null))
      throw badInput("Cannot use 'remote_ip_prefix' in conjunction with 'source_ip_prefix' or 'destination_ip_prefix'");
    checkOverlap(neutron, fields.metering_label_id, direction, remote);
    const row: MeteringRuleRow = {
      ...newRow(neutron, projectId, 0),
      labelId: fields.metering_label_id,
      direction,
      remotePrefix: remote,
      sourcePrefix: source,
      destinationPrefix: destination,
      excluded: fields.excluded ?? false,
    };
    neutron.slot.value.meteringRules.set(row.id, row);
    neutron.cloud.kernel.record("neutron", "metering-rule.create", row.id, { label: row.labelId });
    return row;
  },
  remove: ({ slot, cloud }, _actor, row) => {
    slot.value.meteringRules.delete(row.id);
    cloud.kernel.record("neutron", "metering-rule.delete", row.id);
  },
};
