/** A problem that a cloud check found (docs/discoveries/bosh-director.md, "Cloud check"). */
export interface Problem {
  readonly id: number;
  readonly deployment: string;
  readonly type: "unresponsive_agent" | "missing_vm" | "missing_disk" | "inactive_disk" | "mount_info_mismatch";
  readonly instanceId: string;
  /** The row of the instance, or of its disk where the problem is about that. */
  readonly resourceId: number;
  /** For a mount_info_mismatch: the VMs on which agents have the disk mounted. */
  readonly ownerVms: readonly string[];
  state: "open" | "resolved" | "closed";
}
