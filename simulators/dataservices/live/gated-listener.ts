import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { hearErrors, resetConnection } from "../../kernel/edge/connections.ts";

/** The options of a listener: its address, whom it admits, and where connections lead. */
interface GatedListenerOptions {
  readonly address: string;
  readonly port: number;
  /** Asked for each connection, with the address it comes from. */
  readonly admits: (source: string) => boolean;
  /** Performs an admitted client's TLS handshake; undefined: its connection has ended. Default: no encryption. */
  readonly encrypt?: (client: Socket) => Promise<Socket | undefined>;
  /** Where an admitted connection leads. */
  readonly dial: () => Promise<Socket>;
  /** Tells a client why it can't be served, then ends the connection. Default: resets it. */
  readonly refuse?: (client: Socket, error: unknown) => void;
  /** Called with errors of the listener. Default: they are dropped. */
  readonly report?: (error: unknown) => void;
}

/** How many connections one listener has at a time; further ones are dropped by Node. */
const CONNECTIONS_MAX = 1000;

/**
 * A listener on one loopback address and port that lets through only clients that the security groups admit. * All others are reset at once. A real
 * security group silently drops the packets, and a client notices only after minutes of timeouts; a reset says the same within a millisecond, and
 * no suite can mistake it for an open port. When a rule is closed, the connections that it had admitted are cut, as Neutron does when it deletes
 * their tracking entries.
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
    const listener = new GatedListener(options);
    listener.#server.listen(options.port, options.address);
    await once(listener.#server, "listening");
    hearErrors(listener.#server, options.report);
    return listener;
  }

  /** Open connections. */
  get connections(): number {
    return this.#clients.size;
  }

  /** Cuts the connections that are no longer admitted. */
  recheck(): void {
    for (const [client, source] of this.#clients) if (!this.#options.admits(source)) resetConnection(client);
  }

  /** Resets all connections. */
  cut(): void {
    for (const client of this.#clients.keys()) resetConnection(client);
  }

  /** Resets all connections and stops listening. */
  async close(): Promise<void> {
    this.cut();
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
    this.#serve(client).catch(() => resetConnection(client));
  }

  async #serve(client: Socket): Promise<void> {
    const { encrypt, dial, refuse } = this.#options;
    const socket = encrypt === undefined ? client : await encrypt(client);
    if (socket === undefined) return;
    try {
      join(socket, await dial());
    } catch (error) {
      if (socket.destroyed) return;
      if (refuse === undefined) resetConnection(client);
      else refuse(socket, error);
    }
  }
}

/** Bytes both ways; when one side ends or breaks, so does the other. */
function join(client: Socket, server: Socket): void {
  // A reset must reach the client as a reset: a cut connection must not look like an orderly end.
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
