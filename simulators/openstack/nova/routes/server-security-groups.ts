import type { HttpReply } from "../../../kernel/index.ts";
import { ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { portsOf } from "../wire/server-addresses.ts";
import { oldGroupView } from "./security-groups/view.ts";
import { serverOf } from "./servers/require-server.ts";

function groupsOfServer(call: Call): HttpReply {
  const server = serverOf(call);
  const names = new Set(portsOf(call, server).flatMap(({ securityGroups }) => securityGroups));
  const groups = call.nova.cloud.ports.securityGroups(call.actor).filter(({ name }) => names.has(name));
  return ok({ security_groups: groups.map((group) => oldGroupView(call, group)) });
}

export const SERVER_SECURITY_GROUP_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/servers/:id/os-security-groups", clients: ["openstack"], handler: groupsOfServer },
];
