import { once } from "node:events";
import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Instance } from "../state.ts";

/** The certificate of an instance. PEM throughout. */
export type Certificate = NonNullable<Instance["tls"]>;

/** How long a client may take until the connection is encrypted, in ms. */
export const NEGOTIATION_MS_MAX = 10_000;

/**
 * Performs the server's part of a TLS handshake.
 *
 * @param protocols what a client may name by ALPN. Default: nothing is negotiated
 * @returns the socket to continue with; undefined if the connection has ended
 */
export async function handshake(
  client: Socket,
  { certificate: cert, privateKey: key }: Certificate,
  protocols?: readonly string[],
): Promise<Socket | undefined> {
  const secureContext = createSecureContext({ cert, key, minVersion: "TLSv1.2" });
  const socket = new TLSSocket(client, {
    isServer: true,
    secureContext,
    ...(protocols && { ALPNProtocols: [...protocols] }),
  });
  socket.on("error", () => client.destroy());
  const secured = once(socket, "secure").then(() => true);
  const isSecure = await Promise.race([secured, once(socket, "close").then(() => false)]).catch(() => false);
  return isSecure ? socket : undefined;
}

/** Encrypts a connection of a protocol whose clients begin with TLS: those of Redis and MongoDB. A connection that begins in clear text is ended. */
export async function encryptAtOnce(client: Socket, certificate: Certificate): Promise<Socket | undefined> {
  client.setTimeout(NEGOTIATION_MS_MAX, () => client.destroy());
  const socket = await handshake(client, certificate);
  client.setTimeout(0);
  return socket;
}
