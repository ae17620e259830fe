import { createHash } from "node:crypto";
import { once } from "node:events";
import { isIP, type Socket } from "node:net";
import { connect as connectTls, type PeerCertificate } from "node:tls";
import { DataError, type Login, type ServerCertificate } from "./plane.ts";
import { openSocket } from "./redis-connection.ts";

/** The message with which a client of PostgreSQL asks for TLS (protocol 3.0, SSLRequest). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

function certificateOf({ subjectaltname = "", subject, pubkey }: PeerCertificate): ServerCertificate {
  const names = [...subjectaltname.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name = ""]) => name);
  // The subject's own name counts only if there is no other (RFC 9525).
  const common = [subject.CN].flat().filter((each): each is string => typeof each === "string");
  return {
    names: names.length > 0 ? names : common,
    key: createHash("sha256")
      .update(pubkey ?? "")
      .digest("hex"),
  };
}

async function secure(socket: Socket, host: string, msMax: number): Promise<ServerCertificate> {
  const secured = connectTls({ socket, rejectUnauthorized: false, ...(isIP(host) === 0 && { servername: host }) });
  try {
    await once(secured, "secureConnect", { signal: AbortSignal.timeout(msMax) });
    return certificateOf(secured.getPeerCertificate());
  } finally {
    secured.destroy();
  }
}

/** The certificate that a server shows to any client, without a login. @throws DataError unreachable, nowhere */
export async function readCertificate(
  login: Login,
  address: string,
  source: string | undefined,
  msMax: number,
): Promise<ServerCertificate> {
  const { tls: _, ...plain } = login;
  const socket = await openSocket(plain, address, source, msMax);
  // Errors are reported where they are awaited.
  socket.on("error", () => {});
  try {
    if (login.client === "postgresql") {
      socket.write(SSL_REQUEST);
      await once(socket, "data", { signal: AbortSignal.timeout(msMax) });
    }
    return await secure(socket, login.host, msMax);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DataError("unreachable", message, undefined, { cause: error });
  } finally {
    socket.destroy();
  }
}
