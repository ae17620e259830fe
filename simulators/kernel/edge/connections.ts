import type { Server, Socket } from "node:net";

/** Sends RST and drops the connection; does nothing to one that is already closed. */
export function resetConnection(socket: Socket): void {
  // The connection is being broken: whatever goes wrong with it no longer matters.
  socket.on("error", () => {});
  if (!socket.destroyed) socket.resetAndDestroy();
}

/** Ends the connection once everything written has been sent. Unlike a reset, it loses nothing, however slowly the client reads. */
export function cutConnection(socket: Socket): void {
  socket.on("error", () => {});
  socket.destroySoon();
}

const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;

/**
 * The open TCP connections of a server, with or without TLS. A TLS connection can't be reset through its own socket, which is not a TCP
 * socket; the TCP socket beneath it is found here by the client's address.
 */
export class Connections {
  readonly #open = new Map<string, Socket>();

  constructor(server: Server) {
    server.on("connection", (socket) => {
      const name = nameOf(socket);
      this.#open.set(name, socket);
      socket.once("close", () => {
        if (this.#open.get(name) === socket) this.#open.delete(name);
      });
    });
  }

  get size(): number {
    return this.#open.size;
  }

  /** Breaks the connection of this socket as a network failure does: TCP RST, in the middle of whatever is being sent. */
  reset(socket: Socket): void {
    // When the client has gone, there is nothing left to break.
    const tcp = this.#open.get(nameOf(socket));
    if (tcp !== undefined) resetConnection(tcp);
    socket.destroy();
  }

  /** Ends the connection of this socket after what was written to it (TCP FIN), without TLS's closing alert. */
  cut(socket: Socket): void {
    cutConnection(this.#open.get(nameOf(socket)) ?? socket);
  }
}

/**
 * Handles the errors that a server emits while it listens (no file descriptor left for another connection …): unhandled, they would end the
 * process.
 */
export function hearErrors(listener: NodeJS.EventEmitter, report: (error: unknown) => void = () => {}): void {
  listener.on("error", report);
}

/** The port at which a server listens. @throws Error when it doesn't listen on TCP */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens at no port");
  return address.port;
}
