/**
 * Everything that a browser keeps for a dashboard is sent to dashboards alone, is out of reach of scripts, and never crosses a network in clear
 * text.
 */
const FLAGS = "Path=/dashboard; HttpOnly; Secure; SameSite=Lax";

/** The header that sets a cookie for this many seconds; 0 removes it. */
export const setCookie = (name: string, value: string, seconds: number): string =>
  `${name}=${value}; Max-Age=${seconds}; ${FLAGS}`;

/** Reads a cookie of a request; undefined if there is none. The first one counts (RFC 6265, section 5.4). */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
