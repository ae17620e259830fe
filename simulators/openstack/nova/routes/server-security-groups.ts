import type { HttpReply } from "../../../kernel/index.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { portsOf } from "../wire/server-addresses.ts";
import { securityGroupView } from "./security-groups/view.ts";
import { requireServer } from "./servers/require-server.ts";

function listGroupsOfServer(call: NovaCall): HttpReply {
  const server = requireServer(call);
  const names = new Set(portsOf(call, server).flatMap(({ securityGroups }) => securityGroups));
  const groups = call.nova.cloud.ports.securityGroups(call.actor).filter(({ name }) => names.has(name));
  return ok({ security_groups: groups.map((group) => securityGroupView(call, group)) });
}

/** Routes of the API reference, "Servers security groups (os-security-groups)". */
export const SERVER_SECURITY_GROUP_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/servers/:id/os-security-groups", clients: ["openstack"], handler: listGroupsOfServer },
];
