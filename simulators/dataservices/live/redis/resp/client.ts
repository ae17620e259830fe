import type { Socket } from "node:net";
import type { Reply } from "./reply.ts";
import { ReplyReader } from "./replies.ts";

/** An error that the server replied. */
export class ReplyError extends Error {
  /** Its first word, such as `NOPERM`. */
  get code(): string {
    return this.message.split(" ")[0] ?? "";
  }
}

interface Waiter {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** One connection that sends commands and reads their replies, in order. */
export class RespClient {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  readonly #waiters: Waiter[] = [];
  #broken: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#break(error));
    socket.on("close", () => this.#break(new Error("the connection has ended")));
  }

  get isOpen(): boolean {
    return this.#broken === undefined;
  }

  /** The reply, an error of the server included. Rejects if the connection breaks. */
  send(...words: readonly string[]): Promise<Reply> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#socket.write(requestOf(words));
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** The reply. @throws ReplyError for an error of the server */
  async ask(...words: readonly string[]): Promise<Reply> {
    const reply = await this.send(...words);
    if (reply.type === "error") throw new ReplyError(reply.text);
    return reply;
  }

  end(): void {
    this.#socket.destroy();
    this.#break(new Error("the connection has ended"));
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.add(chunk);
      for (let reply = this.#reader.next(); reply !== undefined; reply = this.#reader.next())
        this.#waiters.shift()?.resolve(reply);
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : undefined);
    }
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}

/** The bytes of a request. The words are byte strings. */
const requestOf = (words: readonly string[]): Buffer =>
  Buffer.from(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`, "latin1");

/** The text of a textual reply; empty for any other. */
export const textOf = (reply: Reply): string =>
  "text" in reply ? (reply.text ?? "") : reply.type === "integer" ? String(reply.value) : "";
