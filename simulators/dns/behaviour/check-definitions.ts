import { Refusal } from "../wire/refusal.ts";
import type { Service } from "../state/rows.ts";
import { durationText } from "../wire/duration.ts";
import type { CheckFields } from "../wire/check-shapes.ts";
import { blankCheck, type CheckType, type LocalCheck, type ProbeSpec } from "./local-check.ts";
import type { ProbeRequest } from "./probe.ts";

/** A definition that is refused; the message is Consul's. */
export class DefinitionError extends Refusal {}

const STATUSES = ["passing", "warning", "critical"];
/** Whether a definition may give a check this status. */
export const isStatus = (status: string): boolean => STATUSES.includes(status);

/** Whether a check runs a script, which callers of the API may not have. */
export const isScript = ({ Args = [], ScriptArgs = [], script_args: snake = [] }: CheckFields): boolean =>
  Args.length > 0 || ScriptArgs.length > 0 || snake.length > 0;
const isAlias = ({ AliasNode, AliasService }: CheckFields): boolean => Boolean(AliasNode) || Boolean(AliasService);

/** The error in a check, in Consul's words. */
export function checkError(check: CheckFields, isToday: boolean): string | undefined {
  const { Interval: interval = 0, TTL: ttl = 0 } = check;
  const isProbe =
    isScript(check) || Boolean(check.HTTP || check.TCP || check.UDP || check.GRPC || check.H2PING || check.OSService);
  const kinds = isToday ? "Script, HTTP, H2PING, TCP, UDP or OSService" : "Script, HTTP, or TCP";
  if (interval > 0 && ttl > 0) return "Interval and TTL cannot both be specified";
  if (isProbe && interval <= 0) return `Interval must be > 0 for ${kinds} checks`;
  if (isProbe && isAlias(check)) return "Interval cannot be set for Alias checks";
  if (isAlias(check) && ttl > 0) return "TTL must be not be set for Alias checks";
  if (!isProbe && !isAlias(check) && ttl <= 0) return "TTL must be > 0 for TTL checks";
  if (!isToday) return undefined;
  if ((check.OutputMaxSize ?? 0) < 0) return "MaxOutputMaxSize must be positive";
  return (check.FailuresBeforeWarning ?? 0) > (check.FailuresBeforeCritical ?? 0)
    ? "FailuresBeforeWarning can't be higher than FailuresBeforeCritical"
    : undefined;
}

/** How a check gets its status. */
export function checkTypeOf(check: CheckFields): CheckType {
  if (isAlias(check)) return "alias";
  if (check.DockerContainerID || check.docker_container_id) return "docker";
  if (isScript(check)) return "script";
  if (check.HTTP) return "http";
  if (check.TCP) return "tcp";
  if (check.UDP) return "udp";
  if (check.GRPC) return "grpc";
  if (check.H2PING) return "h2ping";
  if (check.OSService) return "os_service";
  return (check.TTL ?? 0) > 0 ? "ttl" : "";
}

/** Probes don't follow each other faster than this. */
const INTERVAL_MS_MIN = 1000;
const TIMEOUT_MS_DEFAULT = 10_000;
const OUTPUT_BYTES_DEFAULT = 4096;
const NS_PER_MS = 1e6;

/** The probe that a check sends; undefined for one that sends none. */
function probeRequestOf(check: CheckFields, intervalMs: number): ProbeRequest | undefined {
  const given = (check.Timeout ?? 0) / NS_PER_MS;
  const timeoutMs = given > 0 ? given : TIMEOUT_MS_DEFAULT;
  if (check.HTTP)
    return {
      kind: "http",
      url: check.HTTP,
      method: check.Method || "GET",
      headers: check.Header ?? {},
      body: check.Body ?? "",
      followsRedirects: check.DisableRedirects !== true,
      // A timeout of its own may be longer than the default, but without one the interval limits it.
      timeoutMs: given > 0 ? given : Math.min(TIMEOUT_MS_DEFAULT, Math.max(intervalMs, INTERVAL_MS_MIN)),
    };
  const usesTls = Boolean(check.TCPUseTLS ?? check.tcp_use_tls);
  if (check.TCP) return { kind: "tcp", address: check.TCP, timeoutMs, ...(usesTls && { usesTls }) };
  if (check.UDP) return { kind: "udp", address: check.UDP, timeoutMs };
  if (check.H2PING) return { kind: "h2ping", address: check.H2PING, timeoutMs };
  if (!check.GRPC) return undefined;
  const [address = "", service = ""] = check.GRPC.split("/");
  return { kind: "grpc", address, service, timeoutMs };
}

/** How a check probes the network; undefined for one that does not. */
function probeOf(check: CheckFields): ProbeSpec | undefined {
  const intervalMs = Math.max((check.Interval ?? 0) / NS_PER_MS, INTERVAL_MS_MIN);
  const request = isAlias(check) ? undefined : probeRequestOf(check, intervalMs);
  if (request === undefined) return undefined;
  const usesTls = check.H2PING
    ? (check.H2PingUseTLS ?? check.h2ping_use_tls ?? true)
    : Boolean(check.TCPUseTLS ?? check.tcp_use_tls ?? check.GRPCUseTLS ?? check.grpc_use_tls);
  return {
    request,
    intervalMs,
    outputBytesMax: check.OutputMaxSize || OUTPUT_BYTES_DEFAULT,
    usesTls,
    passingAfter: check.SuccessBeforePassing ?? 0,
    warningAfter: check.FailuresBeforeWarning || (check.FailuresBeforeCritical ?? 0),
    criticalAfter: check.FailuresBeforeCritical ?? 0,
  };
}

/** A duration, as a check shows it; a service's check shows only those that were given. */
const showDuration = (ns: number | undefined, isOfService: boolean): string =>
  isOfService && (ns ?? 0) <= 0 ? "" : durationText(ns ?? 0);

/** A check of a node, or of a service when there is one. `isNested`: it was registered with the service. */
export function localCheck(
  node: string,
  id: string,
  name: string,
  fields: CheckFields,
  service: Service | undefined,
  type: CheckType,
  isNested = false,
): LocalCheck {
  const status = fields.Status || "critical";
  const probe = probeOf(fields);
  const check = {
    node,
    id,
    name,
    status,
    notes: fields.Notes ?? "",
    output: "",
    serviceId: service?.id ?? "",
    type,
    interval: showDuration(fields.Interval, isNested),
    timeout: showDuration(fields.Timeout, isNested),
  };
  return {
    ...blankCheck(check),
    serviceName: service?.name ?? "",
    serviceTags: service?.tags ?? [],
    ttlMs: (fields.TTL ?? 0) / NS_PER_MS,
    deregisterAfterMs:
      (fields.DeregisterCriticalServiceAfter ?? fields.deregister_critical_service_after ?? 0) / NS_PER_MS,
    aliasNode: fields.AliasNode ?? "",
    aliasService: fields.AliasService ?? "",
    probe,
    successes: probe?.passingAfter ?? 0,
    failures: probe?.criticalAfter ?? 0,
  };
}
