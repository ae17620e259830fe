import type { HttpReply, HttpRequest } from "../../kernel/index.ts";
import type { ConsulSim } from "../wire/call.ts";
import { textReply } from "../wire/handler.ts";

/** Paths that know no namespaces, or look only for partitions. */
const WITHOUT_NAMESPACES =
  /^\/v1\/(?:acl|agent\/(?:self|host|version|maintenance|reload|monitor|metrics|token|members|leave|join|force-leave|connect\/ca\/roots)|catalog\/(?:datacenters|nodes|register|deregister)|connect\/ca|coordinate|event|exported-services|internal\/(?:federation|acl|ui\/(?:nodes|catalog-overview))|operator|peering|peerings|query|snapshot|status|txn|config$)/;
const WITHOUT_PARTITIONS =
  /^\/v1\/(?:acl|agent\/(?:self|host|version|maintenance|reload|monitor|metrics|token|leave|connect\/ca\/roots)|catalog\/(?:datacenters|register|deregister)|connect\/ca|event|internal\/(?:federation|acl|ui\/catalog-overview)|operator\/(?:raft\/(?:configuration|peer)|keyring|autopilot)|query|snapshot|status|txn|config$|peering)/;

/** The open edition's refusal of a request that names a namespace or a partition. */
export function refuseEnterprise(
  { options: { profile } }: ConsulSim["agent"],
  { path, query, headers }: HttpRequest,
): HttpReply | undefined {
  const given = new URLSearchParams(query);
  const refuse = (where: string, name: string, what: string): HttpReply =>
    textReply(400, `${profile.badRequestPrefix}Invalid ${where}: "${name}" - ${what} are a Consul Enterprise feature`);
  if (!WITHOUT_NAMESPACES.test(path)) {
    if (headers["x-consul-namespace"]) return refuse("header", "X-Consul-Namespace", "Namespaces");
    if (given.get("ns")) return refuse("query parameter", "ns", "Namespaces");
  }
  if (!profile.isToday || WITHOUT_PARTITIONS.test(path)) return undefined;
  if (headers["x-consul-partition"]) return refuse("header", "X-Consul-Partition", "Partitions");
  return given.get("partition") ? refuse("query parameter", "partition", "Partitions") : undefined;
}

/** Requests that the servers handle, and so count against their limits. */
const COUNTED =
  /^\/v1\/(?:kv|session|catalog|health|txn|config|connect\/intentions|query|acl|coordinate|event\/fire|peering)/;

/**
 * How an agent refuses a request before its handler sees it: its configuration blocks the path, it names parts of the enterprise edition, or there
 * are too many.
 */
export function guard({ agent }: ConsulSim, request: HttpRequest): HttpReply | undefined {
  const { options, limiter } = agent;
  const { block_endpoints: blocked = [] } = options.config.http_config ?? {};
  const { path, method } = request;
  if (blocked.some((each) => path.startsWith(each)))
    return textReply(403, "Endpoint is blocked by agent configuration");
  const refused = refuseEnterprise(agent, request);
  if (refused !== undefined || !COUNTED.test(path)) return refused;
  if (method === "GET" || method === "HEAD")
    return limiter.allows("read")
      ? undefined
      : textReply(429, "rate limit exceeded, try again later or against a different server");
  if (method === "OPTIONS" || limiter.allows("write")) return undefined;
  return textReply(503, "rate limit exceeded for operation that can only be performed by the leader, try again later");
}
