import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * Leads a replica to its primary. A server follows another by an address and a port, and ours have sockets in folders alone: so each
 * replica has a port of loopback of its own, behind which is the socket of whoever it is to follow. Whoever else connects to the port
 * meets the primary's question for a password.
 */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #path: string | undefined;

  private constructor() {
    this.#server = createServer((replica) => this.#join(replica));
  }

  static async open(): Promise<Relay> {
    const relay = new Relay();
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Leads to another socket from now on; what was open ends, so that the replica comes anew. */
  leadTo(path: string): void {
    if (this.#path === path) return;
    this.#path = path;
    this.#endAll();
  }

  async close(): Promise<void> {
    this.#endAll();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #endAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(replica: Socket): void {
    if (this.#path === undefined) {
      replica.destroy();
      return;
    }
    const primary = connect(this.#path);
    for (const [socket, other] of [
      [replica, primary],
      [primary, replica],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
