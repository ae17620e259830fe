import { requireBody } from "../wire/body.ts";
import { badRequest } from "../wire/errors.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
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

/** This cloud has no consoles to connect to. @throws Refusal 400 */
function refuseConsole(call: NovaCall): never {
  const { type } = requireBody(call, consoleSchema(call.version)).remote_console;
  requireServer(call);
  throw badRequest(`Unavailable console type ${type}.`);
}

/** Routes of the API reference, "Server consoles". From 2.6 on. */
export const REMOTE_CONSOLE_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers/:id/remote-consoles", from: 6, clients: ["openstack"], handler: refuseConsole },
];
