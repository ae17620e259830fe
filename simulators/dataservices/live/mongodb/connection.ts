import type { Socket } from "node:net";
import type { Principal } from "./auth/roles.ts";
import { dispatch } from "./commands/dispatch.ts";
import { Cut } from "./server/fail-points.ts";
import type { Client, Server } from "./server/server.ts";
import { Frames } from "./wire/frames.ts";
import { readMessage, type Request, writeReply } from "./wire/message.ts";
import { ServerError } from "./wire/errors.ts";

/** How many messages a client may send ahead of their answers; beyond that its socket is not read. */
const PENDING_MAX = 16;

/** One client's connection: commands come in, answers go out, one after another. */
class Connection implements Client {
  readonly id: number;
  principal: Principal | undefined;
  readonly #server: Server;
  readonly #socket: Socket;
  readonly #frames = new Frames();
  #work: Promise<void> = Promise.resolve();
  #pending = 0;

  constructor(server: Server, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    this.id = ++server.connectionsMade;
    server.clients.add(this);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.once("close", () => server.clients.delete(this));
    socket.on("data", (piece: Buffer) => this.#take(piece));
  }

  close(): void {
    this.#server.clients.delete(this);
    this.#socket.destroy();
  }

  #take(piece: Buffer): void {
    try {
      for (const message of this.#frames.push(piece)) this.#queue(message);
    } catch (error) {
      this.#reject(error);
    }
  }

  /** Anything that is not a message ends the connection, as in the server: nothing after it can be parsed. */
  #reject(error: unknown): void {
    if (!(error instanceof ServerError)) this.#server.options.onDefect?.(error);
    this.close();
  }

  #queue(message: Buffer): void {
    if (++this.#pending >= PENDING_MAX) this.#socket.pause();
    this.#work = this.#work.then(() => this.#answer(message)).catch((error: unknown) => this.#reject(error));
  }

  async #answer(message: Buffer): Promise<void> {
    try {
      if (this.#socket.destroyed) return;
      await this.#serve(message);
    } finally {
      if (--this.#pending < PENDING_MAX) this.#socket.resume();
    }
  }

  async #serve(message: Buffer): Promise<void> {
    const request = read(message);
    if (request instanceof ServerError) {
      // A command that can't be read is answered, because its sender is known.
      const answered = { id: message.readInt32LE(4), isLegacy: false, isCompressed: false };
      this.#socket.write(writeReply(answered, request.reply));
      return;
    }
    const reply = await dispatch(this.#server, this, request).catch((error: unknown) => {
      if (!(error instanceof Cut)) throw error;
      this.close();
    });
    if (reply === undefined || request.isUnacknowledged || this.#socket.destroyed) return;
    this.#socket.write(writeReply(request, reply));
  }
}

/** @throws ServerError ProtocolError: the connection can no longer be used */
function read(message: Buffer): Request | ServerError {
  try {
    return readMessage(message);
  } catch (error) {
    if (error instanceof ServerError && error.codeName !== "ProtocolError") return error;
    throw error;
  }
}

/** Serves a client over its socket; turns away a client beyond the limit. */
export function serve(server: Server, socket: Socket): void {
  if (server.clients.size >= server.limits.connectionsMax) {
    socket.destroy();
    return;
  }
  new Connection(server, socket);
}
