import { startServer } from "../cli/testing/run.ts";
import { bootCloud, type Cloud } from "../scenarios/cloud/cloud.ts";
import { conductLoad, type LoadOutcome } from "../scenarios/load/conduct.ts";
import { localWorker, processWorker } from "../scenarios/load/load-workers.ts";
import { environmentTransport } from "../scenarios/load/environment-transport.ts";
import type { LoadPlan } from "../scenarios/load/plan.ts";
import { basicHeader } from "../simulators/kernel/index.ts";
import type { Benchmark } from "./bench.ts";

const RATE = 50;
const SECONDS = 5;
const P99 = 99;

interface LoadFigures {
  readonly http: LoadOutcome;
  readonly inProcess: LoadOutcome;
  /** A server that does nothing, under the same load. */
  readonly bare: LoadOutcome;
}

async function planFor(url: string, headers: Readonly<Record<string, string>>): Promise<LoadPlan> {
  const answer = await fetch(`${url}/v2/catalog`, { headers });
  const { services } = (await answer.json()) as { services: { id: string; plans: { id: string }[] }[] };
  return {
    target: { url, headers, timeoutMs: 60_000 },
    model: { kind: "open", rate: RATE, spacing: "even" },
    forMs: SECONDS * 1000,
    mix: { provision: 1, bind: 4, unbind: 4, fetch: 1, deprovision: 1 },
    offer: { service_id: services[0]?.id ?? "s", plan_id: services[0]?.plans[0]?.id ?? "p" },
    instances: 30,
    pollMs: 50,
    operationMsMax: 120_000,
    inFlightMax: 1000,
    seed: 1,
    prefix: "10ad0001",
    keep: false,
  };
}

const NOBODY = { thresholds: [], signal: new AbortController().signal, say: () => {} };

async function measureIn(cloud: Cloud): Promise<LoadFigures> {
  const [broker] = cloud.description.brokers;
  if (broker === undefined) throw new Error("no broker");
  const authorization = basicHeader(broker.username, broker.password);
  const headers = { authorization, "x-broker-api-version": "2.17", "content-type": "application/json" };
  const plan = await planFor(broker.url, headers);
  const http = await conductLoad({ ...NOBODY, plan, workers: [await processWorker(plan)] });
  const own = { ...plan, prefix: "10ad0002" };
  const { world } = cloud;
  const transport = environmentTransport(world.environmentAt(world.plan.applications), broker.consulUrl, headers);
  const inProcess = await conductLoad({ ...NOBODY, plan: own, workers: [localWorker(own, transport)] });
  await using server = await startServer((_request, response) => response.end("{}"));
  const nothing = { ...plan, target: { ...plan.target, url: server.url }, prefix: "10ad0003" };
  const bare = await conductLoad({ ...NOBODY, plan: nothing, workers: [await processWorker(nothing)] });
  return { http, inProcess, bare };
}

let figures: Promise<LoadFigures> | undefined;

async function measure(): Promise<LoadFigures> {
  const cloud = await bootCloud({ services: ["postgresql"], pace: "instant" });
  try {
    return await measureIn(cloud);
  } finally {
    await cloud.close();
  }
}

/** The p99 from due to answer, in ms. Throws if a request failed or went unanswered. */
function p99Of(what: string, { tally, left }: LoadOutcome): number {
  const wrong = [...tally.operations].flatMap(([name, { errors }]) =>
    [...errors].map(([why, n]) => `${name}: ${why} ${n}`),
  );
  if (wrong.length > 0 || left.length > 0) throw new Error(`${what}: ${[...wrong, ...left].join(", ")}`);
  return tally.together("latency").at(P99) / 1000;
}

const benchmark = (name: string, which: "http" | "inProcess"): Benchmark => ({
  name,
  measure: async () => {
    const measured = await (figures ??= measure());
    const baseline = { name: "a server that does nothing", value: p99Of("bare", measured.bare) };
    return { value: p99Of(name, measured[which]), unit: "ms", baseline };
  },
});

/** The reference broker with its cloud in one process, the load open at 50 a second; latency counts from when a request was due. */
export const LOAD_BENCHMARKS: readonly Benchmark[] = [
  benchmark("load: due to answer, p99 at 50/s, HTTP", "http"),
  benchmark("load: due to answer, p99 at 50/s, in process", "inProcess"),
];
