import { type HttpReply, isUuidLike } from "../../../kernel/index.ts";
import { badRequest, noResource } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";
import { groups } from "./security-groups.ts";
import { requireId, requireMember, rewordRefusals, runAndReply } from "./security-groups/body.ts";
import { ruleView } from "./security-groups/view.ts";

/** A port as a whole number; −1 stands for none. @throws Refusal 400 */
function readPort(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  const port = Number(value);
  if (!Number.isInteger(port)) throw badRequest(`Invalid input for port: ${String(value)} is not an integer.`);
  return port === -1 ? null : port;
}

const ALL_PORTS = 65_535;

function createRule(call: NovaCall): HttpReply {
  const given = requireMember(call, "security_group_rule");
  const groupId = String(given.parent_group_id ?? "");
  if (!isUuidLike(groupId)) throw badRequest("Security group id should be uuid");
  const remoteGroupId = typeof given.group_id === "string" ? given.group_id : null;
  if (remoteGroupId !== null && !groups(call).some(({ id }) => id === remoteGroupId))
    throw badRequest(`Security group ${remoteGroupId} not found.`);
  const protocol = typeof given.ip_protocol === "string" ? given.ip_protocol.toLowerCase() : null;
  if (protocol === null && remoteGroupId === null) throw badRequest("Not enough parameters to build a valid rule.");
  if (protocol !== null && !["tcp", "udp", "icmp"].includes(protocol))
    throw badRequest(`Invalid IP protocol ${String(given.ip_protocol)}.`);
  const [portMin, portMax] = [readPort(given.from_port), readPort(given.to_port)];
  if (protocol !== "icmp" && [portMin, portMax].some((port) => port !== null && (port < 1 || port > ALL_PORTS)))
    throw badRequest(
      `Invalid port range ${String(given.from_port)}:${String(given.to_port)}. Valid TCP ports should be between 1-65535`,
    );
  const cidr = remoteGroupId === null ? String(given.cidr ?? "0.0.0.0/0") : null;
  const wanted = { groupId, protocol, portMin, portMax, cidr, remoteGroupId };
  const { id, group } = rewordRefusals(() => call.nova.cloud.ports.proxied.createRule(call.actor, wanted));
  const rule = group.rules.find((each) => each.id === id);
  if (rule === undefined) throw noResource();
  return ok({ security_group_rule: ruleView(call, groupId, rule) });
}

/** Routes of the API reference, "Rules for default security group". Neutron's, until 2.35. */
export const SECURITY_GROUP_RULE_ROUTES: readonly NovaRoute[] = [
  proxyRoute("POST", "/os-security-group-rules", createRule),
  proxyRoute("DELETE", "/os-security-group-rules/:id", (call) =>
    runAndReply(() => call.nova.cloud.ports.proxied.deleteRule(call.actor, requireId(call, "Rule"))),
  ),
];
