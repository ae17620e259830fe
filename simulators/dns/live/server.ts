import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Driver } from "../../kernel/edge/drive.ts";
import type { Dns } from "../index.ts";

/** Open TCP connections, and how long one may be idle. */
const CONNECTIONS_MAX = 256;
const IDLE_MS_MAX = 30_000;

export interface ServedDns {
  /** `127.64.0.10:8600` */
  readonly address: string;
  close(): Promise<void>;
}

/** Answers DNS over UDP and TCP on one loopback address. @throws Error EADDRINUSE … */
export async function serveDns(
  dns: Dns,
  driver: Driver,
  options: { readonly host: string; readonly port: number },
): Promise<ServedDns> {
  const ask = (message: Uint8Array, transport: "udp" | "tcp"): Uint8Array | undefined => {
    driver.arrive();
    return dns.answer(message, transport);
  };
  const tcp = createServer((socket) => converse(socket, ask));
  tcp.maxConnections = CONNECTIONS_MAX;
  tcp.listen(options.port, options.host);
  await once(tcp, "listening");
  const { port } = tcp.address() as { port: number };
  const udp = createSocket("udp4");
  udp.on("message", (message, { address, port: from }) => {
    const reply = ask(message, "udp");
    if (reply !== undefined) udp.send(reply, from, address);
  });
  udp.bind(port, options.host);
  try {
    await once(udp, "listening");
  } catch (error) {
    tcp.close();
    throw error;
  }
  return { address: `${options.host}:${port}`, close: () => close(tcp, udp) };
}

/** Messages over TCP carry their length in front (RFC 1035 §4.2.2); several may come on one connection. */
function converse(socket: Socket, ask: (message: Uint8Array, transport: "tcp") => Uint8Array | undefined): void {
  let pending = Buffer.alloc(0);
  socket.setTimeout(IDLE_MS_MAX, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0);
      const reply = ask(pending.subarray(2, 2 + length), "tcp");
      pending = pending.subarray(2 + length);
      if (reply === undefined) continue;
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([prefix, reply]));
    }
  });
}

async function close(tcp: Server, udp: UdpSocket): Promise<void> {
  udp.close();
  tcp.close();
  await once(tcp, "close");
}
