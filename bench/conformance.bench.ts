import { certify, osbSuite } from "../conformance/index.ts";

import { referenceBackend } from "../scenarios/cloud/backend.ts";
import { bootCloud } from "../scenarios/cloud/cloud.ts";
import type { Benchmark } from "./bench.ts";
import { EVERYTHING } from "../conformance/osb/field/broker/answers.ts";
import type { Behaviour } from "../conformance/osb/field/broker/behaviour.ts";
import { createFieldBroker, LOGIN } from "../conformance/osb/field/broker/broker.ts";
import { catalogWith, RETRIEVABLE } from "../conformance/osb/field/broker/catalog.ts";
import { createMemoryBroker } from "../conformance/osb/memory-broker/broker.ts";
import { asFetch, asTransport } from "../conformance/osb/memory-broker/http.ts";
import { eventClock } from "../conformance/selftest/event-clock.ts";

const CATALOGS = 1_000;

const secondsOf = async (work: () => Promise<void>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** The whole suite on the synchronous in-memory broker; the baseline is the cost of the broker's answers alone. */
async function onMemoryBroker(): Promise<number> {
  const broker = createMemoryBroker();
  const login = { username: "drydock", password: "conformance" };
  return secondsOf(async () => {
    const { exitCode } = await certify({
      url: "http://127.0.0.1:1",
      ...login,
      suites: [osbSuite],
      profile: "osb-2.17",
      fetch: asFetch(broker.handle),
      backend: broker.backend,
    });
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
  });
}

async function catalogs(): Promise<number> {
  const fetch = asFetch(createMemoryBroker().handle);
  const headers = {
    authorization: `Basic ${Buffer.from("drydock:conformance").toString("base64")}`,
    "x-broker-api-version": "2.17",
  };
  return secondsOf(async () => {
    for (let each = 0; each < CATALOGS; each++)
      await (await fetch("http://127.0.0.1:1/v2/catalog", { headers })).text();
  });
}

/** The whole suite over TCP on the reference broker, which deploys every instance. */
async function onReferenceBroker(): Promise<number> {
  const cloud = await bootCloud({ seed: 1, pace: "instant", services: ["postgresql"] });
  try {
    const [broker] = cloud.description.brokers;
    if (broker === undefined) throw new Error("there is no broker");
    const { url, username, password } = broker;
    return await secondsOf(async () => {
      const target = { url, username, password, backend: referenceBackend(cloud.world, "postgresql") };
      const { exitCode } = await certify({ ...target, suites: [osbSuite], profile: "osb-2.17" });
      if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
    });
  } finally {
    await cloud.close();
  }
}

const OPERATION_MS = 1_000;

/** The whole suite on an asynchronous in-memory broker, in virtual time: how long it takes, as a multiple of one operation. */
async function operationLengths(): Promise<number> {
  const clock = eventClock();
  const time = { operationMs: OPERATION_MS, nowMs: () => clock.nowMs() };
  const { handle } = createMemoryBroker({ mode: "async", time });
  const login = { username: "drydock", password: "conformance" };
  const target = { url: "http://127.0.0.1:1", ...login, transport: asTransport(handle), clock };
  const { exitCode } = await certify({ ...target, suites: [osbSuite], profile: "osb-2.17" });
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
  return clock.nowMs() / OPERATION_MS;
}

const OPERATION_MS_MAX = 30_000;

/** The whole suite on a broker whose operations never end, in virtual time: how long it takes, as a multiple of the longest wait for one. */
async function operationLimits(): Promise<number> {
  const clock = eventClock();
  const behaviour: Behaviour = { catalog: catalogWith(RETRIEVABLE), asynchronous: EVERYTHING, takes: "for ever" };
  const transport = asTransport(createFieldBroker(behaviour, () => clock.nowMs()));
  const target = { url: "http://127.0.0.1:1", ...LOGIN, transport, clock };
  await certify({ ...target, suites: [osbSuite], profile: "osb-2.17", limits: { operationMsMax: OPERATION_MS_MAX } });
  return clock.nowMs() / OPERATION_MS_MAX;
}

const baseline = async () => ({ name: `${CATALOGS} catalogs of the in-memory broker`, value: await catalogs() });

export const CONFORMANCE_BENCHMARKS: readonly Benchmark[] = [
  {
    name: "OSB suite on an asynchronous broker",
    aim: { text: "<= 15 operation lengths", met: (value) => value <= 15 },
    measure: async () => ({
      value: await operationLengths(),
      unit: "lengths",
      baseline: { name: "one operation", value: 1 },
    }),
  },
  {
    name: "OSB suite on a broker whose operations never end",
    aim: { text: "<= 2 operation limits and 60 s", met: (value) => value <= 2 + 60_000 / OPERATION_MS_MAX },
    measure: async () => ({
      value: await operationLimits(),
      unit: "limits",
      baseline: { name: `--max-operation ${OPERATION_MS_MAX / 1000}`, value: 1 },
    }),
  },
  {
    name: "OSB suite on the in-memory broker",
    aim: { text: "<= 3 s", met: (value) => value <= 3 },
    measure: async () => ({ value: await onMemoryBroker(), unit: "s", baseline: await baseline() }),
  },
  {
    name: "OSB suite on the reference broker",
    aim: { text: "<= 15 s", met: (value) => value <= 15 },
    measure: async () => ({ value: await onReferenceBroker(), unit: "s", baseline: await baseline() }),
  },
];
