import type { Socket } from "node:net";
import { resetConnection } from "../../../kernel/edge/connections.ts";
import { LivePlaneError } from "../errors.ts";
import { ConnectionFault } from "../refusals.ts";

/** Tells a client why it is not served, like a server without free connections: one error before any request; then the connection ends. */
export function refuseClient(client: Socket, error: unknown): void {
  if (error instanceof ConnectionFault && error.effect.kind === "reset") return resetConnection(client);
  client.end(`-${textOf(error)}\r\n`);
  client.resume();
}

function textOf(error: unknown): string {
  if (error instanceof ConnectionFault) return "ERR max number of clients reached";
  return error instanceof LivePlaneError ? `ERR ${error.message}` : "ERR the data service failed";
}
