import type { HttpReply } from "../../../kernel/index.ts";
import { startDelete } from "../behaviour/delete.ts";
import { addInstanceAction } from "../state/instance-actions.ts";
import { recordChange } from "../state/nova.ts";
import { extrasOf } from "../state/server.ts";
import { touchServer } from "../state/servers.ts";
import { requireBody } from "../wire/body.ts";
import { shortIpv6 } from "../wire/formats.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { briefView, changedView, fullView } from "../wire/server-view.ts";
import { updateSchema } from "./schemas/servers.ts";
import { checkUnlocked } from "./servers/checks.ts";
import { createServer } from "./servers/create.ts";
import { listServers } from "./servers/list.ts";
import { requireServer } from "./servers/require-server.ts";

function update(call: NovaCall): HttpReply {
  const { server: fields } = requireBody(call, updateSchema(call.version));
  const server = requireServer(call);
  server.name = fields.name?.trim() ?? server.name;
  for (const key of ["accessIPv4", "hostname"] as const)
    if (fields[key] !== undefined) extrasOf(server)[key] = fields[key];
  if (fields.accessIPv6 !== undefined) extrasOf(server).accessIPv6 = shortIpv6(fields.accessIPv6);
  if (fields.description !== undefined) server.description = fields.description;
  if (fields["OS-DCF:diskConfig"] !== undefined) extrasOf(server).autoDisk = fields["OS-DCF:diskConfig"] === "AUTO";
  touchServer(call.nova, server);
  recordChange(call.nova, "server.update", server.id, { name: server.name });
  return ok({ server: changedView(call, server) });
}

function remove(call: NovaCall): HttpReply {
  const server = requireServer(call);
  checkUnlocked(call, server);
  if (startDelete(call.nova, server)) addInstanceAction(call, server, "delete");
  return emptyReply(204);
}

/** The path of one server. */
export const SERVER_PATH = "/servers/:id";

const ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers", clients: ["bosh", "openstack"], handler: createServer },
  {
    method: "GET",
    path: "/servers",
    clients: ["openstack"],
    handler: (call) => listServers(call, "/servers", "index", (server) => briefView(call, server)),
  },
  {
    method: "GET",
    path: "/servers/detail",
    clients: ["openstack"],
    handler: (call) => listServers(call, "/servers/detail", "detail", (server) => fullView(call, server, true)),
  },
  {
    method: "GET",
    path: SERVER_PATH,
    clients: ["bosh", "openstack"],
    handler: (call) => ok({ server: fullView(call, requireServer(call)) }),
  },
  { method: "PUT", path: SERVER_PATH, clients: ["bosh", "openstack"], handler: update },
  { method: "DELETE", path: SERVER_PATH, clients: ["bosh", "openstack"], handler: remove },
];

/** Routes of the API reference, "Servers", and their older name. */
export const SERVER_ROUTES: readonly NovaRoute[] = [
  ...ROUTES,
  ...ROUTES.map(({ method, path, handler }) => ({
    method,
    path: path.replace("/servers", "/os-volumes_boot"),
    handler,
  })),
];
