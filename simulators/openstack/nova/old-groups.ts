import type { HttpReply } from "../../kernel/index.ts";
import type { SecurityGroupView } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import {
  badRequest,
  type Call,
  forbidden,
  isUuid,
  NO_JSON,
  type NovaRoute,
  noResource,
  nothing,
  notFound,
  ok,
  readBody,
} from "./call.ts";

/*
 * Security groups in the words of the network service that Nova once had: rules of incoming traffic only. Until 2.35.
 */

type Rule = SecurityGroupView["rules"][number];

const NAME_MAX = 255;

const isWithPorts = ({ protocol }: Rule): boolean => protocol === "tcp" || protocol === "udp";

const ruleView = (call: Call, groupId: string, rule: Rule): object => ({
  id: rule.id,
  parent_group_id: groupId,
  ip_protocol: rule.protocol,
  from_port: rule.portMin ?? (isWithPorts(rule) ? 1 : null),
  to_port: rule.portMax ?? (isWithPorts(rule) ? 65535 : null),
  group: rule.remoteGroup === null ? {} : { name: rule.remoteGroup, tenant_id: call.actor.projectId },
  ip_range: rule.remoteGroup === null ? { cidr: rule.remoteIpPrefix ?? "0.0.0.0/0" } : {},
});

export const oldGroupView = (call: Call, group: SecurityGroupView): object => ({
  id: group.id,
  name: group.name,
  description: group.description,
  tenant_id: call.actor.projectId,
  rules: group.rules.filter(({ direction }) => direction === "ingress").map((rule) => ruleView(call, group.id, rule)),
});

/** What Neutron refuses in Nova's words: what is in use or double is a bad request, a full quota is forbidden. */
function asked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 404) throw notFound(error.message);
    if (error.type === "OverQuota") throw forbidden(error.message);
    throw badRequest(error.message);
  }
}

/** The id in the path. @throws Refusal 400 */
function idOf({ params }: Call, what: string): string {
  const id = params.id ?? "";
  if (!isUuid(id)) throw badRequest(`${what} id should be uuid`);
  return id;
}

/** The member of the body. @throws Refusal 400 */
function bodyMember(call: Call, name: string): Readonly<Record<string, unknown>> {
  const body = readBody(call) as Readonly<Record<string, unknown>> | null;
  const member = body?.[name];
  if (typeof member !== "object" || member === null) throw badRequest(`Missing parameter ${name}`);
  return member as Readonly<Record<string, unknown>>;
}

/** @throws Refusal 400 */
function textOf(value: unknown, property: string, min: number): string {
  if (typeof value !== "string") throw badRequest(`Security group ${property} is not a string or unicode`);
  const { length } = value.trim();
  if (length < min) throw badRequest(`${property} has a minimum character requirement of ${min}.`);
  if (length > NAME_MAX) throw badRequest(`${property} has ${length} characters, more than ${NAME_MAX}.`);
  return value;
}

function wantedGroup(call: Call): { readonly name: string; readonly description: string } {
  const { name, description = "" } = bodyMember(call, "security_group");
  return { name: textOf(name, "name", 1), description: textOf(description ?? "", "description", 0) };
}

const groups = ({ nova, actor }: Call): readonly SecurityGroupView[] => nova.cloud.ports.securityGroups(actor);

function groupOf(call: Call): SecurityGroupView {
  const id = idOf(call, "Security group");
  const found = groups(call).find((group) => group.id === id);
  if (found === undefined) throw notFound(`Security group ${id} not found.`);
  return found;
}

function update(call: Call): HttpReply {
  const { id } = groupOf(call);
  const wanted = wantedGroup(call);
  const group = asked(() => call.nova.cloud.ports.proxied.updateGroup(call.actor, id, wanted));
  return ok({ security_group: oldGroupView(call, group) });
}

/** A port as a whole number; −1 stands for none. @throws Refusal 400 */
function portOf(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  const port = Number(value);
  if (!Number.isInteger(port)) throw badRequest(`Invalid input for port: ${String(value)} is not an integer.`);
  return port === -1 ? null : port;
}

const ALL_PORTS = 65_535;

function createRule(call: Call): HttpReply {
  const given = bodyMember(call, "security_group_rule");
  const groupId = String(given.parent_group_id ?? "");
  if (!isUuid(groupId)) throw badRequest("Security group id should be uuid");
  const remoteGroupId = typeof given.group_id === "string" ? given.group_id : null;
  if (remoteGroupId !== null && !groups(call).some(({ id }) => id === remoteGroupId))
    throw badRequest(`Security group ${remoteGroupId} not found.`);
  const protocol = typeof given.ip_protocol === "string" ? given.ip_protocol.toLowerCase() : null;
  if (protocol === null && remoteGroupId === null) throw badRequest("Not enough parameters to build a valid rule.");
  if (protocol !== null && !["tcp", "udp", "icmp"].includes(protocol))
    throw badRequest(`Invalid IP protocol ${String(given.ip_protocol)}.`);
  const [portMin, portMax] = [portOf(given.from_port), portOf(given.to_port)];
  if (protocol !== "icmp" && [portMin, portMax].some((port) => port !== null && (port < 1 || port > ALL_PORTS)))
    throw badRequest(
      `Invalid port range ${String(given.from_port)}:${String(given.to_port)}. Valid TCP ports should be between 1-65535`,
    );
  const cidr = remoteGroupId === null ? String(given.cidr ?? "0.0.0.0/0") : null;
  const wanted = { groupId, protocol, portMin, portMax, cidr, remoteGroupId };
  const { id, group } = asked(() => call.nova.cloud.ports.proxied.createRule(call.actor, wanted));
  const rule = group.rules.find((each) => each.id === id);
  if (rule === undefined) throw noResource();
  return ok({ security_group_rule: ruleView(call, groupId, rule) });
}

const route = (method: string, path: string, handler: NovaRoute["handler"]): NovaRoute => ({
  method,
  path,
  to: 35,
  handler,
});

const done = (work: () => void): HttpReply => {
  asked(work);
  return nothing(202, NO_JSON);
};

export const OLD_GROUP_ROUTES: readonly NovaRoute[] = [
  route("GET", "/os-security-groups", (call) =>
    ok({ security_groups: groups(call).map((group) => oldGroupView(call, group)) }),
  ),
  route("POST", "/os-security-groups", (call) => {
    const wanted = wantedGroup(call);
    const group = asked(() => call.nova.cloud.ports.proxied.createGroup(call.actor, wanted));
    return ok({ security_group: oldGroupView(call, group) });
  }),
  route("GET", "/os-security-groups/:id", (call) => ok({ security_group: oldGroupView(call, groupOf(call)) })),
  route("PUT", "/os-security-groups/:id", update),
  route("DELETE", "/os-security-groups/:id", (call) =>
    done(() => call.nova.cloud.ports.proxied.deleteGroup(call.actor, groupOf(call).id)),
  ),
  route("POST", "/os-security-group-rules", createRule),
  route("DELETE", "/os-security-group-rules/:id", (call) =>
    done(() => call.nova.cloud.ports.proxied.deleteRule(call.actor, idOf(call, "Rule"))),
  ),
];
