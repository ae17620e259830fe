import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { DataError, type Login } from "./plane.ts";
import type { DataLimits } from "./postgresql.ts";
import { codeOf, NOT_OURS, nowhere } from "./probe-port.ts";
import { encodeCommand, RespError, RespReader, type RespReply } from "./resp.ts";

/** Codes of a server that does not admit a client. */
const DENIED = /^(WRONGPASS|NOAUTH|NOPERM)$/;

/** A connection that carries out one command after the other. */
export class RedisConnection {
  readonly #socket: Socket;
  readonly #reader = new RespReader();
  readonly #waiting: { readonly resolve: (reply: RespReply) => void; readonly reject: (error: Error) => void }[] = [];
  readonly #limits: DataLimits;
  #ended: Error | undefined;

  constructor(socket: Socket, limits: DataLimits) {
    this.#socket = socket;
    this.#limits = limits;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("the connection was closed")));
  }

  #take(chunk: Buffer): void {
    if (this.#socket.bytesRead > this.#limits.sessionBytesMax)
      return this.#end(new Error(`the server sent more than ${this.#limits.sessionBytesMax} bytes`));
    try {
      for (const reply of this.#reader.push(chunk)) this.#waiting.shift()?.resolve(reply);
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }

  /** @throws DataError failed, lost */
  async send(...words: readonly string[]): Promise<RespReply> {
    if (this.#ended !== undefined) throw new DataError("lost", this.#ended.message);
    const { promise, resolve, reject } = Promise.withResolvers<RespReply>();
    this.#waiting.push({ resolve, reject });
    const timer = setTimeout(() => this.#end(new Error("no answer in time")), this.#limits.statementMsMax);
    this.#socket.write(encodeCommand(words));
    const reply = await promise
      .catch((error: unknown) => {
        throw new DataError("lost", error instanceof Error ? error.message : String(error), undefined, {
          cause: error,
        });
      })
      .finally(() => clearTimeout(timer));
    if (!(reply instanceof RespError)) return reply;
    throw new DataError(DENIED.test(reply.code) ? "denied" : "failed", reply.message, reply.code);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Connects to a server, with TLS if the login asks for it. @throws DataError unreachable, nowhere */
export function openSocket(
  login: Login,
  address: string,
  source: string | undefined,
  connectMsMax: number,
): Promise<Socket> {
  const from = source === undefined ? {} : { localAddress: source };
  const { tls } = login;
  return new Promise((resolve, reject) => {
    const options = { host: address, port: login.port, ...from };
    const socket =
      tls === undefined
        ? connectTcp(options)
        : connectTls({
            ...options,
            servername: login.host,
            rejectUnauthorized: tls.isVerified,
            ...(tls.ca && { ca: tls.ca }),
          });
    const timer = setTimeout(() => socket.destroy(new Error("no connection in time")), connectMsMax);
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error) => {
      clearTimeout(timer);
      const isNowhere = source !== undefined && NOT_OURS.has(codeOf(error));
      reject(
        isNowhere
          ? nowhere(source)
          : new DataError("unreachable", error.message || codeOf(error), undefined, { cause: error }),
      );
    });
  });
}
