import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { encode } from "dns-packet";
import { createDns } from "../simulators/dns/index.ts";
import { serveDns } from "../simulators/dns/live/server.ts";
import { WallDriver } from "../simulators/kernel/edge/drive.ts";
import { Kernel } from "../simulators/kernel/index.ts";
import { type Benchmark, bestRateAsync } from "./bench.ts";

const QUESTIONS = 20_000;
const IN_FLIGHT = 32;
const NODES = 1000;

/** Sends a number of datagrams, some in flight at once, and waits for as many answers. */
async function ask(port: number, host: string, message: Uint8Array): Promise<void> {
  const client = createSocket("udp4");
  let [sent, received] = [0, 0];
  const next = (): void => {
    if (sent++ < QUESTIONS) client.send(message, port, host);
  };
  const done = new Promise<void>((resolve) => {
    client.on("message", () => (++received === QUESTIONS ? resolve() : next()));
  });
  for (let each = 0; each < IN_FLIGHT; each++) next();
  await done;
  client.close();
}

async function echo(message: Uint8Array): Promise<number> {
  const server: Socket = createSocket("udp4");
  server.on("message", (text, { port, address }) => server.send(text, port, address));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await bestRateAsync(QUESTIONS, () => ask(server.address().port, "127.0.0.1", message));
  } finally {
    server.close();
  }
}

async function answers(message: Uint8Array): Promise<number> {
  const kernel = new Kernel({ seed: "bench" });
  const dns = createDns(kernel, { address: "127.0.0.1" });
  for (let at = 0; at < NODES; at++) dns.catalog.registerNode(`bench-${at}`, `127.70.${at >> 8}.${at & 255}`);
  const served = await serveDns(dns, new WallDriver(kernel), { host: "127.0.0.1", port: 0 });
  const port = Number(served.address.split(":")[1]);
  try {
    return await bestRateAsync(QUESTIONS, () => ask(port, "127.0.0.1", message));
  } finally {
    await served.close();
  }
}

const question = encode({
  type: "query",
  id: 1,
  flags: 0x0100,
  questions: [{ type: "A", class: "IN", name: "bench-500.node.dc1.consul" }],
});

export const DNS_BENCHMARKS: readonly Benchmark[] = [
  {
    name: "DNS answers over UDP",
    measure: async () => ({
      value: await answers(question),
      unit: "answers/s",
      baseline: { name: "echo of a bare dgram socket", value: await echo(question) },
    }),
  },
];
