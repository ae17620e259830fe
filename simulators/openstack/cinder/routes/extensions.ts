import { notFound } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { CinderRoute } from "../wire/route.ts";

/** Extensions whose routes this API has, for clients that check: alias, name, description, date. */
const EXTENSIONS: readonly (readonly [alias: string, name: string, description: string, updated: string])[] = [
  ["OS-SCH-HNT", "SchedulerHints", "Pass arbitrary key/value pairs to the scheduler.", "2013-04-18"],
  ["backups", "Backups", "Backups support.", "2012-12-12"],
  ["os-admin-actions", "AdminActions", "Enable admin actions.", "2012-08-25"],
  ["os-availability-zone", "Availability_zones", "Describe Availability Zones.", "2013-06-27"],
  ["os-extended-services", "ExtendedServices", "Extended services support.", "2014-01-10"],
  [
    "os-extended-snapshot-attributes",
    "ExtendedSnapshotAttributes",
    "Extended SnapshotAttributes support.",
    "2012-06-19",
  ],
  ["os-hosts", "Hosts", "Admin-only host administration.", "2011-06-29"],
  ["os-image-create", "Image_create", "Allow creating a volume from an image in the Create Volume API", "2012-08-13"],
  ["os-quota-sets", "Quotas", "Quota management support", "2011-08-08"],
  ["os-services", "Services", "Services support.", "2012-10-28"],
  ["os-snapshot-actions", "SnapshotActions", "Enable snapshot manager actions.", "2013-07-16"],
  ["os-types-extra-specs", "TypesExtraSpecs", "Type extra specs support.", "2011-08-24"],
  ["os-types-manage", "TypesManage", "Types manage support.", "2011-08-24"],
  ["os-used-limits", "UsedLimits", "Provide data on limited resources that are being used.", "2013-10-03"],
  ["os-vol-host-attr", "VolumeHostAttribute", "Expose host as an attribute of a volume.", "2011-11-03"],
  ["os-vol-image-meta", "VolumeImageMetadata", "Show image metadata associated with the volume.", "2012-12-07"],
  [
    "os-vol-mig-status-attr",
    "VolumeMigStatusAttribute",
    "Expose migration_status as an attribute of a volume.",
    "2013-08-08",
  ],
  [
    "os-vol-tenant-attr",
    "VolumeTenantAttribute",
    "Expose the internal project_id as an attribute of a volume.",
    "2011-11-03",
  ],
  ["os-volume-actions", "VolumeActions", "Enable volume actions.", "2012-05-31"],
  ["os-volume-transfer", "VolumeTransfer", "Volume transfer management support.", "2013-05-29"],
  ["os-volume-type-access", "VolumeTypeAccess", "Volume type access support.", "2014-06-26"],
  ["scheduler-stats", "Scheduler_stats", "Scheduler stats support.", "2014-09-07"],
];

const extensionView = ([alias, name, description, updated]: (typeof EXTENSIONS)[number]): object => ({
  name,
  alias,
  description,
  updated: `${updated}T00:00:00+00:00`,
  links: [],
});

/** Routes of the API reference, "API extensions". */
export const EXTENSION_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/extensions",
    clients: ["openstack"],
    handler: () => ok({ extensions: EXTENSIONS.map(extensionView) }),
  },
  {
    method: "GET",
    path: "/extensions/:alias",
    handler: ({ params }) => {
      const found = EXTENSIONS.find(([alias]) => alias === params.alias);
      if (found === undefined) throw notFound("The resource could not be found.");
      return ok({ extension: extensionView(found) });
    },
  },
];
