import type { Socket } from "node:net";
import { resetConnection } from "../../../kernel/edge/connections.ts";
import { LivePlaneError } from "../errors.ts";
import { ConnectionFault } from "../refusals.ts";
import { ServerError } from "./wire/errors.ts";
import { Frames } from "./wire/frames.ts";
import { readMessage, writeReply } from "./wire/message.ts";

const WAIT_MS_MAX = 10_000;

/**
 * Tells a client why it is not served, in the answer to its first message; then the connection ends. A
 * connection beyond the limit is simply closed, as in the server.
 */
export function refuseClient(client: Socket, error: unknown): void {
  if (error instanceof ConnectionFault)
    return error.effect.kind === "reset" ? resetConnection(client) : void client.destroy();
  const refusal = new ServerError(
    "InterruptedAtShutdown",
    error instanceof LivePlaneError ? error.message : "the data service failed",
  );
  const frames = new Frames();
  client.setTimeout(WAIT_MS_MAX, () => client.destroy());
  client.on("data", (piece: Buffer) => {
    try {
      for (const message of frames.push(piece)) client.end(writeReply(readMessage(message), refusal.reply));
    } catch {
      // Anything that is not a message gets no answer.
      client.destroy();
    }
  });
  client.resume();
}
