import type { Cinder } from "../state/cinder.ts";
import type { VolumeRow } from "../state/rows.ts";

/** The address of the back end's iSCSI portal, at which nothing listens: servers here have no kernel that could log in. */
const PORTAL = "192.0.2.2:3260";

/** How a machine would reach the data of a volume, as an iSCSI back end says it. */
export const connectionOf = (
  { cloud }: Cinder,
  { id }: VolumeRow,
  mode: "rw" | "ro" = "rw",
): Record<string, unknown> => ({
  driver_volume_type: "iscsi",
  target_discovered: false,
  target_portal: PORTAL,
  target_iqn: `iqn.2010-10.org.openstack:volume-${id}`,
  target_lun: 0,
  volume_id: id,
  access_mode: mode,
  encrypted: false,
  qos_specs: null,
  discard: cloud.profile !== "rig",
});
