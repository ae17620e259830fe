import type { Server } from "../state/server.ts";
import { badRequest, conflict } from "../wire/errors.ts";
import type { NovaCall } from "../wire/request.ts";

/** The page on which a console of this type would be, below the version of the compute service. */
const PAGES: Readonly<Record<string, string>> = { novnc: "vnc_lite.html" };

/** Tokens that are remembered; the oldest go first. */
const CONSOLES_MAX = 1000;

/**
 * Opens a console and returns its URL, at which a page says that nothing is behind it. The recorded rig has no consoles.
 *
 * @throws Refusal 400, 409
 */
export function openConsole(call: NovaCall, server: Server, type: string): string {
  const { nova } = call;
  const page = nova.cloud.profile === "rig" ? undefined : PAGES[type];
  if (page === undefined) throw badRequest(`Unavailable console type ${type}.`);
  if (server.launchedMs === 0 || server.vm === "shelved_offloaded") throw conflict("Instance not yet ready");
  const token = nova.cloud.uuid("nova");
  const { consoles } = nova.slot.value;
  consoles.set(token, { serverId: server.id, type });
  const [oldest] = consoles.keys();
  if (consoles.size > CONSOLES_MAX && oldest !== undefined) consoles.delete(oldest);
  const path = encodeURIComponent(`?token=${token}`);
  return `${nova.cloud.root("compute", call.context.request)}/v2.1/${page}?path=${path}`;
}
