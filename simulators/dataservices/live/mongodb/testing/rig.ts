import { once } from "node:events";
import { createServer, type Server as Listener } from "node:net";
import { MongoClient, type MongoClientOptions } from "mongodb";
import { serve } from "../connection.ts";
import { Server, type ServerOptions } from "../server/server.ts";

/** A server on a loopback port, and official drivers that are connected to it. */
export class Rig {
  readonly server: Server;
  readonly port: number;
  readonly defects: unknown[];
  readonly #listener: Listener;
  readonly #clients: MongoClient[] = [];

  private constructor(server: Server, port: number, listener: Listener, defects: unknown[]) {
    this.server = server;
    this.port = port;
    this.#listener = listener;
    this.defects = defects;
  }

  static async open(options: Partial<ServerOptions> = {}): Promise<Rig> {
    const defects: unknown[] = [];
    const listener = createServer();
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const bound = listener.address();
    if (bound === null || typeof bound === "string") throw new Error("no port");
    const server = new Server({
      address: `127.0.0.1:${bound.port}`,
      setName: "rs0",
      requiresLogin: false,
      now: Date.now,
      onDefect: (error) => defects.push(error),
      ...options,
    });
    listener.on("connection", (socket) => serve(server, socket));
    return new Rig(server, bound.port, listener, defects);
  }

  /** A driver that is connected. `login`: `user:password@`. */
  async connect(login = "", options: MongoClientOptions = {}, database = ""): Promise<MongoClient> {
    const client = new MongoClient(`mongodb://${login}127.0.0.1:${this.port}/${database}`, {
      serverSelectionTimeoutMS: 5000,
      ...options,
    });
    this.#clients.push(client);
    return client.connect();
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.server.close();
    this.#listener.close();
    await once(this.#listener, "close");
  }
}
