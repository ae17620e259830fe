import { once } from "node:events";
import type { Socket } from "node:net";
import { type Certificate, handshake, NEGOTIATION_MS_MAX } from "../tls.ts";
import { refuseStartup } from "./startup.ts";

/** Requests that may come before the startup message (PostgreSQL manual, "Message Flow", codes of SSLRequest and the like). */
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const REQUEST_BYTES = 8;
/** The first byte of a TLS handshake: clients with `sslnegotiation=direct` begin with it. */
const TLS_HANDSHAKE = 0x16;
/** The protocol named by clients that begin with TLS. */
const ALPN = "postgresql";

/**
 * Performs the TLS handshake of a client that has just connected, like a server that has only `hostssl` lines. A client that goes on without
 * encryption is refused in PostgreSQL's own words; a cancel request is accepted in clear text, as PostgreSQL does.
 *
 * @returns the socket to continue with; undefined if the connection has ended
 */
export async function encrypt(client: Socket, certificate: Certificate): Promise<Socket | undefined> {
  client.setTimeout(NEGOTIATION_MS_MAX, () => client.destroy());
  const socket = await negotiate(client, certificate);
  client.setTimeout(0);
  return socket;
}

async function negotiate(client: Socket, certificate: Certificate): Promise<Socket | undefined> {
  for (;;) {
    const head = await take(client, REQUEST_BYTES);
    if (head === undefined) return undefined;
    if (head[0] === TLS_HANDSHAKE) {
      client.unshift(head);
      return handshake(client, certificate, [ALPN]);
    }
    switch (head.readInt32BE(4)) {
      case GSS_REQUEST:
        client.write("N");
        continue;
      case SSL_REQUEST:
        // Clear text after the request need not come from the peer that the handshake will authenticate.
        if (client.readableLength > 0) return end(client);
        client.write("S");
        return handshake(client, certificate);
      case CANCEL_REQUEST:
        client.unshift(head);
        return client;
      default:
        client.unshift(head);
        return refuseInTheClear(client);
    }
  }
}

function end(client: Socket): undefined {
  client.destroy();
}

/** The words of a server whose pg_hba.conf has no line for a connection without encryption. */
function refuseInTheClear(client: Socket): undefined {
  const host = client.remoteAddress ?? "";
  refuseStartup(client, "28000", `no pg_hba.conf entry for host "${host}", no encryption`);
}

/** The given number of bytes from a paused socket; undefined if it ends before. */
async function take(client: Socket, bytes: number): Promise<Buffer | undefined> {
  for (;;) {
    const head: Buffer | null = client.read(bytes);
    if (head !== null && head.length === bytes) return head;
    if (head !== null || client.destroyed || client.readableEnded) return end(client);
    await Promise.race([once(client, "readable"), once(client, "close"), once(client, "end")]).catch(() => {});
  }
}
