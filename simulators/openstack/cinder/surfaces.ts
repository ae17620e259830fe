import { isoMicros } from "../time.ts";
import { guardNova } from "./actions.ts";
import { type Call, type CinderRoute, dated, emptied, links, missing, notFound, ok, seesAll } from "./call.ts";
import { type Attachment, BACKEND, HOST, type MessageRow, type VolumeRow } from "./state.ts";
import { notSimulated } from "./volumes.ts";

/*
 * The smaller surfaces: zones, services, pools, messages, attachments, and what is always empty here (groups).
 */

const MESSAGE_DAYS = 30;
const DAY_MS = 86_400_000;

const messageView = (call: Call, row: MessageRow): object => ({
  id: row.id,
  event_id: row.eventId,
  user_message: row.text,
  message_level: "ERROR",
  created_at: dated(row.createdMs),
  guaranteed_until: dated(row.createdMs + MESSAGE_DAYS * DAY_MS),
  request_id: row.requestId,
  links: links(call, "messages", row.id),
  resource_type: row.resourceType,
  resource_uuid: row.resourceId,
});

/** @throws Refusal 404 */
function messageOf({ cinder, actor, params }: Call): MessageRow {
  const row = cinder.slot.value.messages.get(params.id ?? "");
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId))
    throw missing("Message", params.id ?? "");
  return row;
}

interface Held {
  readonly volume: VolumeRow;
  readonly attachment: Attachment;
}

/** @throws Refusal 404 */
function attachmentOf({ cinder, actor, params }: Call): Held {
  const id = params.id ?? "";
  const volume = cinder.slot.value.volumes.get(cinder.slot.value.volumeByAttachment.get(id) ?? "");
  const attachment = volume?.attachments.find((each) => each.id === id);
  if (volume === undefined || attachment === undefined || !(actor.isAdmin || volume.projectId === actor.projectId))
    throw missing("Volume attachment", id);
  return { volume, attachment };
}

const attachmentBrief = ({ volume, attachment }: Held): Record<string, unknown> => ({
  id: attachment.id,
  status: attachment.device === null ? "reserved" : "attached",
  instance: attachment.serverId,
  volume_id: volume.id,
});
const attachmentView = (held: Held): object => ({
  ...attachmentBrief(held),
  attached_at: held.attachment.device === null ? "" : isoMicros(held.attachment.attachedMs),
  detached_at: "",
  attach_mode: "rw",
  connection_info: {},
});

function attachmentsOf(call: Call): readonly Held[] {
  const { volumes, byProject } = call.cinder.slot.value;
  const own = seesAll(call) ? volumes.values() : (byProject.get(call.actor.projectId)?.values() ?? []);
  return [...own]
    .flatMap((volume) => volume.attachments.map((attachment) => ({ volume, attachment })))
    .filter(({ volume }) => !call.query.has("volume_id") || call.query.get("volume_id") === volume.id)
    .filter(
      ({ attachment }) => !call.query.has("instance_id") || call.query.get("instance_id") === attachment.serverId,
    );
}

const FILTERS: Readonly<Record<string, readonly string[]>> = {
  volume: ["name", "status", "metadata", "bootable", "migration_status", "availability_zone", "group_id", "size"],
  backup: ["name", "status", "volume_id"],
  snapshot: ["name", "status", "volume_id", "metadata", "availability_zone"],
  group: [],
  group_snapshot: ["status", "group_id"],
  attachment: ["volume_id", "status", "instance_id", "attach_status"],
  message: ["resource_uuid", "resource_type", "event_id", "request_id", "message_level"],
  pool: ["name", "volume_type"],
  volume_type: ["is_public"],
};

const empties = (path: string, member: string, from?: number): readonly CinderRoute[] =>
  [path, `${path}/detail`].map((each) => ({
    method: "GET",
    path: each,
    ...(from !== undefined && { from }),
    handler: () => ok({ [member]: [] }),
  }));

const service = (binary: string, host: string, call: Call): object => ({
  binary,
  host,
  zone: call.cinder.cloud.zones[0],
  status: "enabled",
  state: "up",
  updated_at: dated(call.cinder.cloud.kernel.nowMs),
  disabled_reason: null,
  ...(call.version >= 7 && { cluster: null }),
});

const UNMODELLED = [
  ["PUT", "/os-services/:action", "changes of services"],
  ["GET", "/os-hosts/:host", "hosts of back ends"],
  ["GET", "/os-quota-class-sets/:name", "classes of quotas"],
  ["PUT", "/os-quota-class-sets/:name", "classes of quotas"],
  ["POST", "/qos-specs", "quality of service"],
  ["POST", "/group_types", "groups of volumes"],
  ["POST", "/groups", "groups of volumes"],
  ["POST", "/group_snapshots", "groups of volumes"],
  ["POST", "/types/:id/encryption", "encryption"],
] as const;

/** A host is asked for with its back end or without. */
function services(call: Call): readonly object[] {
  const [wantedBinary, wantedHost] = [call.query.get("binary"), call.query.get("host")];
  const all = [
    ["cinder-scheduler", "ref"],
    ["cinder-volume", `ref@${BACKEND}`],
  ] as const;
  return all
    .filter(([binary]) => wantedBinary === null || binary === wantedBinary)
    .filter(([, host]) => wantedHost === null || host === wantedHost || host.split("@")[0] === wantedHost)
    .map(([binary, host]) => service(binary, host, call));
}

