import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { encode } from "dns-packet";
import { createSocket } from "node:dgram";
import { Random } from "../simulators/kernel/index.ts";
import { type Benchmark, bestRateAsync } from "./bench.ts";
import { benchNode } from "./dns-names.ts";

/*
 * Answers over UDP, from a server in a separate process: dnsperf asks if it is installed, otherwise a client in this process. The baseline is what any
 * server in this language does at least, a datagram for a datagram, measured in turns.
 */

const RESPONDER = fileURLToPath(new URL("dns-responder.ts", import.meta.url));
const HOST = "127.0.0.1";
const SECONDS = 4;
const TURNS = 3;
const QUESTIONS_MAX = 400_000;
const IN_FLIGHT = 100;
const HAS_DNSPERF = spawnSync("dnsperf", ["-h"]).error === undefined;

interface Responder {
  readonly port: number;
  /** Bytes of its heap per name. */
  readonly bytes: number;
  readonly child: ChildProcess;
}

async function startResponder(kind: "bare" | "consul", names: number): Promise<Responder> {
  const args = ["--expose-gc", "--max-old-space-size=6000", RESPONDER, kind, String(names)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [port = "0", bytes = "0"] = line.split(" ");
    return { port: Number(port), bytes: Number(bytes), child };
  }
  throw new Error(`the responder ${kind} ended`);
}

const questionsOf = (names: number): readonly string[] => {
  const random = Random.fork("bench", "dns");
  const count = Math.min(names, QUESTIONS_MAX);
  return Array.from({ length: count }, () => `${benchNode(random.int(0, names - 1))}.node.dc1.consul`);
};

/** Answers per second that dnsperf gets. */
async function askWithDnsperf(port: number, file: string): Promise<number> {
  const args = ["-s", HOST, "-p", String(port), "-d", file, "-l", String(SECONDS), "-q", String(IN_FLIGHT)];
  const child = spawn("dnsperf", args, { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  await once(child, "close");
  return Number(/Queries per second:\s+([\d.]+)/.exec(text)?.[1] ?? 0);
}

/** The same with our own client, which takes its share of the processor. */
function askFromHere(port: number, names: readonly string[]): Promise<number> {
  const messages = names
    .slice(0, 10_000)
    .map((name) => encode({ type: "query", id: 1, flags: 0x0100, questions: [{ type: "A", class: "IN", name }] }));
  return bestRateAsync(messages.length, async () => {
    const client = createSocket("udp4");
    let [sent, received] = [0, 0];
    const next = (): void => {
      const message = messages[sent++];
      if (message !== undefined) client.send(message, port, HOST);
    };
    const done = new Promise<void>((resolve) => {
      client.on("message", () => (++received === messages.length ? resolve() : next()));
    });
    for (let each = 0; each < IN_FLIGHT; each++) next();
    await done;
    client.close();
  });
}

const bestOf = (rates: readonly number[]): number => Math.max(...rates);

function answers(names: number, aim: number): Benchmark {
  return {
    name: `DNS answers over UDP, ${new Intl.NumberFormat("en").format(names)} names`,
    aim: { text: `>= ${aim} of bare`, met: (_value, ratio) => ratio >= aim },
    measure: async () => {
      const directory = mkdtempSync(join(tmpdir(), "drydock-bench-"));
      const file = join(directory, "questions");
      const questions = questionsOf(names);
      writeFileSync(file, questions.map((name) => `${name} A\n`).join(""));
      const [bare, ours] = [await startResponder("bare", 0), await startResponder("consul", names)];
      const ask = ({ port }: Responder): Promise<number> =>
        HAS_DNSPERF ? askWithDnsperf(port, file) : askFromHere(port, questions);
      const rates: { readonly bare: number[]; readonly ours: number[] } = { bare: [], ours: [] };
      try {
        for (let turn = 0; turn < TURNS; turn++) {
          rates.bare.push(await ask(bare));
          rates.ours.push(await ask(ours));
        }
      } finally {
        for (const { child } of [bare, ours]) child.kill("SIGKILL");
        rmSync(directory, { recursive: true });
      }
      process.stderr.write(
        `${ours.bytes} bytes of heap a record${HAS_DNSPERF ? "" : "; no dnsperf on this machine"}\n`,
      );
      const baseline = { name: "a bare dgram socket", value: bestOf(rates.bare) };
      return { value: bestOf(rates.ours), unit: "answers/s", baseline };
    },
  };
}

export const DNS_BENCHMARKS: readonly Benchmark[] = [answers(10_000, 0.85), answers(1_000_000, 0.75)];
