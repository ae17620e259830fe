import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { hearErrors } from "../../../../kernel/edge/connections.ts";
import { encode, error } from "../resp/reply.ts";
import { ProtocolError, RequestReader } from "../resp/requests.ts";
import type { Dispatcher } from "./dispatcher.ts";

/** How many bytes of replies a client may leave unread before it is cut off. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;

/** The sockets of a dispatcher. */
export class Connections {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(dispatcher: Dispatcher, clientsMax: number) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {});
      if (this.#sockets.size <= clientsMax) serve(dispatcher, socket);
      else socket.end(encode(error("ERR max number of clients reached"), 2));
    });
  }

  /** Listens on a Unix socket. */
  static async open(dispatcher: Dispatcher, path: string, clientsMax: number): Promise<Connections> {
    const connections = new Connections(dispatcher, clientsMax);
    connections.#server.listen(path);
    await once(connections.#server, "listening");
    hearErrors(connections.#server);
    return connections;
  }

  /** Ends all connections, and stops listening. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}

/** Reads the requests of a connection one by one; while a command waits, those behind it wait too. */
function serve(dispatcher: Dispatcher, socket: Socket): void {
  const reader = new RequestReader();
  const write = (bytes: string): void => {
    if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy();
    else if (socket.writable) socket.write(bytes, "latin1");
  };
  const session = dispatcher.open("unix:0", write, () => socket.destroySoon());
  const readAll = (): void => {
    try {
      while (session.waiting === undefined && socket.writable) {
        reader.isAuthenticated = session.identity !== undefined;
        const words = reader.next();
        if (words === undefined) return;
        dispatcher.receive(session, words);
      }
    } catch (broken) {
      if (!(broken instanceof ProtocolError)) throw broken;
      socket.end(encode(error(`ERR Protocol error: ${broken.message}`), session.protocol));
    }
  };
  session.onFree = readAll;
  socket.on("data", (chunk: Buffer) => {
    reader.add(chunk);
    readAll();
  });
  socket.once("close", () => dispatcher.close(session));
}
