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
/** The protocol that clients name which begin with TLS. */
const ALPN = "postgresql";

/**
 * Brings a client that has just connected to the point from which it speaks encrypted, as a server with `hostssl` lines alone does. One that
 * would go on in the clear is refused in PostgreSQL's own words; a cancel request is taken in the clear, as PostgreSQL takes it.
 *
 * @returns the socket to go on with; undefined where the connection has ended
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
        // What came in the clear behind the request was not said by whom the handshake will name.
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

/** So many bytes of a paused socket; undefined where it ends before. */
async function take(client: Socket, bytes: number): Promise<Buffer | undefined> {
  for (;;) {
    const head: Buffer | null = client.read(bytes);
    if (head !== null && head.length === bytes) return head;
    if (head !== null || client.destroyed || client.readableEnded) return end(client);
    await Promise.race([once(client, "readable"), once(client, "close"), once(client, "end")]).catch(() => {});
  }
}
