import type { Check, Service } from "../state/rows.ts";

/** How a check gets its status. `tcp`, `http`, `grpc`, `docker` and `script` probes are not run: their status stays as registered. */
export type CheckType = "ttl" | "alias" | "maintenance" | "tcp" | "http" | "grpc" | "docker" | "script" | "";

/** A check as its agent knows it. */
export interface LocalCheck {
  check: Check;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  /** 0 unless it is a TTL check. */
  readonly ttlMs: number;
  /** How long its service may be critical before it is deregistered; 0 for no limit. */
  readonly deregisterAfterMs: number;
  readonly aliasNode: string;
  readonly aliasService: string;
  criticalSinceMs: number | undefined;
  expiryTimer: number | undefined;
  outputTimer: number | undefined;
  isSynced: boolean;
}

/** A local check of no particular kind. */
export const blankCheck = (check: Check): LocalCheck => ({
  check,
  serviceName: "",
  serviceTags: [],
  ttlMs: 0,
  deregisterAfterMs: 0,
  aliasNode: "",
  aliasService: "",
  criticalSinceMs: undefined,
  expiryTimer: undefined,
  outputTimer: undefined,
  isSynced: false,
});

/** The part of an agent's state that an alias looks at. */
interface LocalChecks {
  readonly services: ReadonlyMap<string, unknown>;
  readonly checks: ReadonlyMap<string, LocalCheck>;
}

/**
 * The aliases of an agent with their status and output, each judged when it is yielded. An alias has the worst status of what it stands
 * for, which includes itself where it belongs to the same node.
 */
export function* aliasStatuses(local: LocalChecks): Generator<readonly [LocalCheck, status: string, output: string]> {
  for (const known of local.checks.values())
    if (known.aliasNode !== "" || known.aliasService !== "") yield [known, ...aliasStatus(local, known.aliasService)];
}

/** The output of an alias of a service (empty: of the node), in Consul's words. */
function aliasStatus({ services, checks: all }: LocalChecks, service: string): readonly [string, string] {
  if (service !== "" && !services.has(service)) return ["critical", `Service ${service} could not be found on node `];
  const checks = [...all.values()].filter(
    ({ check }) => check.serviceId === "" || (service !== "" && check.serviceId === service),
  );
  for (const status of ["critical", "warning"]) {
    const found = checks.find(({ check }) => check.status === status);
    if (found !== undefined) return [status, `Aliased check "${found.check.name}" failing: ${found.check.output}`];
  }
  return ["passing", "All checks passing."];
}

/** The id of the check that marks maintenance of a service or of the node. */
export const maintenanceId = (service: string | undefined): string =>
  service === undefined ? "_node_maintenance" : `_service_maintenance:${service}`;

/** The check that marks maintenance. Default reason: Consul's own. */
export function maintenanceCheck(node: string, service: Service | undefined, reason: string): LocalCheck {
  const what = service === undefined ? "node" : "service";
  const why = `Maintenance mode is enabled for this ${what}, but no reason was provided. This is a default message.`;
  const check: Check = {
    node,
    id: maintenanceId(service?.id),
    name: service === undefined ? "Node Maintenance Mode" : "Service Maintenance Mode",
    status: "critical",
    notes: reason || why,
    output: "",
    serviceId: service?.id ?? "",
    type: "maintenance",
  };
  return { ...blankCheck(check), serviceName: service?.name ?? "", serviceTags: service?.tags ?? [] };
}
