import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { hearErrors, portOf } from "../../../kernel/edge/connections.ts";

/**
 * Connects a replica to its primary. A server follows another by address and port, but ours only have sockets in folders, so each replica has a
 * loopback port of its own that leads to the socket of the server that it should follow. Anybody else who connects to that port must know the
 * primary's password.
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
    hearErrors(relay.#server);
    return relay;
  }

  get port(): number {
    return portOf(this.#server);
  }

  /** Leads to another socket from now on; open connections end, so that the replica reconnects. */
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
