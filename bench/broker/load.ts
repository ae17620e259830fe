/**
 * A process that sends requests at a fixed rate, whether or not the earlier ones have been answered, and prints how long they took as one line of JSON.
 *
 * Latency counts from the moment at which a request was due, so that a server that stands still is charged for those that it kept waiting; how late
 * this process itself was stands beside it.
 */
import { Agent, request } from "node:http";
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** The request to send. `{i}` in the path stands for its number. */
export interface LoadOrder {
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Requests per second. */
  readonly rate: number;
  readonly count: number;
  /** The number of the first request. */
  readonly first: number;
}

/** How long the requests took, in ms. */
export interface LoadResult {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** How late requests were sent. */
  readonly lateP99: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const SOCKETS_MAX = 64;
const US_PER_MS = 1000;

const percentile = (histogram: RecordableHistogram, at: number): number => histogram.percentile(at) / US_PER_MS;
const microseconds = (ms: number): number => Math.max(1, Math.round(ms * US_PER_MS));

/** Sends one request. Resolves to its status; 0 for one that was cut off. */
function send({ origin, method, path, headers, body }: LoadOrder, agent: Agent, number: number): Promise<number> {
  return new Promise((resolve) => {
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const url = `${origin}${path.replace("{i}", String(number))}`;
    const sent = request(url, { method, agent, headers: { ...headers, ...length } }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.once("error", () => resolve(0));
    sent.end(body);
  });
}

async function load(order: LoadOrder): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  const latencies = createHistogram();
  const lateness = createHistogram();
  const statuses: Record<string, number> = {};
  const begin = performance.now();
  const sent: Promise<void>[] = [];
  for (let at = 0; at < order.count; at++) {
    const due = begin + (at * 1000) / order.rate;
    const waitMs = due - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    lateness.record(microseconds(performance.now() - due));
    sent.push(
      send(order, agent, order.first + at).then((status) => {
        latencies.record(microseconds(performance.now() - due));
        statuses[status] = (statuses[status] ?? 0) + 1;
      }),
    );
  }
  await Promise.all(sent);
  agent.destroy();
  return {
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    max: latencies.max / US_PER_MS,
    lateP99: percentile(lateness, 99),
    statuses,
  };
}

const [, , text] = process.argv;
if (text !== undefined && import.meta.main) console.log(JSON.stringify(await load(JSON.parse(text) as LoadOrder)));
