import type { Socket } from "node:net";

/** Requests that may come before the startup message (PostgreSQL manual, "Message Flow", codes of SSLRequest and the like). */
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const STARTUP_BYTES_MAX = 10_000;
const WAIT_MS_MAX = 10_000;

/** Tells a client that has just connected, in its own protocol and in one line, why it is not served; then closes the connection. */
export function refuseStartup(client: Socket, sqlstate: string, message: string): void {
  let received: Buffer = Buffer.alloc(0);
  client.setTimeout(WAIT_MS_MAX, () => client.destroy());
  client.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length > STARTUP_BYTES_MAX) client.destroy();
    if (received.length < 8) return;
    const code = received.readInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      received = received.subarray(8);
      client.write("N");
    } else if (code === CANCEL_REQUEST) client.destroy();
    else if (received.length >= received.readInt32BE(0)) client.end(fatal(sqlstate, message));
  });
  client.resume();
}

/** An ErrorResponse. */
function fatal(sqlstate: string, message: string): Buffer {
  const fields = `SFATAL\0VFATAL\0C${sqlstate}\0M${message}\0\0`;
  const body = Buffer.from(fields);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
