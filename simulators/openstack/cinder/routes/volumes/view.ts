import { isoMicroseconds } from "../../../../kernel/index.ts";
import { hostOf } from "../../state/backend.ts";
import type { VolumeRow } from "../../state/rows.ts";
import { storedTimeOrNull } from "../../wire/dates.ts";
import { links } from "../../wire/links.ts";
import type { CinderCall } from "../../wire/request.ts";

/** The members of every answer; `isCreated`: the answer of the creation. */
export function volumeView(call: CinderCall, row: VolumeRow, isCreated: boolean): Record<string, unknown> {
  const { version, actor, cinder } = call;
  return {
    id: row.id,
    status: row.status,
    size: row.sizeGb,
    availability_zone: row.zone,
    created_at: isCreated ? isoMicroseconds(row.createdMs) : storedTimeOrNull(row.createdMs),
    updated_at: isCreated ? null : storedTimeOrNull(row.updatedMs),
    name: row.name,
    description: row.description,
    volume_type: cinder.slot.value.types.get(row.typeId)?.name ?? null,
    snapshot_id: row.snapshotId,
    source_volid: row.sourceId,
    metadata: row.metadata,
    links: links(call, "volumes", row.id),
    user_id: row.userId,
    bootable: String(row.bootable),
    encrypted: false,
    replication_status: null,
    consistencygroup_id: null,
    multiattach: row.multiattach,
    attachments: row.attachments.filter(({ device }) => device !== null).map((each) => attachmentOf(call, row, each)),
    ...(actor.isAdmin && { migration_status: null }),
    ...(version >= 13 && { group_id: row.groupId }),
    ...(version >= 21 && actor.isAdmin && { provider_id: null }),
    ...(version >= 48 && { shared_targets: row.status === "creating", service_uuid: SERVICE_UUID }),
    ...(version >= 61 && actor.isAdmin && { cluster_name: null }),
    ...(version >= 63 && { volume_type_id: row.typeId }),
    ...(version >= 65 && { consumes_quota: true }),
  };
}

/** The volume service's own id; the same in every cloud. */
const SERVICE_UUID = "4b3a5c1e-7f0d-4e7b-9c59-3f2f6f5f0c11";

const attachmentOf = ({ actor }: CinderCall, row: VolumeRow, each: VolumeRow["attachments"][number]): object => ({
  id: row.id,
  attachment_id: each.id,
  volume_id: row.id,
  server_id: each.serverId,
  host_name: actor.isAdmin ? each.host : null,
  device: each.device,
  attached_at: storedTimeOrNull(each.attachedMs),
});

/** The view of GET, for one volume or each of a detailed list. */
export function volumeDetailView(call: CinderCall, row: VolumeRow): Record<string, unknown> {
  return {
    ...volumeView(call, row, false),
    "os-vol-tenant-attr:tenant_id": row.projectId,
    ...(Object.keys(row.imageMetadata).length > 0 && { volume_image_metadata: row.imageMetadata }),
    ...(call.actor.isAdmin && {
      "os-vol-host-attr:host": hostOf(call.cinder.cloud),
      "os-vol-mig-status-attr:migstat": null,
      "os-vol-mig-status-attr:name_id": null,
    }),
  };
}