const pool = (): object => ({
  name: HOST,
  capabilities: {
    volume_backend_name: BACKEND,
    vendor_name: "Open Source",
    driver_version: "1.0",
    storage_protocol: "fake",
    total_capacity_gb: "infinite",
    free_capacity_gb: "infinite",
    allocated_capacity_gb: 0,
    reserved_percentage: 0,
    QoS_support: false,
  },
});

export const SURFACE_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/os-availability-zone",
    clients: ["openstack"],
    handler: ({ cinder }) => {
      const zones = cinder.cloud.zones.map((zoneName) => ({ zoneName, zoneState: { available: true } }));
      return ok({ availabilityZoneInfo: zones });
    },
  },
  {
    method: "GET",
    path: "/os-services",
    admin: "volume_extension:services:index",
    clients: ["openstack"],
    handler: (call) => ok({ services: services(call) }),
  },
  {
    method: "GET",
    path: "/scheduler-stats/get_pools",
    admin: "scheduler_extension:scheduler_stats:get_pools",
    clients: ["openstack"],
    handler: ({ query }) => ok({ pools: [query.get("detail")?.toLowerCase() === "true" ? pool() : { name: HOST }] }),
  },
  ...UNMODELLED.map(
    ([method, path, what]): CinderRoute => ({
      method,
      path,
      handler: () => {
        throw notSimulated(what);
      },
    }),
  ),
  { method: "GET", path: "/os-hosts", admin: "volume_extension:hosts", handler: () => ok({ hosts: [] }) },
  {
    method: "GET",
    path: "/qos-specs",
    admin: "volume_extension:qos_specs_manage:get_all",
    handler: () => ok({ qos_specs: [] }),
  },
  {
    method: "GET",
    path: "/capabilities/:host",
    admin: "volume_extension:capabilities",
    handler: () => {
      throw notSimulated("capabilities of back ends");
    },
  },
  { method: "GET", path: "/clusters", from: 7, admin: "clusters:get_all", handler: () => ok({ clusters: [] }) },
  ...empties("/consistencygroups", "consistencygroups"),
  ...empties("/cgsnapshots", "cgsnapshots"),
  ...empties("/groups", "groups", 13),
  ...empties("/group_snapshots", "group_snapshots", 14),
  {
    method: "GET",
    path: "/group_types",
    from: 11,
    handler: () =>
      ok({
        group_types: [
          {
            id: "f72add3f-1bc4-41a6-b6f2-e51ad6780b31",
            name: "default_cgsnapshot_type",
            description: "Default group type for migrating cgsnapshot",
            is_public: true,
          },
        ],
      }),
  },
  {
    method: "GET",
    // Knows no GET.
    path: "/workers",
    handler: () => {
      throw notFound("The resource could not be found.");
    },
  },
  {
    method: "GET",
    path: "/resource_filters",
    from: 33,
    handler: ({ query }) => {
      const wanted = query.get("resource");
      const shown = Object.entries(FILTERS).filter(([resource]) => wanted === null || resource === wanted);
      return ok({ resource_filters: shown.map(([resource, filters]) => ({ resource, filters })) });
    },
  },
  {
    method: "GET",
    path: "/messages",
    from: 3,
    clients: ["openstack"],
    handler: (call) => {
      const own = [...call.cinder.slot.value.messages.values()].filter(
        ({ projectId }) => call.actor.isAdmin || projectId === call.actor.projectId,
      );
      return ok({ messages: own.reverse().map((row) => messageView(call, row)) });
    },
  },
  {
    method: "GET",
    path: "/messages/:id",
    from: 3,
    handler: (call) => ok({ message: messageView(call, messageOf(call)) }),
  },
  {
    method: "DELETE",
    path: "/messages/:id",
    from: 3,
    handler: (call) => {
      call.cinder.slot.value.messages.delete(messageOf(call).id);
      return emptied(204);
    },
  },
  {
    method: "GET",
    path: "/attachments",
    from: 27,
    clients: ["openstack"],
    handler: (call) => ok({ attachments: attachmentsOf(call).map(attachmentBrief) }),
  },
  {
    method: "GET",
    path: "/attachments/detail",
    from: 27,
    handler: (call) => ok({ attachments: attachmentsOf(call).map(attachmentView) }),
  },
  {
    method: "GET",
    path: "/attachments/:id",
    from: 27,
    clients: ["openstack"],
    handler: (call) => ok({ attachment: attachmentView(attachmentOf(call)) }),
  },
  {
    method: "DELETE",
    path: "/attachments/:id",
    from: 27,
    handler: (call) => {
      const { volume } = attachmentOf(call);
      guardNova(volume);
      throw notSimulated("deleting attachments: detach with the action os-detach");
    },
  },
  {
    method: "POST",
    path: "/attachments",
    from: 27,
    handler: () => {
      throw notSimulated("attachments of volumes without Nova");
    },
  },
];
