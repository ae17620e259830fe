import { type Deployment, expectsVm, type Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";

/**
 * Holds the resurrector back while so many instances of a deployment are down that recreating them would make
 * things worse (the defaults of bosh-monitor's resurrector).
 */
const MELTDOWN = {
  /** Fewer instances are never a meltdown. */
  instancesMin: 5,
  /** As a share of the deployment's instances. */
  shareMin: 0.2,
  /** How long an alert counts, whether or not its instance has recovered. */
  alertMs: 600_000,
} as const;

/** Records that the resurrector has been alerted to instances. */
export function noteAlerts(director: Director, instances: readonly Instance[]): void {
  const { nowMs } = director.kernel;
  const { monitor } = director.slot.value;
  for (const { id } of instances) monitor.alertedMs.set(id, nowMs);
}

/** Forgets alerts that no longer count. */
export function forgetAlerts(director: Director): void {
  const { nowMs } = director.kernel;
  const { monitor } = director.slot.value;
  if (monitor.alertedMs.size === 0) return;
  monitor.alertedMs = new Map([...monitor.alertedMs].filter(([, atMs]) => nowMs - atMs <= MELTDOWN.alertMs));
}

interface Health {
  readonly isMeltdown: boolean;
  readonly summary: string;
}

/** The state of a deployment: how many of its agents, and of the instances without one, had recent alerts. */
export function healthOf(director: Director, { name, instances }: Deployment): Health {
  const { nowMs } = director.kernel;
  const { alertedMs } = director.slot.value.monitor;
  const counted = instances.filter((each) => each.vm !== null || expectsVm(each));
  const unhealthy = counted.filter(
    ({ id }) => nowMs - (alertedMs.get(id) ?? Number.NEGATIVE_INFINITY) <= MELTDOWN.alertMs,
  ).length;
  const share = unhealthy / Math.max(1, counted.length);
  return {
    isMeltdown: unhealthy >= MELTDOWN.instancesMin && share >= MELTDOWN.shareMin,
    summary: `deployment: '${name}'; ${unhealthy} of ${counted.length} agents are unhealthy (${(share * 100).toFixed(1)}%)`,
  };
}
