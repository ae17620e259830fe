import { agentFault, attributesOf, HEARTBEAT_POINT } from "../faults.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";

/** Whether the health monitor receives the agent's heartbeats. */
export function sendsHeartbeat(director: Director, instance: Instance): boolean {
  if (instance.vm === null || !director.cpi.isAlive(instance.vm.cid)) return false;
  return director.kernel.faults.at(HEARTBEAT_POINT, attributesOf(instance))?.kind !== "stuck";
}

/** The state that get_state reports; a fault of kind error makes the jobs fail. Takes no time. */
export function agentState(
  director: Director,
  instance: Instance,
): "running" | "stopped" | "failing" | "silent" | "none" {
  const { vm } = instance;
  if (vm === null) return "none";
  if (!director.cpi.isAlive(vm.cid)) return "silent";
  const effect = agentFault(director.kernel, "get_state", attributesOf(instance));
  if (effect?.kind === "stuck") return "silent";
  return effect?.kind === "error" && vm.jobState === "running" ? "failing" : vm.jobState;
}
