import { Socket } from "node:net";
import { type Address, DataError, type Reach } from "./plane.ts";

/** How long a server that accepted a connection may take to say something, in milliseconds. */
const WORD_MS_MAX = 3000;

/** HTTP servers answer this; other servers reject it as malformed, or hang up. */
const QUESTION = "HEAD / HTTP/1.0\r\n\r\n";

/**
 * The machine has no such address, or may not use it: connecting from there is impossible, which says nothing
 * about the other end.
 */
export const NOT_OURS = new Set(["EADDRNOTAVAIL", "EINVAL", "EACCES"]);

/** The error for a source address that this machine does not have. */
export const nowhere = (source: string): DataError =>
  new DataError("nowhere", `nobody can connect from ${source}: it is not an address of this machine`);

/** The code of a socket's error; empty if it has none. */
export const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/**
 * Connects to a port and waits for an answer. A port that accepts a connection and drops it without one, as a
 * proxying firewall does, counts as closed.
 *
 * @throws DataError nowhere
 */
export function reachPort({ host, port }: Address, source: string | undefined, connectMsMax: number): Promise<Reach> {
  return new Promise((resolve, reject) => {
    const socket = new Socket();
    let isTaken = false;
    const end = (reach: Reach): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reach);
    };
    let timer = setTimeout(() => end("shut"), connectMsMax);
    socket.once("connect", () => {
      isTaken = true;
      clearTimeout(timer);
      timer = setTimeout(() => end("silent"), WORD_MS_MAX);
      socket.write(QUESTION);
    });
    socket.once("data", () => end("open"));
    socket.once("close", () => end("shut"));
    socket.once("error", (error) => {
      clearTimeout(timer);
      if (!isTaken && source !== undefined && NOT_OURS.has(codeOf(error))) reject(nowhere(source));
      else end("shut");
    });
    socket.connect({ host, port, ...(source !== undefined && { localAddress: source }) });
  });
}
