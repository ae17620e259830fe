import type { Server } from "../state/server.ts";

const BY_TASK: Readonly<Record<string, string>> = {
  rebooting: "REBOOT",
  reboot_started: "REBOOT",
  rebooting_hard: "HARD_REBOOT",
  reboot_started_hard: "HARD_REBOOT",
  updating_password: "PASSWORD",
  rebuilding: "REBUILD",
  rebuild_spawning: "REBUILD",
  migrating: "MIGRATING",
  resize_prep: "RESIZE",
  resize_migrating: "RESIZE",
  resize_migrated: "RESIZE",
  resize_finish: "RESIZE",
  resize_reverting: "REVERT_RESIZE",
};

const BY_VM: Readonly<Record<Server["vm"], string>> = {
  building: "BUILD",
  active: "ACTIVE",
  stopped: "SHUTOFF",
  paused: "PAUSED",
  suspended: "SUSPENDED",
  rescued: "RESCUE",
  resized: "VERIFY_RESIZE",
  shelved: "SHELVED",
  shelved_offloaded: "SHELVED_OFFLOADED",
  error: "ERROR",
  deleted: "DELETED",
};

/** The status that clients poll, which shows the task in progress where it matters (docs/discoveries/openstack.md, "State machines"). */
export const statusOf = (server: Server): string => BY_TASK[server.task ?? ""] ?? BY_VM[server.vm];

/** `OS-EXT-STS:power_state`: 0 none, 1 running, 3 paused, 4 shut down. */
export const POWER: Readonly<Record<Server["vm"], number>> = {
  building: 0,
  active: 1,
  stopped: 4,
  paused: 3,
  suspended: 1,
  rescued: 4,
  resized: 1,
  shelved: 4,
  shelved_offloaded: 4,
  error: 0,
  deleted: 0,
};

/** Statuses with a `progress`. */
export const WITH_PROGRESS: readonly string[] = ["ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"];
