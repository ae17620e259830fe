import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Who may watch and control. */
export interface LiveAccess {
  /** The token that each request, except the one for the page itself, must carry as `Authorization: Bearer`. */
  readonly token: string;
  /** `127.64.250.1:7702`. */
  readonly host: string;
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Why a request is refused: its status. Loopback is shared by all users of a machine and by every web page that one of them has open. So the page
 * itself, which holds nothing, is served to whoever uses the right host name; everything else needs the token. Only the address
 * printed at the terminal has it, behind the `#`, where no server and no other page can see it.
 */
export function refusalOf({ token, host }: LiveAccess, request: IncomingMessage): number | undefined {
  const { headers, url = "/" } = request;
  // A foreign name resolves to this address (DNS rebinding).
  if ((headers.host ?? "").toLowerCase() !== host) return 403;
  if (url === "/" && request.method === "GET") return undefined;
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) return 403;
  const given = /^bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  return isSame(given, token) ? undefined : 401;
}
