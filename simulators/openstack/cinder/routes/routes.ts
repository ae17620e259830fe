import type { CinderRoute } from "../wire/route.ts";
import { ATTACHMENT_ROUTES } from "./attachments.ts";
import { AVAILABILITY_ZONE_ROUTES } from "./availability-zones.ts";
import { BACKUP_ACTION_ROUTES } from "./backup-actions.ts";
import { BACKUP_ROUTES } from "./backups.ts";
import { CAPABILITY_ROUTES } from "./capabilities.ts";
import { CLUSTER_ROUTES } from "./clusters.ts";
import { CONSISTENCY_GROUP_ROUTES } from "./consistencygroups.ts";
import { DEFAULT_TYPE_ROUTES } from "./default-types.ts";
import { EXTENSION_ROUTES } from "./extensions.ts";
import { GROUP_SNAPSHOT_ROUTES } from "./group-snapshots.ts";
import { GROUP_TYPE_ROUTES } from "./group-types.ts";
import { GROUP_ROUTES } from "./groups.ts";
import { HOST_ROUTES } from "./hosts.ts";
import { LIMIT_ROUTES } from "./limits.ts";
import { MANAGEABLE_ROUTES } from "./manageable.ts";
import { MESSAGE_ROUTES } from "./messages.ts";
import { QOS_SPEC_ROUTES } from "./qos-specs.ts";
import { QUOTA_CLASS_SET_ROUTES } from "./quota-class-sets.ts";
import { QUOTA_SET_ROUTES } from "./quota-sets.ts";
import { RESOURCE_FILTER_ROUTES } from "./resource-filters.ts";
import { SCHEDULER_STATS_ROUTES } from "./scheduler-stats.ts";
import { SERVICE_ROUTES } from "./services.ts";
import { SNAPSHOT_ACTION_ROUTES } from "./snapshot-actions.ts";
import { SNAPSHOT_METADATA_ROUTES } from "./snapshot-metadata.ts";
import { SNAPSHOT_ROUTES } from "./snapshots.ts";
import { TYPE_ACCESS_ROUTES } from "./type-access.ts";
import { TYPE_ENCRYPTION_ROUTES } from "./type-encryption.ts";
import { TYPE_EXTRA_SPEC_ROUTES } from "./type-extra-specs.ts";
import { TYPE_ROUTES } from "./types.ts";
import { VOLUME_ACTION_ROUTES } from "./volume-actions.ts";
import { VOLUME_METADATA_ROUTES } from "./volume-metadata.ts";
import { TRANSFER_ROUTES } from "./volume-transfers.ts";
import { VOLUME_ROUTES } from "./volumes.ts";
import { WORKER_ROUTES } from "./workers.ts";

/** Every route of Cinder, by resource. */
export const ROUTES: readonly CinderRoute[] = [
  ...VOLUME_ROUTES,
  ...VOLUME_METADATA_ROUTES,
  ...VOLUME_ACTION_ROUTES,
  ...SNAPSHOT_ROUTES,
  ...SNAPSHOT_ACTION_ROUTES,
  ...SNAPSHOT_METADATA_ROUTES,
  ...TYPE_ROUTES,
  ...TYPE_EXTRA_SPEC_ROUTES,
  ...TYPE_ACCESS_ROUTES,
  ...TYPE_ENCRYPTION_ROUTES,
  ...TRANSFER_ROUTES,
  ...BACKUP_ACTION_ROUTES,
  ...BACKUP_ROUTES,
  ...ATTACHMENT_ROUTES,
  ...QUOTA_SET_ROUTES,
  ...QUOTA_CLASS_SET_ROUTES,
  ...LIMIT_ROUTES,
  ...EXTENSION_ROUTES,
  ...AVAILABILITY_ZONE_ROUTES,
  ...SERVICE_ROUTES,
  ...SCHEDULER_STATS_ROUTES,
  ...HOST_ROUTES,
  ...QOS_SPEC_ROUTES,
  ...CAPABILITY_ROUTES,
  ...CLUSTER_ROUTES,
  ...CONSISTENCY_GROUP_ROUTES,
  ...DEFAULT_TYPE_ROUTES,
  ...GROUP_TYPE_ROUTES,
  ...GROUP_ROUTES,
  ...GROUP_SNAPSHOT_ROUTES,
  ...WORKER_ROUTES,
  ...RESOURCE_FILTER_ROUTES,
  ...MESSAGE_ROUTES,
  ...MANAGEABLE_ROUTES,
];
