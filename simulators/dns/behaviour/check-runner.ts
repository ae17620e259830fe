import type { LocalCheck, ProbeSpec } from "./local-check.ts";
import type { ProbeResult } from "./probe.ts";

/** The result of a probe for a check: its status and output. */
export interface Verdict {
  readonly status: string;
  readonly output: string;
}

const passing = (output: string): Verdict => ({ status: "passing", output });
const critical = (output: string): Verdict => ({ status: "critical", output });

/** The error in a probe before it is performed. */
export function refuseProbe({ request }: ProbeSpec): Verdict | undefined {
  const wrong = request.kind === "http" ? urlError(request.url) : undefined;
  const missing = request.kind === "http" || request.kind === "udp" ? undefined : addressError(request.address);
  const why = wrong ?? missing;
  return why === undefined ? undefined : critical(why);
}

/**
 * The state of a check after a probe's result; undefined if it waits for an answer that never comes, as a UDP
 * check does.
 */
export function judgeProbe(spec: ProbeSpec, result: ProbeResult): Verdict | undefined {
  const { request } = spec;
  switch (request.kind) {
    case "http":
      return judgeHttp(spec, request.url, request.method, result);
    case "udp":
      return judgeUdp(request.address, result);
    default:
      return judgeConnection(spec, result);
  }
}

const addressError = (address: string): string | undefined =>
  /:\w+$/.test(address) ? undefined : `dial tcp: address ${address}: missing port in address`;

function judgeHttp(spec: ProbeSpec, url: string, method: string, result: ProbeResult): Verdict {
  const verb = method.charAt(0).toUpperCase() + method.slice(1).toLowerCase();
  if (result.kind !== "http") return critical(`${verb} "${url}": ${failureOf(result, url)}`);
  const body = Buffer.from(result.body);
  const kept = body.subarray(Math.max(0, body.length - spec.outputBytesMax)).toString("utf8");
  const output = `HTTP ${method} ${url}: ${result.status} ${result.statusText} Output: ${kept}`;
  if (result.status >= 200 && result.status <= 299) return passing(output);
  return result.status === TOO_MANY_REQUESTS ? { status: "warning", output } : critical(output);
}

const TOO_MANY_REQUESTS = 429;

function urlError(url: string): string | undefined {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(url)) return undefined;
  return url.startsWith(":")
    ? `parse "${url}": missing protocol scheme`
    : `Get "${url}": unsupported protocol scheme ""`;
}

const hostOf = (url: string): string => {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
};

/** Why an HTTP request got no answer, in Go's words. */
function failureOf(result: Exclude<ProbeResult, { kind: "http" }>, url: string): string {
  switch (result.kind) {
    case "refused":
      return `dial tcp ${hostOf(url)}: connect: connection refused`;
    case "unresolved":
      return `dial tcp: lookup ${result.host}: no such host`;
    case "failed":
      return result.error;
    case "up":
    case "silent":
    case "timeout":
      return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  }
}

function judgeUdp(address: string, result: ProbeResult): Verdict | undefined {
  switch (result.kind) {
    case "up":
      return passing(`UDP connect ${address}: Success`);
    case "refused":
      return critical(`read udp 127.0.0.1:0->${address}: read: connection refused`);
    case "unresolved":
      return critical(`dial udp: lookup ${result.host}: no such host`);
    default:
      // The real one reads without a deadline.
      return undefined;
  }
}

function judgeConnection({ request, usesTls }: ProbeSpec, result: ProbeResult): Verdict {
  const address = request.kind === "http" ? "" : request.address;
  const why = result.kind === "up" ? undefined : connectionError(result, address);
  switch (request.kind) {
    case "h2ping":
      if (why === undefined) return passing("HTTP2 ping was successful");
      return critical(result.kind === "timeout" ? `HTTP2 ping failed: ${why}` : `Failed to dial to ${address}: ${why}`);
    case "grpc":
      if (why === undefined) return passing(`gRPC check ${address}: success`);
      return critical(result.kind === "failed" ? grpcError(address, result.error) : why);
    default:
      return why === undefined ? passing(`TCP${usesTls ? "+TLS" : ""} connect ${address}: Success`) : critical(why);
  }
}

const grpcError = (address: string, error: string): string =>
  error === "NOT_SERVING" ? `gRPC ${address} serving status: NOT_SERVING` : error;

function connectionError(result: ProbeResult, address: string): string {
  switch (result.kind) {
    case "refused":
      return `dial tcp ${address}: connect: connection refused`;
    case "unresolved":
      return `dial tcp: lookup ${result.host}: no such host`;
    case "failed":
      return result.error;
    default:
      return "context deadline exceeded";
  }
}

/** The status that a verdict gives a check by its thresholds; undefined while they are not reached. */
export function countVerdict(known: LocalCheck, spec: ProbeSpec, { status }: Verdict): string | undefined {
  if (status !== "critical") {
    known.successes++;
    known.failures = 0;
    return known.successes >= spec.passingAfter ? status : undefined;
  }
  known.failures++;
  known.successes = 0;
  if (known.failures >= spec.criticalAfter) return "critical";
  return known.failures >= spec.warningAfter ? "warning" : undefined;
}
