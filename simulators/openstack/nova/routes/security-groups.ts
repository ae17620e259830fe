import type { HttpReply } from "../../../kernel/index.ts";
import type { SecurityGroupView } from "../../cloud.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";
import { asked, bodyMember, done, idOf } from "./security-groups/body.ts";
import { oldGroupView } from "./security-groups/view.ts";

const NAME_MAX = 255;

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

export const groups = ({ nova, actor }: Call): readonly SecurityGroupView[] => nova.cloud.ports.securityGroups(actor);

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

export const SECURITY_GROUP_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/os-security-groups", (call) =>
    ok({ security_groups: groups(call).map((group) => oldGroupView(call, group)) }),
  ),
  proxyRoute("POST", "/os-security-groups", (call) => {
    const wanted = wantedGroup(call);
    const group = asked(() => call.nova.cloud.ports.proxied.createGroup(call.actor, wanted));
    return ok({ security_group: oldGroupView(call, group) });
  }),
  proxyRoute("GET", "/os-security-groups/:id", (call) => ok({ security_group: oldGroupView(call, groupOf(call)) })),
  proxyRoute("PUT", "/os-security-groups/:id", update),
  proxyRoute("DELETE", "/os-security-groups/:id", (call) =>
    done(() => call.nova.cloud.ports.proxied.deleteGroup(call.actor, groupOf(call).id)),
  ),
];
