/** A DNS server in a separate process, for the benchmarks: `node bench/dns-responder.ts bare|consul NAMES` prints its port once it listens. */
import { createSocket } from "node:dgram";
import { createDns } from "../simulators/dns/index.ts";
import { serveDns } from "../simulators/dns/live/server.ts";
import { WallDriver } from "../simulators/kernel/edge/drive.ts";
import { Kernel } from "../simulators/kernel/index.ts";
import { benchAddress, benchNode } from "./dns-names.ts";

const [kind = "", count = "0"] = process.argv.slice(2);
const HOST = "127.0.0.1";
const ROOM_BYTES = 4 * 1024 * 1024;
const MIB = 1024 * 1024;

/** The least that any server in this language does: it receives a datagram and sends one back, here with one address. */
function serveBare(): void {
  const socket = createSocket({ type: "udp4", recvBufferSize: ROOM_BYTES });
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
  socket.on("message", (message, { port, address }) => {
    const reply = Buffer.concat([message, record]);
    reply[2] = 0x85;
    reply[7] = 1;
    socket.send(reply, port, address, () => {});
  });
  socket.bind(0, HOST, () => console.log(`${socket.address().port} 0`));
}

async function serveConsul(names: number): Promise<void> {
  const kernel = new Kernel({ seed: "bench" });
  const dns = createDns(kernel, { address: HOST });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < names; at++) dns.catalog.registerNode(benchNode(at), benchAddress(at));
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / Math.max(1, names);
  const served = await serveDns(dns, new WallDriver(kernel), { host: HOST, port: 0 });
  process.stderr.write(`${names} names, ${(process.memoryUsage().rss / MIB).toFixed(0)} MiB resident\n`);
  console.log(`${served.address.split(":")[1]} ${bytes.toFixed(0)}`);
}

if (kind === "bare") serveBare();
else await serveConsul(Number(count));
process.once("SIGTERM", () => process.exit(0));
