import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WallDriver, wallNowMs } from "../simulators/kernel/edge/drive.ts";
import { serve } from "../simulators/kernel/edge/serve.ts";
import { type Benchmark, bestRate, bestRateAsync, liveBytes } from "./bench.ts";
import { vmCloud } from "./vm-cloud.ts";

const VMS = 5_000;
const HTTP_VMS = 1_000;
const CLIENTS = 16;

/** The time from the request to ACTIVE. */
function createVms(count: number): void {
  const cloud = vmCloud();
  for (let each = 0; each < count; each++) cloud.create();
  cloud.settle();
}

/** The least that any HTTP API costs: reading a request and writing an answer of that size. */
function parseAndWrite(count: number): void {
  const { serverBody } = vmCloud();
  const kept: object[] = [];
  for (let each = 0; each < count; each++) kept.push(JSON.parse(JSON.stringify(JSON.parse(serverBody))));
}

const inProcess: Benchmark = {
  name: "VM creations in process",
  aim: { text: ">= 10,000/s", met: (value) => value >= 10_000 },
  measure: async () => ({
    value: bestRate(VMS, () => createVms(VMS), 3, 0),
    unit: "VMs/s",
    baseline: { name: "JSON of the request, twice", value: bestRate(VMS, () => parseAndWrite(VMS), 3, 0) },
  }),
};

/** Sends `count` requests from several concurrent clients. */
async function send(count: number, url: string, init: RequestInit): Promise<void> {
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await fetch(url, init);
      if (response.status >= 300) throw new Error(`${url}: ${response.status}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** Requests a second that a bare server of node:http answers. */
async function bareHttp(count: number, init: RequestInit = {}): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end("hello"));
  });
  server.keepAliveTimeout = 75_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    return await bestRateAsync(count, () => send(count, url, init));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Requests a second of one route of Nova over TCP. */
async function novaHttp(count: number, path: string, init: RequestInit): Promise<number> {
  const cloud = vmCloud(wallNowMs());
  const served = await serve(cloud.openstack.services.nova, new WallDriver(cloud.kernel), {
    host: "127.0.0.1",
    port: 0,
  });
  const login = { "X-Auth-Token": cloud.token, "Content-Type": "application/json" };
  const body = init.method === "POST" ? { body: cloud.serverBody } : {};
  try {
    return await bestRateAsync(count, () => send(count, `${served.url}${path}`, { ...init, ...body, headers: login }));
  } finally {
    await served.close();
  }
}

const overHttp: Benchmark = {
  name: "VM creations over HTTP",
  measure: async () => ({
    value: await novaHttp(HTTP_VMS, "/v2.1/servers", { method: "POST" }),
    unit: "VMs/s",
    baseline: {
      name: "POST to a bare node:http",
      value: await bareHttp(HTTP_VMS, { method: "POST", body: vmCloud().serverBody }),
    },
  }),
};

const GETS = 4_000;
const get: Benchmark = {
  name: "GET of a simulator over HTTP",
  measure: async () => ({
    value: await novaHttp(GETS, "/v2.1/flavors", {}),
    unit: "requests/s",
    baseline: { name: "GET of a bare node:http", value: await bareHttp(GETS) },
  }),
};

/** Bytes of one idle VM of `count`, after boot. */
function idleVm(count: number): Benchmark {
  return {
    name: `memory of an idle VM at ${count.toLocaleString("en")}`,
    aim: { text: "<= 4 KiB", met: (value) => value <= 4096 },
    measure: async () => {
      const cloud = vmCloud();
      const before = liveBytes();
      for (let each = 0; each < count; each++) cloud.create();
      cloud.settle();
      const value = (liveBytes() - before) / count;
      const empty = liveBytes();
      const bare = Array.from({ length: count }, () => JSON.parse(cloud.serverBody) as object);
      const baseline = (liveBytes() - empty) / bare.length;
      if (cloud.openstack.state().nova.servers.size !== count) throw new Error("servers are missing");
      return { value, unit: "bytes", baseline: { name: "the request as an object", value: baseline } };
    },
  };
}

export const VM_BENCHMARKS: readonly Benchmark[] = [inProcess, overHttp, get, idleVm(10_000), idleVm(100_000)];
