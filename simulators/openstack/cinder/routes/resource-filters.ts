import { ok } from "../wire/replies.ts";
import type { CinderRoute } from "../wire/route.ts";

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

/** Routes of the API reference, "Resource filters". From 3.33 on. */
export const RESOURCE_FILTER_ROUTES: readonly CinderRoute[] = [
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
];
