import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { reserveAddresses } from "./addresses.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import { type PlannedInstance, planInstance } from "./plan-instance.ts";

/**
 * Plans an instance again, because the targets of its links may have changed, and reserves the addresses that
 * it still lacks.
 */
export function replanInstance(
  director: Director,
  plan: DeployPlan,
  group: PlannedGroup,
  instance: Instance,
): PlannedInstance {
  const networks = instance.standby?.networks ?? reserveAddresses(director, plan, group, instance);
  return planInstance(director, plan, group, instance, networks);
}
