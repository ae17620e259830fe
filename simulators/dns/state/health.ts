import type { CheckRow, NodeEntry, ServiceRow } from "./rows.ts";

/** The check by which the gossip pool says whether a node is alive. */
export const SERF_HEALTH = "serfHealth";

const MAINTENANCE = /^_node_maintenance$|^_service_maintenance:/;

/** The combined status of several checks; `maintenance` outranks critical, an unknown status counts as none. */
export function aggregate(checks: Iterable<Pick<CheckRow, "id" | "status">>): string {
  let [critical, warning, unknown] = [false, false, false];
  for (const { id, status } of checks) {
    if (MAINTENANCE.test(id)) return "maintenance";
    if (status === "critical") critical = true;
    else if (status === "warning") warning = true;
    else if (status !== "passing") unknown = true;
  }
  return unknown ? "" : critical ? "critical" : warning ? "warning" : "passing";
}

/** Whether an instance may be part of an answer. Critical ones may not; where only passing ones are asked for, warning ones may not either. */
export function isHealthy(
  entry: NodeEntry,
  service: ServiceRow,
  onlyPassing: boolean,
  ignored: readonly string[] | null = null,
): boolean {
  for (const check of entry.checks.values()) {
    if (check.serviceId !== "" && check.serviceId !== service.id) continue;
    if (ignored?.includes(check.id)) continue;
    if (check.status === "critical" || (onlyPassing && check.status !== "passing")) return false;
  }
  return true;
}

/** The weight of an instance in SRV records, by the status of its checks. */
export function weightOf(entry: NodeEntry, service: ServiceRow): number {
  if (entry.checks.size === 0) return service.weights.passing;
  const checks = [...entry.checks.values()].filter(({ serviceId }) => serviceId === "" || serviceId === service.id);
  switch (aggregate(checks)) {
    case "passing":
      return service.weights.passing;
    case "warning":
      return service.weights.warning;
    case "critical":
    case "maintenance":
      return 0;
    default:
      return 1;
  }
}
