import type { HttpReply } from "../../../kernel/index.ts";
import { openConsole } from "../behaviour/consoles.ts";
import { findServer } from "../state/servers.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, notFound, requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { findHost } from "../state/host.ts";
import { envelope, objectSchema } from "./schemas/parts.ts";
import { requireServer } from "./servers/require-server.ts";

const PROTOCOLS = ["vnc", "spice", "rdp", "serial"] as const;
const TYPES = ["novnc", "xvpvnc", "spice-html5", "rdp-html5", "serial"] as const;

/** From 2.8 on with MKS. */
function consoleSchema(version: number) {
  const protocols = version >= 8 ? ([...PROTOCOLS, "mks"] as const) : PROTOCOLS;
  const types = version >= 8 ? ([...TYPES, "webmks"] as const) : TYPES;
  const fields = { protocol: { type: "string", enum: protocols }, type: { type: "string", enum: types } } as const;
  return envelope("remote_console", objectSchema(fields, ["protocol", "type"]));
}

/** @throws Refusal 400, 409 */
function createConsole(call: NovaCall): HttpReply {
  const { type, protocol } = requireBody(call, consoleSchema(call.version)).remote_console;
  const url = openConsole(call, requireServer(call), type);
  return ok({ remote_console: { protocol, type, url } });
}

/** Where the hypervisor serves the console of a token, for the proxies. @throws Refusal 400, 404 */
function showToken(call: NovaCall): HttpReply {
  requireAdmin(call, "os-console-auth-tokens");
  const { token = "" } = call.params;
  const opened = call.nova.slot.value.consoles.get(token);
  const server = opened && findServer(call.nova, opened.serverId);
  if (opened === undefined || server === undefined) throw notFound("Token not found");
  if (call.version < 31 && opened.type !== "rdp-html5")
    throw badRequest("The requested console type details are not accessible");
  const host = findHost(call.nova, server.host ?? "")?.address ?? "";
  return ok({ console: { instance_uuid: server.id, host, port: 5900, internal_access_path: null } });
}

/** Routes of the API reference, "Server consoles". From 2.6 on. */
export const REMOTE_CONSOLE_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers/:id/remote-consoles", from: 6, clients: ["openstack"], handler: createConsole },
  { method: "GET", path: "/os-console-auth-tokens/:token", handler: showToken },
];
