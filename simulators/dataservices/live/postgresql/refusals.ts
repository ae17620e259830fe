import type { Socket } from "node:net";
import { resetConnection } from "../../../kernel/edge/connections.ts";
import { LivePlaneError } from "../errors.ts";
import { ConnectionFault } from "../refusals.ts";
import { refuseStartup } from "./startup.ts";

/** Tells a client in PostgreSQL's own protocol why it is not served (SQLSTATE of Appendix A of its manual), or resets it. */
export function refuseClient(client: Socket, error: unknown): void {
  if (error instanceof ConnectionFault && error.effect.kind === "reset") return resetConnection(client);
  if (error instanceof ConnectionFault) return refuseStartup(client, "53300", "sorry, too many clients already");
  if (error instanceof LivePlaneError && error.code === "LIVE_DATA_NOT_READY")
    return refuseStartup(client, "57P03", "the database system is starting up");
  if (error instanceof LivePlaneError && error.code === "LIVE_DATA_DISK_FULL")
    return refuseStartup(client, "53100", error.message);
  if (error instanceof LivePlaneError) refuseStartup(client, "57P03", error.message);
  else refuseStartup(client, "XX000", "the data service failed");
}
