import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./bench.ts";

const COMMAND = fileURLToPath(new URL("../cli/drydock.cjs", import.meta.url));
const ROUNDS = 7;
/** A program that sends one request and does nothing else. */
const ONE_REQUEST = "require('node:http').get(process.argv[1])";

/** ms from the start of a process to its end. */
async function wholeMs(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  await once(child, "close");
  return performance.now() - start;
}

/** ms from the start of a process to its first request at a server, which then breaks the connection. */
async function firstRequestMs(server: Server, args: readonly string[]): Promise<number> {
  const asked = once(server, "request").then(() => performance.now());
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const ended = once(child, "close");
  const at = await Promise.race([
    asked,
    ended.then(() => {
      throw new Error(`${args.join(" ")} ended without a request`);
    }),
  ]);
  child.kill();
  await ended;
  return at - start;
}

/** The best of several rounds: whatever else the machine does can only add time. */
async function best(measure: () => Promise<number>): Promise<number> {
  let ms = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) ms = Math.min(ms, await measure());
  return ms;
}

async function withServer<T>(work: (server: Server, url: string) => Promise<T>): Promise<T> {
  const server = createServer((_, response) => void response.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await work(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** How soon a command does its actual work. The first round of each fills the compile cache. */
export const STARTUP_BENCHMARKS: readonly Benchmark[] = [
  {
    name: "drydock --version",
    aim: { text: "<= 60 ms", met: (value) => value <= 60 },
    measure: async () => ({
      value: await best(() => wholeMs([COMMAND, "--version"])),
      unit: "ms",
      baseline: { name: "a bare node process", value: await best(() => wholeMs(["-e", "0"])) },
    }),
  },
  {
    name: "certify: start to first request",
    aim: { text: "<= 250 ms", met: (value) => value <= 250 },
    measure: () =>
      withServer(async (server, url) => ({
        value: await best(() => firstRequestMs(server, [COMMAND, "certify", url])),
        unit: "ms",
        baseline: {
          name: "a process with one request",
          value: await best(() => firstRequestMs(server, ["-e", ONE_REQUEST, url])),
        },
      })),
  },
];
