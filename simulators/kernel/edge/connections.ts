import type { Server, Socket } from "node:net";

/** Sends RST and forgets the connection; one that is closed already stays so. */
export function resetConnection(socket: Socket): void {
  // Whatever goes wrong with a connection that is being broken, it is broken.
  socket.on("error", () => {});
  if (!socket.destroyed) socket.resetAndDestroy();
}

/** Ends the connection once all that was written has gone out. Unlike a reset this loses none of it, however slowly it is read. */
export function cutConnection(socket: Socket): void {
  socket.on("error", () => {});
  socket.destroySoon();
}

const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;

/**
 * The open TCP connections of a server, with or without TLS. A connection that speaks TLS can't be reset by itself, as its socket is no
 * TCP socket; what it runs on is known here by the client's address.
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

  /** Breaks the connection of this socket as a network does: TCP RST, in the middle of whatever goes over it. */
  reset(socket: Socket): void {
    // Of one whose client has gone there is nothing left to break.
    const tcp = this.#open.get(nameOf(socket));
    if (tcp !== undefined) resetConnection(tcp);
    socket.destroy();
  }

  /** Ends the connection of this socket behind what was written to it (TCP FIN), without a closing alert where it speaks TLS. */
  cut(socket: Socket): void {
    cutConnection(this.#open.get(nameOf(socket)) ?? socket);
  }
}

/** Hears what a listener says of itself once it listens (no file left for another connection …): unheard, it would end the process. */
export function hearErrors(listener: NodeJS.EventEmitter, report: (error: unknown) => void = () => {}): void {
  listener.on("error", report);
}

/** The port at which a server listens. @throws Error when it doesn't listen on TCP */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens at no port");
  return address.port;
}
