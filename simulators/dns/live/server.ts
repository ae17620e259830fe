import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import { cutConnection, hearErrors, portOf, resetConnection } from "../../kernel/edge/connections.ts";
import type { Driver } from "../../kernel/edge/drive.ts";
import { sourceOf } from "../../kernel/edge/head.ts";
import { datagramOf, type DnsReply, type NameServer } from "../index.ts";
import { Frames, frameMessage, TCP_FIRST_MS, TCP_IDLE_MS, TCP_MESSAGES_MAX } from "../wire/codec/frames.ts";
import type { Transport } from "../wire/codec/types.ts";

/** Open TCP connections. */
const CONNECTIONS_MAX = 4096;
/** Room for datagrams that have arrived but not been read: thousands of questions at once. */
const DATAGRAM_ROOM_BYTES = 4 * 1024 * 1024;
/** How much a client may leave unread before it is cut off, so that it does not use up the memory of all others. */
const UNREAD_BYTES_MAX = 1024 * 1024;

/** A DNS server that listens. */
export interface ServedDns {
  /** `127.64.0.10:8600` */
  readonly address: string;
  close(): Promise<void>;
}

/** Hands a message to the agent, and the answer, if there is one, to `reply`. */
type Ask = (message: Uint8Array, transport: Transport, client: string, reply: (answer: DnsReply) => void) => void;

interface ServeDnsOptions {
  readonly host: string;
  readonly port: number;
  /** Whether this address may ask; any other gets no answer over UDP and is reset over TCP. Default: every address may. */
  readonly admits?: (source: string) => boolean;
  /** Called with what the agent threw, for which its client gets no answer, and with errors of sockets. Default: nothing is called. */
  readonly report?: (error: unknown) => void;
}

/** Answers DNS over UDP and TCP on one address, IPv4 or IPv6. @throws Error EADDRINUSE … */
export async function serveDns(
  dns: Pick<NameServer, "ask">,
  driver: Driver,
  options: ServeDnsOptions,
): Promise<ServedDns> {
  const { host, port: wanted, admits = () => true, report = () => {} } = options;
  const ask = asking(dns, driver, report);
  const open = new Set<Socket>();
  const tcp = createServer((socket) => {
    if (!admits(sourceOf(socket))) return resetConnection(socket);
    open.add(socket.once("close", () => open.delete(socket)));
    converse(socket, ask);
  });
  tcp.maxConnections = CONNECTIONS_MAX;
  tcp.listen(wanted, host);
  await once(tcp, "listening");
  hearErrors(tcp, report);
  const port = portOf(tcp);
  const isSix = isIPv6(host);
  const udp = createSocket({ type: isSix ? "udp6" : "udp4", recvBufferSize: DATAGRAM_ROOM_BYTES });
  answerDatagrams(udp, ask, admits);
  udp.bind(port, host);
  try {
    await once(udp, "listening");
  } catch (error) {
    tcp.close();
    throw error;
  }
  hearErrors(udp, report);
  return { address: isSix ? `[${host}]:${port}` : `${host}:${port}`, close: () => close(tcp, udp, open) };
}

const asking =
  (dns: Pick<NameServer, "ask">, driver: Driver, report: (error: unknown) => void): Ask =>
  (message, transport, client, reply) => {
    try {
      driver.arrive();
      const answer = dns.ask(message, transport, client);
      if (!("onSettled" in answer)) return reply(answer);
      answer.onSettled(({ outcome }) => {
        driver.woke();
        if (outcome.state === "done") reply(outcome.value);
        if (outcome.state === "failed") report(outcome.error);
      });
    } catch (error) {
      report(error);
    }
  };

function answerDatagrams(udp: UdpSocket, ask: Ask, admits: (source: string) => boolean): void {
  let isOpen = true;
  udp.once("close", () => {
    isOpen = false;
  });
  udp.on("message", (message: Buffer, from: RemoteInfo) => {
    // A datagram that the network refuses is lost, as datagrams may be: port 0 can't be answered.
    if (from.port === 0 || !admits(from.address)) return;
    ask(message, "udp", from.address, (answer) => {
      const datagram = datagramOf(answer);
      if (datagram === undefined) return;
      const send = (): void => {
        for (let copy = answer.copies ?? 1; isOpen && copy > 0; copy--)
          udp.send(datagram, from.port, from.address, () => {});
      };
      if (answer.byteMs === undefined) send();
      else setTimeout(send, answer.byteMs * datagram.length);
    });
  });
}

/** Messages over TCP carry their length in front; several may come on one connection. */
function converse(socket: Socket, ask: Ask): void {
  const frames = new Frames();
  const client = sourceOf(socket);
  // A deadline, not an idle time: a byte now and then does not extend it.
  let deadline = setTimeout(() => socket.destroy(), TCP_FIRST_MS);
  socket.once("close", () => clearTimeout(deadline));
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    const messages = frames.push(chunk);
    for (const message of messages) ask(message, "tcp", client, (answer) => write(socket, answer));
    if (frames.messages >= TCP_MESSAGES_MAX) return void socket.end();
    if (messages.length === 0) return;
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.destroy(), TCP_IDLE_MS);
  });
}

/** The length prefix is that of the whole message, even where a fault cuts it. */
function write(socket: Socket, { message, more = [], wire, copies = 1, byteMs }: DnsReply): void {
  if (!socket.writable) return;
  if (socket.writableLength > UNREAD_BYTES_MAX) return void socket.destroy();
  if (wire?.kind === "reset") return resetConnection(socket);
  if (message === undefined) return;
  const frame = Buffer.concat([message, ...more].map(frameMessage));
  if (byteMs !== undefined) return dribble(socket, frame, byteMs);
  if (wire === undefined) return void socket.write(copies === 1 ? frame : Buffer.concat(Array(copies).fill(frame)));
  socket.write(frame.subarray(0, LENGTH_BYTES + wire.bytes), () => cutConnection(socket));
}

/** Writes a byte at a time for as long as the client stays. */
function dribble(socket: Socket, frame: Buffer, byteMs: number, at = 0): void {
  if (!socket.writable || at === frame.length) return;
  socket.write(frame.subarray(at, at + 1));
  setTimeout(() => dribble(socket, frame, byteMs, at + 1), byteMs);
}

const LENGTH_BYTES = 2;

async function close(tcp: Server, udp: UdpSocket, open: ReadonlySet<Socket>): Promise<void> {
  udp.close();
  for (const socket of open) socket.destroy();
  tcp.close();
  await once(tcp, "close");
}
