import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Driver } from "../../kernel/edge/drive.ts";
import { sourceOf } from "../../kernel/edge/serve.ts";
import type { ConsulAgent } from "../index.ts";
import { Frames, framed, TCP_FIRST_MS, TCP_IDLE_MS, TCP_MESSAGES_MAX } from "../wire/frames.ts";

/** Open TCP connections. */
const CONNECTIONS_MAX = 256;

export interface ServedDns {
  /** `127.64.0.10:8600` */
  readonly address: string;
  close(): Promise<void>;
}

/** Hands a message to the agent and its answer, when there is one, to `reply`. */
type Ask = (message: Uint8Array, transport: "udp" | "tcp", reply: (answer: Uint8Array) => void) => void;

export interface ServeDnsOptions {
  readonly host: string;
  readonly port: number;
  /** May this address ask? Who may not gets no answer over UDP and is reset over TCP. Default: everyone may. */
  readonly admits?: (source: string) => boolean;
}

/** Answers DNS over UDP and TCP on one loopback address. @throws Error EADDRINUSE … */
export async function serveDns(dns: ConsulAgent, driver: Driver, options: ServeDnsOptions): Promise<ServedDns> {
  const { admits = () => true } = options;
  const ask = asking(dns, driver);
  const open = new Set<Socket>();
  const tcp = createServer((socket) => {
    if (!admits(sourceOf(socket))) return void socket.resetAndDestroy();
    open.add(socket.once("close", () => open.delete(socket)));
    converse(socket, ask);
  });
  tcp.maxConnections = CONNECTIONS_MAX;
  tcp.listen(options.port, options.host);
  await once(tcp, "listening");
  const { port } = tcp.address() as { port: number };
  const udp = createSocket("udp4");
  let isOpen = true;
  udp.once("close", () => {
    isOpen = false;
  });
  udp.on("message", (message, from) => {
    // A datagram that the network refuses is lost, as any other may be; nobody can be answered at port 0.
    if (from.port === 0 || !admits(from.address)) return;
    ask(message, "udp", (answer) => {
      if (isOpen) udp.send(answer, from.port, from.address, () => {});
    });
  });
  udp.bind(port, options.host);
  try {
    await once(udp, "listening");
  } catch (error) {
    tcp.close();
    throw error;
  }
  return { address: `${options.host}:${port}`, close: () => close(tcp, udp, open) };
}

const asking =
  (dns: ConsulAgent, driver: Driver): Ask =>
  (message, transport, reply) => {
    driver.arrive();
    const answer = dns.ask(message, transport);
    if (answer === undefined) return;
    if (answer instanceof Uint8Array) return reply(answer);
    answer.settled(({ outcome }) => {
      driver.woke();
      if (outcome.state === "done" && outcome.value !== undefined) reply(outcome.value);
    });
  };

/** Messages over TCP carry their length in front; several may come on one connection. */
function converse(socket: Socket, ask: Ask): void {
  const frames = new Frames();
  // A deadline, not a time of silence: who sends a byte now and then does not put it off.
  let deadline = setTimeout(() => socket.destroy(), TCP_FIRST_MS);
  socket.once("close", () => clearTimeout(deadline));
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    const messages = frames.push(chunk);
    for (const message of messages)
      ask(message, "tcp", (answer) => {
        if (socket.writable) socket.write(framed(answer));
      });
    if (frames.messages >= TCP_MESSAGES_MAX) return void socket.end();
    if (messages.length === 0) return;
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.destroy(), TCP_IDLE_MS);
  });
}

async function close(tcp: Server, udp: UdpSocket, open: ReadonlySet<Socket>): Promise<void> {
  udp.close();
  for (const socket of open) socket.destroy();
  tcp.close();
  await once(tcp, "close");
}
