import type { Downloaded, Fetcher } from "../artifacts/download.ts";

/** The host of the server that the recorded director downloaded from (a note of each recording that needs it says what it serves). */
const SERVED = "127.0.0.1:28999";
const CREDENTIALS = `Basic ${Buffer.from("u:p").toString("base64")}`;
const REDIRECTS: Readonly<Record<string, number>> = { redirect: 302, moved: 301, temporary: 307 };

/** The same server, in process. */
export const loopbackOf =
  (fixture: (name: string) => Uint8Array): Fetcher =>
  async (address, authorization) => {
    const { host, pathname, search } = new URL(address);
    const [, verb = "", name = ""] = pathname.split("/");
    if (host !== SERVED || verb === "close") throw new Error("closed");
    const file = (): Downloaded => reply(200, null, fixture(`${name}${search}`));
    const redirect = REDIRECTS[verb];
    if (redirect !== undefined) return reply(redirect, `/f/${name}`);
    if (verb === "loop") return reply(302, "/loop");
    if (verb === "nolocation") return reply(302);
    if (verb === "status") return reply(Number(name));
    // The connection ends without an answer if there is no such file.
    if (verb === "auth") return authorization === CREDENTIALS ? file() : reply(401);
    return verb === "f" ? file() : reply(404);
  };

const reply = (status: number, location: string | null = null, bytes?: Uint8Array): Downloaded => ({
  status,
  location,
  body: bytes === undefined ? null : new Blob([new Uint8Array(bytes)]).stream(),
});
