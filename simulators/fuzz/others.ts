import type { Scenario } from "../dns/parity/recording.ts";
import { readScenarios } from "../parity/recording.ts";
import { createControl } from "../control/api.ts";
import { type DataServices } from "../dataservices/index.ts";
import { AGENT, rig } from "../dataservices/testing.ts";
import type { Dns } from "../dns/index.ts";
import { createTestConsul } from "../dns/testing.ts";
import { basicHeader, type Kernel } from "../kernel/index.ts";
import { Pool } from "./pool.ts";
import type { Sample, Target } from "./target.ts";

/** An agent of Consul with a few services, keys and sessions. */
export function consulTarget(
  seed: number | string,
  recordings: string,
): { readonly target: Target; readonly dns: Dns } {
  const { kernel, dns, http } = createTestConsul({ config: { acl: {} } }, seed);
  kernel.advanceTo(kernel.nowMs + 1000);
  http("PUT", "/v1/agent/service/register", { Name: "web", Port: 80, Tags: ["a"], Check: { TTL: "60s" } });
  http("PUT", "/v1/kv/a/b", "value");
  http("PUT", "/v1/session/create", { Name: "lock" });
  http("POST", "/v1/query", { Name: "q", Service: { Service: "web" } });
  const pool = new Pool();
  for (const [word, name] of [
    ["node", "consul-0"],
    ["service", "web"],
    ["kv", "a/b"],
    ["query", "q"],
  ] as const)
    pool.add(word, name);
  const target: Target = {
    name: "consul",
    kernel,
    service: dns.http,
    samples: consulSamples(recordings),
    pool,
    variables: new Map(),
    origin: "http://127.0.0.1:8500",
    caller: () => ({}),
    realFailures: [
      {
        fits: (_request, { body }) => typeof body === "string" && body !== "",
        source: "recorded from Consul: errors of its stores are 500 with a text",
      },
      {
        fits: ({ query }) => /%(?![0-9a-fA-F]{2})/.test(query),
        isEmpty: true,
        source: "recorded from Consul: a query that can't be decoded",
      },
      {
        fits: (_request, { body }) => body !== undefined && body.length > 0,
        source: "the same, compressed",
      },
    ],
    reachMin: 0.4,
  };
  return { target, dns };
}

function consulSamples(recordings: string): readonly Sample[] {
  return readScenarios<Scenario>(recordings).flatMap(({ steps }) =>
    steps.flatMap((step): Sample[] =>
      "http" in step
        ? [{ method: step.http.method, path: step.http.path, headers: step.http.headers ?? {}, body: step.http.body }]
        : [],
    ),
  );
}

/** The agent next to a data service. */
export function agentTarget(seed: number): { readonly target: Target; readonly services: DataServices } {
  const { kernel, services, boot } = rig(seed);
  boot("10.0.0.5", "web");
  const authorization = basicHeader(AGENT.username, AGENT.password);
  const json = { "content-type": "application/json" };
  const target: Target = {
    name: "dataservice-agent",
    kernel,
    service: services.agent,
    samples: [
      { method: "PUT", path: "/v1/credentials/ann", headers: json, body: { password: "pw", admin: false } },
      { method: "POST", path: "/v1/dumps", headers: json, body: {} },
      { method: "POST", path: "/v1/restores", headers: json, body: "not a dump" },
    ],
    pool: new Pool(),
    variables: new Map([[":username", "ann"]]),
    origin: `http://10.0.0.5:${AGENT.port}`,
    caller: (random) => (random.chance(0.95) ? { authorization } : {}),
    realFailures: [],
    reachMin: 0.5,
  };
  return { target, services };
}

/** The control API. */
export function controlTarget(kernel: Kernel, findBrokenLaws: () => readonly string[]): Target {
  const rule = { point: "dns:answer", count: 1, effect: { kind: "delay", delayMs: 5 } };
  const token = "fuzz";
  const access = { authorization: `Bearer ${token}`, host: "127.0.0.1:7701" };
  const json = { ...access, "content-type": "application/json" };
  return {
    name: "control",
    kernel,
    service: createControl({ kernel, findBrokenLaws }, { token, hosts: ["127.0.0.1:7701"] }),
    samples: [{ method: "POST", path: "/_drydock/faults", headers: json, body: rule }],
    pool: new Pool(),
    variables: new Map([[":id", "1"]]),
    origin: "http://127.0.0.1:7701",
    caller: () => access,
    realFailures: [],
    reachMin: 0.3,
  };
}
