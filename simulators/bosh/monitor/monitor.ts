import { sendsHeartbeat } from "../agent/state.ts";
import { scheduleSweep } from "../artifacts/sweep.ts";
import { deploymentLock } from "../deploy/deployment-lock.ts";
import { type Deployment, expectsVm, type Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { raiseAlert } from "./alerts.ts";
import { forgetAlerts } from "./meltdown.ts";
import { resurrect } from "./resurrector.ts";

/*
 * The health monitor (bosh-monitor), with all its timers in one: each look fetches the director's list of
 * deployments, receives heartbeats, and raises alerts for silent agents and for instances without a VM. A
 * deployment locked by a task is left alone.
 */

/** `hm.intervals.analyze_agents` and `analyze_instances`, as the release sets them. */
const ANALYSIS_MS = 60_000;

/** The event that makes the next look due. */
export function scheduleMonitor({ kernel, options }: Director): void {
  kernel.timer(options.analysisMs ?? ANALYSIS_MS, "bosh/monitor", null);
}

/** `hm.intervals.agent_timeout`. */
const AGENT_TIMEOUT_MS = 60_000;

/** Takes one look, runs the director's own schedule, and schedules itself again. */
export function runMonitor(director: Director): void {
  const { deployments } = director.slot.value;
  hearAgents(director);
  forgetAlerts(director);
  const open = [...deployments.values()].filter(({ name }) => !director.slot.value.locks.has(deploymentLock(name)));
  for (const deployment of open) analyseAgents(director, deployment);
  for (const deployment of open) analyseInstances(director, deployment);
  scheduleSweep(director);
  scheduleMonitor(director);
}

/** Records which agents have fallen silent, and forgets those that are heard again or gone. */
function hearAgents(director: Director): void {
  const { deployments, monitor: memory } = director.slot.value;
  const { nowMs } = director.kernel;
  const silent = new Map<string, number>();
  for (const { instances } of deployments.values())
    for (const instance of instances) {
      if (instance.vm === null || sendsHeartbeat(director, instance)) continue;
      const { agentId } = instance.vm;
      silent.set(agentId, memory.silentSinceMs.get(agentId) ?? nowMs);
    }
  if (silent.size > 0 || memory.silentSinceMs.size > 0) memory.silentSinceMs = silent;
}

/**
 * An agent sends a heartbeat every half minute, so at the first look that misses one the last is still within
 * the limit.
 */
function hasTimedOut(director: Director, { vm }: Instance): boolean {
  const sinceMs = vm === null ? undefined : director.slot.value.monitor.silentSinceMs.get(vm.agentId);
  return sinceMs !== undefined && director.kernel.nowMs - sinceMs >= AGENT_TIMEOUT_MS;
}

function analyseAgents(director: Director, deployment: Deployment): void {
  const silent = deployment.instances.filter((each) => hasTimedOut(director, each));
  raiseAlerts(
    director,
    deployment,
    silent,
    ({ vm }) => `${vm?.agentId} has timed out`,
    "instances with timed out agents",
  );
}

function analyseInstances(director: Director, deployment: Deployment): void {
  const bare = deployment.instances.filter((each) => expectsVm(each) && each.vm === null);
  raiseAlerts(director, deployment, bare, ({ id }) => `${id} has no VM`, "instances which do not have VMs");
}

/** Alerts on each instance, then on all of them together: the resurrector acts on the second alert. */
function raiseAlerts(
  director: Director,
  deployment: Deployment,
  instances: readonly Instance[],
  title: (instance: Instance) => string,
  what: string,
): void {
  if (instances.length === 0) return;
  const { name } = deployment;
  for (const instance of instances)
    raiseAlert(director, { deployment: name, severity: 2, title: title(instance), instance });
  raiseAlert(director, { deployment: name, severity: 2, title: `${name} has ${what}` });
  resurrect(director, deployment, instances);
}
