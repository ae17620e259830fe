import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { generate } from "selfsigned";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Broker, createBroker } from "./broker.ts";
import { embeddedPool } from "./store/embedded.ts";
import type { StorePool } from "./store/pool.ts";
import type { InstanceRow } from "./store/schema.ts";
import { openStore, type Store } from "./store/store.ts";
import { FakeHost, TEST_CONFIG } from "./testing.ts";

const ID = "5d3b1c10-0000-4000-8000-000000000000";
const IDS = { service_id: ID, plan_id: ID };

const instance = (id: string): InstanceRow => ({
  id,
  plan_id: ID,
  deployment: `d-${id}`,
  state: "ready",
  owner: "",
  parameters: "{}",
  context: "{}",
  secrets: "",
  address: "",
  version: 1,
  created_ms: 1,
  maintenance: "",
});

const headersOf = ({ username, password }: typeof TEST_CONFIG.admin): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
  "x-broker-api-version": "2.17",
});
const OPERATOR = headersOf(TEST_CONFIG.admin);
const PLATFORM = headersOf(TEST_CONFIG.credentials);

describe("the operators' API", () => {
  let broker: Broker;
  let store: Store;
  let pool: StorePool;
  const reported: unknown[] = [];

  beforeEach(async () => {
    reported.length = 0;
    pool = embeddedPool();
    // Backends that never answer, so that what has begun stays in progress.
    const host = new FakeHost(() => new Promise(() => {}));
    broker = await createBroker(TEST_CONFIG, host, { pool, report: (error) => reported.push(error) });
    store = await openStore(pool, host);
    for (const id of ["a", "b", "c"]) await store.addInstance(instance(id));
  });
  afterEach(async () => {
    await broker.stop();
    expect(reported).toEqual([]);
  });

  type Method = "GET" | "HEAD" | "PUT" | "POST" | "DELETE" | "PATCH";
  const ask = async (method: Method, url: string, headers = OPERATOR, payload?: object) => {
    const reply = await broker.app.inject({ method, url, headers, ...(payload && { payload }) });
    return { status: reply.statusCode, text: reply.payload, type: String(reply.headers["content-type"]) };
  };
  const json = async (...request: Parameters<typeof ask>): Promise<Readonly<Record<string, unknown>>> => {
    const body: unknown = JSON.parse((await ask(...request)).text);
    return Object.fromEntries(Object.entries(body ?? {}));
  };

  it("is only for operators, and so are the metrics", async () => {
    for (const path of ["/operator/instances", "/operator/audit", "/metrics", "/instances"]) {
      expect((await ask("GET", path, PLATFORM)).status).toBe(401);
      expect((await ask("GET", path, {})).status).toBe(401);
      expect((await ask("GET", path)).status).toBe(200);
    }
    expect((await ask("GET", "/v2/catalog", OPERATOR)).status).toBe(401);
  });

  it("lists instances in pages that neither miss nor repeat any", async () => {
    const first = await json("GET", "/operator/instances?limit=2");
    expect(first.instances).toMatchObject([{ id: "a", state: "ready", quarantine: null }, { id: "b" }]);
    const second = await json("GET", `/operator/instances?limit=2&after=${String(first.next)}`);
    expect(second).toMatchObject({ instances: [{ id: "c" }], next: null });
    for (const limit of ["0", "1001", "x"])
      expect((await ask("GET", `/operator/instances?limit=${limit}`)).status).toBe(400);
  });

  it("logs who ordered what, newest first, with the originating identity, and without secrets", async () => {
    const identity = `cloudfoundry ${Buffer.from('{"user_id":"u-1"}').toString("base64")}`;
    const order = { ...IDS, organization_guid: "o", space_guid: "s", parameters: {} };
    const headers = { ...PLATFORM, "x-broker-api-originating-identity": identity };
    expect((await ask("PUT", "/v2/service_instances/n?accepts_incomplete=true", headers, order)).status).toBe(202);
    expect(
      (await ask("PUT", "/v2/service_instances/a/service_bindings/x?accepts_incomplete=true", PLATFORM, IDS)).status,
    ).toBe(202);
    const { audit, next } = await json("GET", "/operator/audit?limit=1");
    expect(audit).toMatchObject([{ actor: "platform", action: "bind", subject: "a/x" }]);
    const older = await json("GET", `/operator/audit?before=${String(next)}`);
    expect(older.audit).toMatchObject([
      { actor: "platform, cloudfoundry user u-1", action: "provision", subject: "n" },
    ]);
    expect(JSON.stringify([audit, older])).not.toMatch(/password|v1\./);
  });

  it("refuses every order but an unbind for an instance that is out of use, and gives the reason to operators only", async () => {
    const row = {
      id: "x",
      instance_id: "a",
      state: "ready",
      request: "",
      username: "u",
      password: "",
      created_ms: 1,
    } as const;
    await store.addBinding(row);
    await store.addQuarantine({ instance_id: "a", reason: "a secret investigation", since_ms: 7 });
    const query = String(new URLSearchParams({ ...IDS, accepts_incomplete: "true" }));
    const path = "/v2/service_instances/a";
    const answers = [
      await ask("PATCH", `${path}?${query}`, PLATFORM, { ...IDS, parameters: { max_connections: 20 } }),
      await ask("PUT", `${path}/service_bindings/y?${query}`, PLATFORM, IDS),
      await ask("DELETE", `${path}?${query}`, PLATFORM),
    ];
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422]);
    expect(JSON.stringify(answers)).not.toContain("investigation");
    expect(await store.openOperations()).toEqual([]);
    expect((await ask("DELETE", `${path}/service_bindings/x?${query}`, PLATFORM)).status).toBe(202);
    const [first] = (await json("GET", "/operator/instances")).instances as readonly object[];
    expect(first).toMatchObject({ quarantine: { reason: "a secret investigation" } });
    expect((await ask("PUT", "/operator/instances/a/quarantine", OPERATOR, {})).status).toBe(400);
    expect((await ask("PUT", "/operator/instances/nobody/quarantine", OPERATOR, { reason: "r" })).status).toBe(404);
  });

  it("counts requests by route, and operations", async () => {
    await ask("GET", "/v2/service_instances/nobody", PLATFORM);
    const { text, type } = await ask("GET", "/metrics");
    expect(type).toContain("text/plain; version=0.0.4");
    expect(text).toMatch(
      /broker_http_request_duration_seconds_count\{[^}]*route="\/v2\/service_instances\/:id"[^}]*status="404"[^}]*\} 1/,
    );
    expect(text).toContain("broker_operations_running 0");
    expect(text).toContain("broker_store_up 1");
    expect(text).not.toContain("nobody");
  });

  it("tells anybody whether it is alive and ready, and nothing more", async () => {
    expect(await ask("GET", "/health/live", {})).toMatchObject({ status: 200, text: '{"status":"live"}' });
    expect(await ask("GET", "/health/ready", {})).toMatchObject({ status: 200, text: '{"status":"ready"}' });
    pool.connect = () => Promise.reject(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
    expect((await ask("GET", "/health/live", {})).status).toBe(200);
    expect((await ask("GET", "/health/ready", {})).status).toBe(503);
    expect((await ask("GET", "/metrics")).text).toContain("broker_store_up 0");
  });

  it("answers HEAD wherever it answers GET", async () => {
    expect(await ask("HEAD", "/v2/catalog", PLATFORM)).toMatchObject({ status: 200, text: "" });
    expect((await ask("HEAD", "/v2/catalog", {})).status).toBe(401);
  });
});

describe("a broker with a certificate", () => {
  it("speaks TLS, but only in secure versions", async () => {
    const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }], { keyType: "ec" });
    const broker = await createBroker(TEST_CONFIG, new FakeHost(), { pool: embeddedPool(), tls: { cert, key } });
    await broker.app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = broker.app.server.address() as AddressInfo;
    const ask = async (options: object): Promise<number | undefined> => {
      const request = httpsRequest({
        host: "127.0.0.1",
        port,
        path: "/health/live",
        ca: cert,
        servername: "localhost",
        ...options,
      });
      request.end();
      const [response] = (await once(request, "response")) as [{ statusCode?: number; resume(): void }];
      response.resume();
      return response.statusCode;
    };
    expect(await ask({})).toBe(200);
    await expect(ask({ maxVersion: "TLSv1.1", minVersion: "TLSv1" })).rejects.toThrow(/version|protocol|alert/i);
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow("fetch failed");
    await broker.stop();
  });
});
