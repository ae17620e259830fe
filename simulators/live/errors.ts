/** Why a live world can't start, and what its user can do about it. */
const LIVE_ERRORS = {
  LIVE_PORT_TAKEN: "stop what listens there, or choose another block",
  LIVE_BAD_BLOCK: "a block is the first half of a loopback address, from 127.1 to 127.255",
  LIVE_NO_BLOCK: "every block from 127.64 to 127.126 is taken; stop a cloud that is up",
  LIVE_NO_LOOPBACK:
    "this machine does not route the address to itself; on macOS add it with: sudo ifconfig lo0 alias ADDRESS",
} as const;

/** A live world can't start; the message says what to do. */
export class LiveError extends Error {
  readonly code: keyof typeof LIVE_ERRORS;

  constructor(code: keyof typeof LIVE_ERRORS, what: string) {
    super(`${what} (${code}: ${LIVE_ERRORS[code]})`);
    this.name = "LiveError";
    this.code = code;
  }
}

/** Turns an error of `listen` into one that tells the user what to do. */
export function listenError(error: unknown, name: string, address: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return new LiveError("LIVE_PORT_TAKEN", `${name}: ${address}:${port} is taken`);
  if (code === "EADDRNOTAVAIL")
    return new LiveError("LIVE_NO_LOOPBACK", `${name}: ${address} is not an address of this machine`);
  return error;
}

/** The system's code of an error, such as EACCES; its text where it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);
