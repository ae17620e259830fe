import { queryOf, text } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";
import type { Nova } from "../state/nova.ts";
import { findServer } from "../state/servers.ts";

const page = (title: string, prose: string): string =>
  `<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<p>${prose}</p>\n</body>\n</html>\n`;

/** The page at the URL of a console: it says what it is, as nothing runs that could draw a screen. */
export const consolePage = (nova: Nova): OpenStackRoute => ({
  method: "GET",
  path: "/vnc_lite.html",
  open: true,
  handler: ({ request }) => {
    const token = /^\?token=(.*)$/.exec(queryOf(request).get("path") ?? "")?.[1] ?? "";
    const server = findServer(nova, nova.slot.value.consoles.get(token)?.serverId ?? "");
    const headers = { "Content-Type": "text/html; charset=utf-8" };
    if (server === undefined)
      return text(404, page("No such console", "The token is unknown or has expired."), headers);
    const prose = `Server ${server.id} is simulated: it has a state and a boot log (<code>openstack console log show</code>), but no screen.`;
    return text(200, page("Simulated console", prose), headers);
  },
});
