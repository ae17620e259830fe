import { instanceName } from "../instances/names.ts";
import { startScanAndFix } from "../problems/scan-and-fix.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { shownState } from "../tasks/transitions.ts";
import { MONITOR_USER, raiseAlert } from "./alerts.ts";
import { healthOf, noteAlerts } from "./meltdown.ts";
import { resurrectionFilter } from "./resurrection-config.ts";

const joinNames = (instances: readonly Instance[]): string => instances.map(instanceName).join(", ");

/**
 * Has instances without a living VM scanned and fixed, unless the deployment is in meltdown, a `resurrection`
 * config forbids it, the last scan of the deployment has not ended, or an operator has paused the
 * resurrection. Each alert leads to another attempt, whatever became of the last one.
 */
export function resurrect(director: Director, deployment: Deployment, instances: readonly Instance[]): void {
  const { name } = deployment;
  noteAlerts(director, instances);
  const { isMeltdown, summary } = healthOf(director, deployment);
  if (isMeltdown) {
    const text = `Skipping resurrection for instances: ${joinNames(instances)}; ${summary}`;
    return raiseAlert(director, { deployment: name, severity: 1, title: "We are in meltdown", summary: text });
  }
  const isAllowed = resurrectionFilter(director);
  const enabled = instances.filter(({ group }) => isAllowed(name, group));
  const disabled = instances.filter((each) => !enabled.includes(each));
  if (enabled.length > 0) {
    if (isScanUnderWay(director, name)) return;
    orderScan(director, name, enabled, summary);
  }
  if (disabled.length > 0)
    raiseAlert(director, {
      deployment: name,
      severity: 1,
      title: "Resurrection is disabled by resurrection config",
      summary: `Skipping resurrection for instances: ${joinNames(disabled)}; ${summary} because of resurrection config`,
    });
}

function isScanUnderWay(director: Director, name: string): boolean {
  return [...director.slot.value.tasks.values()].some(
    (task) =>
      task.deployment === name &&
      task.description === "scan and fix" &&
      ["queued", "processing"].includes(shownState(director, task)),
  );
}

/** The director refuses while the resurrection is paused. */
function orderScan(director: Director, name: string, instances: readonly Instance[], summary: string): void {
  raiseAlert(director, {
    deployment: name,
    severity: 4,
    title: "Scan unresponsive VMs",
    summary: `Notifying Director to scan instances: ${joinNames(instances)}; ${summary}`,
  });
  if (director.slot.value.resurrectionPaused) return;
  const names = instances.map(({ group, id }) => [group, id] as const);
  startScanAndFix(director, name, names, MONITOR_USER);
}
