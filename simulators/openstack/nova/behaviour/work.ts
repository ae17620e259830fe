/*
 * What happens to servers over time. Durations are those measured on the real services with a fake hypervisor (docs/discoveries/openstack.md,
 * "Timing"), scaled by the kernel's pace. Each wait is a plain timer, so that an idle server keeps nothing but its record.
 */

/** ms of simulated work. */
export const WORK_MS = {
  schedule: 350,
  spawn: 1600,
  delete: 900,
  gone: 100,
  volumePoll: 300,
  attach: 500,
  unplug: 600,
  fixedIp: 600,
  snapshot: 600,
} as const;
