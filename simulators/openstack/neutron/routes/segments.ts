import { addSegment, checkSegment, removeSegment } from "../behaviour/segments.ts";
import type { SegmentRow } from "../state/extension-rows.ts";
import type { Neutron } from "../state/state.ts";
import { withOwner } from "../wire/attributes.ts";
import { integer, orNull, text, uuid } from "../wire/converters.ts";
import { conflict, notFound } from "../wire/errors.ts";
import { revisionMembers } from "../wire/views.ts";
import { networkType, physicalNetwork } from "./network-segments.ts";
import type { Resource } from "./resource.ts";

/** neutron-lib, `api/definitions/segment.py`. */
const ATTRIBUTES = withOwner({
  network_id: { isRequired: true, put: false, convert: uuid },
  physical_network: { put: false, convert: physicalNetwork },
  network_type: { isRequired: true, put: false, convert: networkType },
  segmentation_id: { put: false, convert: integer },
  name: { convert: orNull(text) },
  description: { convert: orNull(text) },
  revision_number: { post: false, put: false },
  created_at: { post: false, put: false },
  updated_at: { post: false, put: false },
});

/** A segment stays as long as subnets are on it. @throws Refusal 409 */
function checkUnused({ slot }: Neutron, row: SegmentRow): void {
  const subnets = slot.value.subnets.values().filter(({ segmentId }) => segmentId === row.id);
  const ids = [...subnets].map(({ id }) => id).join(", ");
  if (ids === "") return;
  const reason = `The segment is still associated with subnet(s) ${ids}`;
  throw conflict("SegmentInUse", `Segment '${row.id}' cannot be deleted: ${reason}.`);
}

function describe(row: SegmentRow, description: string | null | undefined): void {
  if (description === undefined) return;
  row.description = description ?? "";
  row.isDescribed = description !== null;
}

/** `/v2.0/segments` */
export const SEGMENTS: Resource<SegmentRow, typeof ATTRIBUTES> = {
  name: "segment",
  collection: "segments",
  path: "segments",
  exception: "Segment",
  clients: ["openstack"],
  isCore: false,
  isBulk: false,
  isUntagged: true,
  isForAdmins: true,
  attributes: ATTRIBUTES,
  rows: ({ slot }) => slot.value.segments.values(),
  find: ({ slot }, id) => slot.value.segments.get(id),
  canSee: (_neutron, actor) => actor.isAdmin,
  view: (_neutron, _actor, row) => ({
    id: row.id,
    network_id: row.networkId,
    name: row.name,
    physical_network: row.physicalNetwork,
    network_type: row.networkType,
    segmentation_id: row.segmentationId,
    description: row.isDescribed ? row.description : null,
    ...revisionMembers(row),
  }),
  create: (neutron, _actor, _projectId, fields) => {
    const { network_id: networkId, network_type: type, physical_network: physical, segmentation_id: id } = fields;
    if (!neutron.slot.value.networks.has(networkId)) throw notFound("Network", networkId);
    const asked = {
      type,
      ...(physical !== undefined && { physicalNetwork: physical }),
      ...(id !== undefined && { id }),
    };
    checkSegment(neutron, asked);
    const row = addSegment(neutron, networkId, asked);
    row.name = fields.name ?? null;
    describe(row, fields.description);
    neutron.cloud.kernel.record("neutron", "segment.create", row.id, { network: networkId });
    return row;
  },
  update: (_neutron, _actor, row, fields) => {
    if (fields.name !== undefined) row.name = fields.name;
    describe(row, fields.description);
  },
  remove: (neutron, _actor, row) => {
    checkUnused(neutron, row);
    removeSegment(neutron, row);
    neutron.cloud.kernel.record("neutron", "segment.delete", row.id);
  },
};
