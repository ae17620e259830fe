import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Broker, createBroker } from "./broker.ts";
import { embeddedPool } from "./store/embedded.ts";
import { FakeHost, TEST_CONFIG } from "./testing.ts";

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
const PLATFORM = { authorization: basic("platform", "platform-secret"), "x-broker-api-version": "2.17" };
const IDS = { service_id: "5d3b1c10-0000-4000-8000-000000000000", plan_id: "5d3b1c10-0000-4000-8000-000000000000" };
const ORDER = { ...IDS, organization_guid: "o", space_guid: "s" };
const PATH = "/v2/service_instances/a";
const ASYNC = "?accepts_incomplete=true";

interface Request {
  readonly method?: "GET" | "PUT" | "PATCH" | "DELETE" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
}

describe("the routes of a control plane", () => {
  let broker: Broker;
  const reported: unknown[] = [];

  /** Its backends never answer, so every operation stays in progress. */
  const start = async (): Promise<Broker> => {
    const host = new FakeHost(() => new Promise(() => {}));
    return createBroker(TEST_CONFIG, host, { pool: embeddedPool(), report: (error) => reported.push(error) });
  };

  beforeEach(async () => {
    broker = await start();
  });

  afterEach(async () => {
    await broker.stop();
    expect(reported).toEqual([]);
  });

  const ask = async ({ method = "GET", url, headers = PLATFORM, body, text }: Request) => {
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const typed = payload === undefined ? headers : { "content-type": "application/json", ...headers };
    const reply = await broker.app.inject({ method, url, headers: typed, ...(payload !== undefined && { payload }) });
    return { status: reply.statusCode, headers: reply.headers, json: reply.json<Readonly<Record<string, unknown>>>() };
  };
  const statuses = async (...requests: readonly Request[]): Promise<readonly number[]> => {
    const all: number[] = [];
    for (const request of requests) all.push((await ask(request)).status);
    return all;
  };

  it.each([
    [undefined],
    ["Basic"],
    [basic("platform", "")],
    [basic("platform", "wrong")],
    [basic("", "platform-secret")],
    [basic("operator", "operator-secret")],
    ["Bearer platform-secret"],
  ])("are closed to %s", async (authorization) => {
    const headers = { "x-broker-api-version": "2.17", ...(authorization !== undefined && { authorization }) };
    for (const url of ["/v2/catalog", PATH, `${PATH}/extensions/backup/backups`, "/nowhere"]) {
      const { status, headers: answered } = await ask({ url, headers });
      expect([status, answered["www-authenticate"]]).toEqual([401, 'Basic realm="service broker"']);
    }
  });

  it("show the records only to operators, and no secrets", async () => {
    await ask({ method: "PUT", url: `${PATH}${ASYNC}`, body: ORDER });
    const operator = { authorization: basic("operator", "operator-secret") };
    const { json } = await ask({ url: "/instances", headers: operator });
    expect(json.instances).toMatchObject([{ id: "a", state: "creating", operation: "provision" }]);
    expect(JSON.stringify(json)).not.toContain("secret");
    const ways = ["/instances", "/instances?a=/v2/", "/%69nstances", "/instance%73?x"];
    expect(await statuses(...ways.map((url) => ({ url })))).toEqual([401, 401, 401, 401]);
  });

  it("give each answer the identity of its request", async () => {
    const identity = { "x-broker-api-request-identity": "e1b8" };
    for (const headers of [{ ...PLATFORM, ...identity }, identity])
      for (const url of ["/v2/catalog", "/nowhere", PATH]) {
        const { headers: answered } = await ask({ url, headers });
        expect(answered["x-broker-api-request-identity"]).toBe("e1b8");
      }
  });

  it("send the catalog only once to a client that keeps it", async () => {
    const first = await ask({ url: "/v2/catalog" });
    expect([first.status, first.headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    const headers = { ...PLATFORM, "if-none-match": `"other", ${String(first.headers.etag)}` };
    const again = await broker.app.inject({ url: "/v2/catalog", headers });
    expect([again.statusCode, again.payload]).toEqual([304, ""]);
  });

  it("limit what they read", async () => {
    const order = { method: "PUT", url: `${PATH}${ASYNC}` } as const;
    expect(
      await statuses(
        { ...order, text: '{"service_id":' },
        { ...order, text: "[]" },
        { ...order, text: "" },
        { ...order, text: JSON.stringify({ ...ORDER, context: { long: "x".repeat(1024 * 1024) } }) },
        { ...order, text: "a=b", headers: { ...PLATFORM, "content-type": "text/plain" } },
        { ...order, url: "/v2/service_instances/..%2f..%2fa" },
      ),
    ).toEqual([400, 400, 400, 413, 400, 400]);
  });

  it("accept a repeated order, but no other under its name", async () => {
    const order = { method: "PUT", url: `${PATH}${ASYNC}` } as const;
    const first = await ask({ ...order, body: ORDER });
    const again = await ask({ ...order, body: { ...ORDER, vendor: 1, context: { vendor: 2 } } });
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.json.operation).toBe(first.json.operation);
    const others = [{ space_guid: "another" }, { parameters: { max_connections: 20 } }, { context: { platform: "k" } }];
    const requests = others.map((other) => ({ ...order, body: { ...ORDER, ...other } }));
    expect(await statuses(...requests)).toEqual([409, 409, 409]);
  });

  it("open one operation for equal orders that come at once", async () => {
    const order = { method: "PUT", url: `${PATH}${ASYNC}`, body: ORDER } as const;
    const answers = await Promise.all([ask(order), ask(order), ask(order)]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(new Set(answers.map(({ json }) => json.operation)).size).toBe(1);
  });

  it("tell a platform to poll, and only about its own operations", async () => {
    const first = await ask({ method: "PUT", url: `${PATH}${ASYNC}`, body: ORDER });
    await ask({ method: "PUT", url: `/v2/service_instances/b${ASYNC}`, body: ORDER });
    const poll = await ask({ url: `${PATH}/last_operation?operation=${String(first.json.operation)}` });
    expect([poll.status, poll.json, poll.headers["retry-after"]]).toEqual([200, { state: "in progress" }, "10"]);
    expect(
      await statuses(
        { url: `/v2/service_instances/b/last_operation?operation=${String(first.json.operation)}` },
        { url: `${PATH}/last_operation?operation=none` },
        { url: `${PATH}/last_operation?plan_id=none` },
        { url: "/v2/service_instances/none/last_operation" },
      ),
    ).toEqual([400, 400, 400, 404]);
  });

  it("accept nothing but a deletion for an instance that is being created", async () => {
    await ask({ method: "PUT", url: `${PATH}${ASYNC}`, body: ORDER });
    const query = `?${String(new URLSearchParams({ ...IDS, accepts_incomplete: "true" }))}`;
    expect(
      await statuses(
        { url: PATH },
        { method: "PATCH", url: `${PATH}${ASYNC}`, body: { ...IDS, parameters: { max_connections: 20 } } },
        { method: "PUT", url: `${PATH}/service_bindings/b${ASYNC}`, body: IDS },
        { method: "POST", url: `${PATH}/extensions/backup/backups` },
        { method: "DELETE", url: `${PATH}${query}` },
        { method: "PUT", url: `${PATH}${ASYNC}`, body: ORDER },
      ),
    ).toEqual([404, 422, 422, 409, 202, 422]);
  });

  it("never do at once what takes time", async () => {
    const query = `?${String(new URLSearchParams(IDS))}`;
    const { status, json } = await ask({ method: "PUT", url: PATH, body: ORDER });
    expect([status, json.error]).toEqual([422, "AsyncRequired"]);
    expect(await statuses({ method: "DELETE", url: `${PATH}${query}` })).toEqual([410]);
  });
});
