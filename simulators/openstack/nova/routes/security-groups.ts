import type { HttpReply } from "../../../kernel/index.ts";
import type { SecurityGroupView } from "../../cloud.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";
import { requireId, requireMember, rewordRefusals, runAndReply } from "./security-groups/body.ts";
import { securityGroupView } from "./security-groups/view.ts";

const NAME_MAX = 255;

/** @throws Refusal 400 */
function requireText(value: unknown, property: string, min: number): string {
  if (typeof value !== "string") throw badRequest(`Security group ${property} is not a string or unicode`);
  const { length } = value.trim();
  if (length < min) throw badRequest(`${property} has a minimum character requirement of ${min}.`);
  if (length > NAME_MAX) throw badRequest(`${property} has ${length} characters, more than ${NAME_MAX}.`);
  return value;
}

function readGroup(call: NovaCall): { readonly name: string; readonly description: string } {
  const { name, description = "" } = requireMember(call, "security_group");
  return { name: requireText(name, "name", 1), description: requireText(description ?? "", "description", 0) };
}

/** The security groups that the caller may see. */
export const groups = ({ nova, actor }: NovaCall): readonly SecurityGroupView[] =>
  nova.cloud.ports.securityGroups(actor);

function requireGroup(call: NovaCall): SecurityGroupView {
  const id = requireId(call, "Security group");
  const found = groups(call).find((group) => group.id === id);
  if (found === undefined) throw notFound(`Security group ${id} not found.`);
  return found;
}

function update(call: NovaCall): HttpReply {
  const { id } = requireGroup(call);
  const wanted = readGroup(call);
  const group = rewordRefusals(() => call.nova.cloud.ports.proxied.updateGroup(call.actor, id, wanted));
  return ok({ security_group: securityGroupView(call, group) });
}

/** Routes of the API reference, "Security groups (os-security-groups)". Neutron's, until 2.35. */
export const SECURITY_GROUP_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/os-security-groups", (call) =>
    ok({ security_groups: groups(call).map((group) => securityGroupView(call, group)) }),
  ),
  proxyRoute("POST", "/os-security-groups", (call) => {
    const wanted = readGroup(call);
    const group = rewordRefusals(() => call.nova.cloud.ports.proxied.createGroup(call.actor, wanted));
    return ok({ security_group: securityGroupView(call, group) });
  }),
  proxyRoute("GET", "/os-security-groups/:id", (call) =>
    ok({ security_group: securityGroupView(call, requireGroup(call)) }),
  ),
  proxyRoute("PUT", "/os-security-groups/:id", update),
  proxyRoute("DELETE", "/os-security-groups/:id", (call) =>
    runAndReply(() => call.nova.cloud.ports.proxied.deleteGroup(call.actor, requireGroup(call).id)),
  ),
];
