import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { hearErrors, resetConnection } from "../../kernel/edge/connections.ts";

export interface GatedListenerOptions {
  readonly address: string;
  readonly port: number;
  /** Asked for each connection, with the address it comes from. */
  readonly admits: (source: string) => boolean;
  /** Where an admitted connection leads. */
  readonly dial: () => Promise<Socket>;
  /** Tells a client why it can't be served; the socket ends after it. Default: it is reset. */
  readonly refuse?: (client: Socket, error: unknown) => void;
  /** Told what the listener failed with. Default: nobody. */
  readonly report?: (error: unknown) => void;
}

/** Connections at one address at a time. */
const CONNECTIONS_MAX = 1000;

/**
 * A listener on one address and port of loopback that lets through whom the security groups admit.
 *
 * Who is not admitted is reset at once. A real security group drops the packets in silence, and a client learns of it after
 * minutes of timeouts; a reset says the same within a millisecond, and no suite can mistake it for an open port. A rule that
 * is closed cuts what it had let in, as Neutron does when it deletes the connection's tracking entry.
 */
export class GatedListener {
  readonly #options: GatedListenerOptions;
  readonly #server: Server;
  readonly #clients = new Map<Socket, string>();

  private constructor(options: GatedListenerOptions) {
    this.#options = options;
    this.#server = createServer({ pauseOnConnect: true }, (client) => this.#accept(client));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws Error with `code` EADDRINUSE, EADDRNOTAVAIL … */
  static async open(options: GatedListenerOptions): Promise<GatedListener> {
    const gate = new GatedListener(options);
    gate.#server.listen(options.port, options.address);
    await once(gate.#server, "listening");
    hearErrors(gate.#server, options.report);
    return gate;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Cuts the connections that are no longer admitted. */
  recheck(): void {
    for (const [client, source] of this.#clients) if (!this.#options.admits(source)) resetConnection(client);
  }

  async close(): Promise<void> {
    for (const client of this.#clients.keys()) resetConnection(client);
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #accept(client: Socket): void {
    client.on("error", () => {});
    const source = client.remoteAddress?.replace(/^::ffff:/, "") ?? "";
    if (!this.#options.admits(source)) {
      resetConnection(client);
      return;
    }
    this.#clients.set(client, source);
    client.once("close", () => this.#clients.delete(client));
    this.#options.dial().then(
      (server) => join(client, server),
      (error: unknown) => {
        if (client.destroyed) return;
        if (this.#options.refuse === undefined) resetConnection(client);
        else this.#options.refuse(client, error);
      },
    );
  }
}

/** Bytes both ways; when one side ends or breaks, so does the other. */
function join(client: Socket, server: Socket): void {
  // A reset goes on to the client as a reset: what was cut must not look like an end.
  server.on("error", () => resetConnection(client));
  if (client.destroyed) {
    server.destroy();
    return;
  }
  client.setNoDelay(true);
  client.pipe(server).pipe(client);
  client.once("close", () => server.destroy());
  server.once("close", () => client.destroySoon());
}
