import { startPostgres } from "../broker/store/testing.ts";
import { bootCloud, type Cloud } from "../scenarios/cloud/cloud.ts";
import {
  ControlPlaneProcess,
  type ControlPlaneClient,
  controlPlaneClient,
  controlPlaneEnvironment,
  SECRETS,
} from "../scenarios/control-plane/process.ts";
import type { Benchmark } from "./bench.ts";
import type { LoadOrder, LoadResult } from "./broker/load.ts";
import { sendLoad, startBare } from "./broker/processes.ts";

const RATE = 200;
const SECONDS = 5;
/** How many orders are carried out one after the other. */
const LIFECYCLES = 100;
/** Orders before that, which compile the code and fetch the tokens. */
const WARM_LIFECYCLES = 10;
const WARM = 200;
const PORT = 3000;
const BARE_PORT = 39_417;
const IDS = { service_id: "5d3b1c10-0000-4000-8000-000000000000", plan_id: "5d3b1c10-0000-4000-8000-000000000000" };
const ORDER = { ...IDS, organization_guid: "o", space_guid: "s" };
const POLL_MS = 5;

/** The measurements of a broker. */
interface BrokerFigures {
  readonly accepted: LoadResult;
  readonly bare: LoadResult;
  /** Time from accepted to succeeded, in ms, of orders placed one by one; sorted. */
  readonly finishedMs: readonly number[];
}

const authorization = `Basic ${Buffer.from(`platform:${SECRETS.platform}`).toString("base64")}`;

const provisions = (origin: string, first: number, count: number): LoadOrder => ({
  origin,
  method: "PUT",
  path: "/v2/service_instances/bench-{i}?accepts_incomplete=true",
  headers: { authorization, "x-broker-api-version": "2.17", "content-type": "application/json" },
  body: JSON.stringify(ORDER),
  rate: RATE,
  first,
  count,
});

/** The time from the answer that accepts an order to the one that reports its success. */
async function finishMs(ask: ControlPlaneClient, id: string): Promise<number> {
  const path = `/v2/service_instances/${id}`;
  await ask("PUT", `${path}?accepts_incomplete=true`, ORDER);
  const begin = performance.now();
  for (;;) {
    const { json } = await ask("GET", `${path}/last_operation`);
    if (json.state === "succeeded") return performance.now() - begin;
    if (json.state === "failed") throw new Error(`${id} failed`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function measureIn(cloud: Cloud, databaseUrl: string): Promise<BrokerFigures> {
  const address = `${cloud.world.plan.block}.0.9:${PORT}`;
  const environment = { ...controlPlaneEnvironment(cloud, address, databaseUrl), BROKER_PACE: "0.001" };
  const broker = new ControlPlaneProcess(environment);
  const bare = await startBare(databaseUrl, BARE_PORT);
  try {
    await broker.awaitEvent("started");
    const ask = controlPlaneClient(address);
    const finishedMs: number[] = [];
    for (let at = 0; at < WARM_LIFECYCLES; at++) await finishMs(ask, `warm-${at}`);
    for (let at = 0; at < LIFECYCLES; at++) finishedMs.push(await finishMs(ask, `one-${at}`));
    const rows = { ...provisions(`http://127.0.0.1:${BARE_PORT}`, 0, WARM), path: "/rows/{i}" };
    await sendLoad(rows);
    const ofBare = await sendLoad({ ...rows, first: WARM, count: RATE * SECONDS });
    await sendLoad(provisions(`http://${address}`, 0, WARM / 4));
    const accepted = await sendLoad(provisions(`http://${address}`, WARM, RATE * SECONDS));
    return { accepted, bare: ofBare, finishedMs: finishedMs.toSorted((a, b) => a - b) };
  } finally {
    bare.kill();
    await broker.kill("SIGKILL");
  }
}

let figures: Promise<BrokerFigures> | undefined;

/** All figures, measured once: a broker as a process on PostgreSQL, a fake cloud whose work takes no time, load from a separate process. */
async function measureBroker(): Promise<BrokerFigures> {
  const postgres = await startPostgres("tcp");
  if ("reason" in postgres) throw new Error(postgres.reason);
  const cloud = await bootCloud({ services: [], pace: "instant" });
  try {
    return await measureIn(cloud, postgres.url);
  } finally {
    await cloud.close();
    await postgres.stop();
  }
}

const measureOnce = (): Promise<BrokerFigures> => (figures ??= measureBroker());

export const BROKER_BENCHMARKS: readonly Benchmark[] = [
  {
    name: "broker: provision accepted, p99 at 200/s",
    aim: { text: "<= 5 ms", met: (value) => value <= 5 },
    measure: async () => {
      const { accepted, bare } = await measureOnce();
      const { 202: good = 0 } = accepted.statuses;
      if (good !== RATE * SECONDS)
        throw new Error(`not all requests were accepted: ${JSON.stringify(accepted.statuses)}`);
      console.log(JSON.stringify({ accepted, bare }));
      return { value: accepted.p99, unit: "ms", baseline: { name: "a bare route that writes a row", value: bare.p99 } };
    },
  },
  {
    name: "broker: accepted to succeeded, p99",
    aim: { text: "<= 300 ms", met: (value) => value <= 300 },
    measure: async () => {
      const { finishedMs, bare } = await measureOnce();
      return {
        value: finishedMs[Math.floor(finishedMs.length * 0.99)] ?? Number.NaN,
        unit: "ms",
        baseline: { name: "a bare route that writes a row", value: bare.p50 },
      };
    },
  },
];
