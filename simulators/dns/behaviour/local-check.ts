import type { Check, Service } from "../state/rows.ts";
import type { ProbeRequest } from "./probe.ts";

/** How a check gets its status. `docker` and `script` probes are not run: their status stays as registered. */
export type CheckType =
  | "ttl"
  | "alias"
  | "maintenance"
  | "tcp"
  | "udp"
  | "http"
  | "grpc"
  | "h2ping"
  | "docker"
  | "script"
  | "os_service"
  | "";

/** How often a check probes the network, and how it judges the results. */
export interface ProbeSpec {
  readonly request: ProbeRequest;
  readonly intervalMs: number;
  /** How much of the end of a reply's body is kept, in bytes. */
  readonly outputBytesMax: number;
  readonly usesTls: boolean;
  /** How many successes make it passing, how many failures warning or critical; a fresh check has counted enough of both. */
  readonly passingAfter: number;
  readonly warningAfter: number;
  readonly criticalAfter: number;
}

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
  /** Secret of the token with which it is written; empty for the agent's. */
  readonly token: string;
  readonly probe: ProbeSpec | undefined;
  successes: number;
  failures: number;
  criticalSinceMs: number | undefined;
  expiryTimer: number | undefined;
  outputTimer: number | undefined;
  probeTimer: number | undefined;
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
  token: "",
  probe: undefined,
  successes: 0,
  failures: 0,
  criticalSinceMs: undefined,
  expiryTimer: undefined,
  outputTimer: undefined,
  probeTimer: undefined,
  isSynced: false,
});

/** The part of an agent's state that an alias looks at. */
interface LocalChecks {
  readonly services: ReadonlyMap<string, unknown>;
  readonly checks: ReadonlyMap<string, LocalCheck>;
}

/** The checks of another node, in the catalog. */
export interface RemoteNode {
  readonly checks: readonly Pick<Check, "name" | "status" | "output" | "serviceId">[];
  readonly hasService: (id: string) => boolean;
}

/**
 * The aliases of an agent with their status and output, each judged when it is yielded. An alias has the worst status of what it stands for, which
 * includes itself if it belongs to the same node. `remote`: what the catalog holds about a node; undefined if aliases know only their own agent.
 */
export function* aliasStatuses(
  local: LocalChecks,
  remote: ((node: string) => RemoteNode) | undefined,
): Generator<readonly [LocalCheck, status: string, output: string]> {
  for (const known of local.checks.values()) {
    const { aliasNode, aliasService } = known;
    if (aliasNode === "" && aliasService === "") continue;
    yield [known, ...(remote === undefined ? ownAlias(local, aliasService) : aliasStatus(local, known, remote))];
  }
}

/** The output of an alias of a service (empty: of the node), in Consul's words. */
function ownAlias({ services, checks: all }: LocalChecks, service: string): readonly [string, string] {
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

function aliasStatus(
  local: LocalChecks,
  { aliasNode: node, aliasService: service }: LocalCheck,
  remote: (node: string) => RemoteNode,
): readonly [string, string] {
  const { checks, hasService } =
    node === ""
      ? {
          checks: [...local.checks.values()].map(({ check }) => check),
          hasService: (id: string): boolean => local.services.has(id),
        }
      : remote(node);
  const judged = checks.filter(({ serviceId }) => serviceId === "" || serviceId === service);
  const isFound = service === "" || judged.some(({ serviceId }) => serviceId === service) || hasService(service);
  if (!isFound) return ["critical", `Service ${service} could not be found on node ${node}`];
  for (const status of ["critical", "warning"]) {
    const found = judged.find((check) => check.status === status);
    if (found !== undefined) return [status, `Aliased check "${found.name}" failing: ${found.output}`];
  }
  return ["passing", judged.length === 0 ? "No checks found." : "All checks passing."];
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
