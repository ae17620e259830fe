import { type ChildProcess, spawn } from "node:child_process";
import { Agent, request } from "node:http";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./bench.ts";

const CLIENTS = 8;
const REQUESTS = 6000;

interface Serving {
  readonly bareUrl: string;
  readonly url: string;
  readonly token: string;
  readonly body: string;
  readonly ids: readonly string[];
  readonly middle: string;
}

/** The serving process. Only its own CPU time is counted, not the client's. */
class Served {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  readonly serving: Serving;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, serving: Serving) {
    this.#child = child;
    this.#lines = lines;
    this.serving = serving;
  }

  static async start(servers: number): Promise<Served> {
    const file = fileURLToPath(new URL("openstack-server.ts", import.meta.url));
    const child = spawn(process.execPath, ["--max-old-space-size=4096", file, String(servers)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (child.stdout === null) throw new Error("no output");
    const reader: Interface = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new Served(child, lines, JSON.parse(String(value)));
  }

  async #cpuUs(): Promise<number> {
    this.#child.stdin?.write("\n");
    return Number((await this.#lines.next()).value);
  }

  #send(url: string, method: string, body: string): Promise<void> {
    const { token } = this.serving;
    const headers = { "x-auth-token": token, ...(body !== "" && { "content-type": "application/json" }) };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, agent: this.#agent, headers }, (response) => {
        if ((response.statusCode ?? 500) >= 300) reject(new Error(`${url}: ${response.statusCode}`));
        response.resume().once("end", resolve);
      });
      sent.once("error", reject);
      sent.end(body);
    });
  }

  async #run(count: number, url: (at: number) => string, method: string, body: string): Promise<void> {
    let at = 0;
    const client = async (): Promise<void> => {
      while (at < count) await this.#send(url(at++), method, body);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  /** CPU time that the server takes for one request, in µs; the least of three rounds. */
  async costUs(url: (at: number) => string, method = "GET", body = "", count = REQUESTS): Promise<number> {
    await this.#run(count / 10, url, method, body);
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const before = await this.#cpuUs();
      await this.#run(count, url, method, body);
      best = Math.min(best, ((await this.#cpuUs()) - before) / count);
    }
    return best;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
    this.#child.kill();
  }
}

/** Requests per second that the server could answer, given the CPU time of each, compared with a bare `node:http` in the same process. */
const beside = (name: string, aim: number, method: "GET" | "POST"): Benchmark => ({
  name,
  aim: { text: `>= ${aim} of bare node:http`, met: (_value, ratio) => ratio >= aim },
  measure: async () => {
    using served = await Served.start(1000);
    const { bareUrl, url, ids, body } = served.serving;
    const text = method === "POST" ? body : "";
    const bare = await served.costUs(() => bareUrl, method, text);
    const path = (at: number): string =>
      method === "POST" ? `${url}/v2.1/servers` : `${url}/v2.1/servers/${ids[at % ids.length]}`;
    const own = await served.costUs(path, method, text);
    return { value: 1e6 / own, unit: "requests/s", baseline: { name: "bare node:http", value: 1e6 / bare } };
  },
});

/** A page of 20 among 100,000 servers, compared with the same page among 1,000. */
const page = (name: string, query: (serving: Serving) => string): Benchmark => ({
  name,
  aim: { text: "<= 1.2 of that among 1,000", met: (_value, ratio) => ratio <= 1.2 },
  measure: async () => {
    const cost = async (servers: number): Promise<number> => {
      using served = await Served.start(servers);
      const url = `${served.serving.url}/v2.1/servers/detail?limit=20${query(served.serving)}`;
      return await served.costUs(() => url, "GET", "", 300);
    };
    return {
      value: await cost(100_000),
      unit: "µs",
      baseline: { name: "the same among 1,000 servers", value: await cost(1000) },
    };
  },
});

export const OPENSTACK_BENCHMARKS: readonly Benchmark[] = [
  beside("GET server over HTTP, its own process", 0.65, "GET"),
  beside("POST server over HTTP, its own process", 0.4, "POST"),
  page("20 of 100,000 servers over HTTP", () => ""),
  page("20 of 100,000 servers after a marker", ({ middle }) => `&marker=${middle}`),
];
