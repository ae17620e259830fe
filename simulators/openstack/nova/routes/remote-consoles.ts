import type { HttpReply } from "../../../kernel/index.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest } from "../wire/errors.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { envelope, objectSchema } from "./schemas/parts.ts";
import { requireServer } from "./servers/require-server.ts";

function remoteConsole(call: NovaCall): HttpReply {
  const protocols = ["vnc", "spice", "rdp", "serial", ...(call.version >= 8 ? ["mks"] : [])];
  const types = ["novnc", "xvpvnc", "spice-html5", "rdp-html5", "serial", ...(call.version >= 8 ? ["webmks"] : [])];
  const fields = { protocol: { type: "string", enum: protocols }, type: { type: "string", enum: types } };
  const body = requireBody(call, envelope("remote_console", objectSchema(fields, ["protocol", "type"])));
  requireServer(call);
  throw badRequest(`Unavailable console type ${(body.remote_console as { type: string }).type}.`);
}

export const REMOTE_CONSOLE_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers/:id/remote-consoles", from: 6, clients: ["openstack"], handler: remoteConsole },
];
