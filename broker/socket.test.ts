import { connect, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, createBroker } from "./broker.ts";
import { embeddedPool } from "./store/embedded.ts";
import { FakeHost, TEST_CONFIG } from "./testing.ts";

const ID = "5d3b1c10-0000-4000-8000-000000000000";
const AUTHORIZATION = `Authorization: Basic ${Buffer.from("platform:platform-secret").toString("base64")}`;
const HEADERS = ["Host: broker", AUTHORIZATION, "X-Broker-API-Version: 2.17", "Connection: close"];
const PATH = "/v2/service_instances";
const ORDER = { service_id: ID, plan_id: ID, organization_guid: "o", space_guid: "s" };
const ANSWER_MS_MAX = 20_000;

const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const order = (member: string, json: string): string =>
  `{${JSON.stringify(ORDER).slice(1, -1)},${JSON.stringify(member)}:${json}}`;
const request = (line: string, headers: readonly string[] = [], body = ""): string =>
  [`${line} HTTP/1.1`, ...HEADERS, ...headers, "", body].join("\r\n");
const put = (body: string, headers: readonly string[] = ["Content-Type: application/json"]): string =>
  request(`PUT ${PATH}/a?accepts_incomplete=true`, [...headers, `Content-Length: ${Buffer.byteLength(body)}`], body);
const without = (text: string, header: string): string =>
  text
    .split("\r\n")
    .filter((line) => !line.startsWith(header))
    .join("\r\n");

describe("an unusual request", () => {
  let broker: Broker;
  const reported: unknown[] = [];

  beforeAll(async () => {
    const host = new FakeHost(() => new Promise(() => {}));
    broker = await createBroker(TEST_CONFIG, host, { pool: embeddedPool(), report: (error) => reported.push(error) });
    await broker.app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterAll(async () => {
    await broker.stop();
    expect(reported).toEqual([]);
  });

  /** The raw answer to raw bytes. */
  const send = (bytes: string): Promise<{ readonly status: number; readonly head: string; readonly body: string }> =>
    new Promise((resolve, reject) => {
      const { port } = broker.app.server.address() as AddressInfo;
      const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
      let answer = "";
      socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy(new Error(`no end of the answer: ${answer}`)));
      socket.on("data", (chunk: Buffer) => (answer += String(chunk)));
      socket.on("error", reject);
      socket.on("end", () => {
        const [head = "", body = ""] = answer.split("\r\n\r\n");
        resolve({ status: Number(head.split(" ")[1]), head, body });
        socket.destroy();
      });
    });

  const long = "a".repeat(101);
  const REQUESTS: readonly (readonly [string, string, number])[] = [
    ["a body nested too deep", put(order("context", deep(5_000))), 400],
    ["parameters nested too deep", put(order("parameters", deep(5_000))), 400],
    ["a member that nobody knows, nested too deep", put(order("vendor", deep(5_000))), 400],
    ["an array nested too deep", put("[".repeat(100_000)), 400],
    ["a body that is not JSON", put('{"service_id":'), 400],
    ["a body that is not an object", put("[]"), 400],
    ["a body that is too large", put(order("context", `{"a":"${"x".repeat(1024 * 1024)}"}`)), 413],
    ["no body", put(""), 400],
    ["no body, no length, no type", request(`PUT ${PATH}/a?accepts_incomplete=true`), 400],
    ["a type that is not JSON", put("a=b", ["Content-Type: text/plain"]), 400],
    ["an invalid type", put("{}", ["Content-Type: garbage"]), 400],
    ["a type that is empty", put("[]", ["Content-Type:"]), 400],
    ["no type", put("[]", []), 400],
    ["an invalid length", put("{}", ["Content-Type: application/json", "Content-Length: x"]), 400],
    ["two lengths", put("{}", ["Content-Type: application/json", "Content-Length: 1"]), 400],
    ["a body in chunks", request(`PUT ${PATH}/a`, ["Transfer-Encoding: chunked"], "2\r\n[]\r\n0\r\n\r\n"), 400],
    ["invalid chunks", request(`PUT ${PATH}/a`, ["Transfer-Encoding: chunked"], "zz\r\n"), 400],
    ["an id that is too long, to create", request(`PUT ${PATH}/${long}?accepts_incomplete=true`), 400],
    ["an id that is too long, to fetch", request(`GET ${PATH}/${long}`), 404],
    ["an id that is very long", request(`GET ${PATH}/${"a".repeat(8_000)}/last_operation`), 404],
    [
      "an id of a binding that is too long",
      request(`DELETE ${PATH}/a/service_bindings/${long}?service_id=${ID}&plan_id=${ID}`),
      410,
    ],
    ["a path that is not UTF-8", request(`GET ${PATH}/%FF`), 400],
    ["a path that is cut in an escape", request(`GET ${PATH}/%4`), 400],
    ["a NUL in the path", request(`GET ${PATH}/a%00b`), 400],
    ["a NUL in the query", request(`GET ${PATH}/a/last_operation?operation=%00`), 400],
    ["an operation twice", request(`GET ${PATH}/a/last_operation?operation=a&operation=b`), 404],
    ["an empty path", request("GET /nowhere"), 404],
    ["a target that is not a path", request("GET nowhere"), 400],
    ["a method that the resource does not have", request("POST /v2/catalog"), 404],
    ["a method that HTTP does not know", request("FETCH /v2/catalog"), 400],
    ["a method for proxies", request("CONNECT example.org:443"), 405],
    ["TRACE", request("TRACE /v2/catalog"), 404],
    ["OPTIONS", request("OPTIONS /v2/catalog"), 404],
    ["PROPFIND", request("PROPFIND /v2/catalog"), 404],
    ["headers that are too large", request("GET /v2/catalog", [`X-Long: ${"x".repeat(20_000)}`]), 431],
    ["a path that is too long", request(`GET ${PATH}/${"a".repeat(20_000)}`), 431],
    ["an invalid header", request("GET /v2/catalog", ["no colon"]), 400],
    ["an expectation that can't be met", request("GET /v2/catalog", ["Expect: the-impossible"]), 417],
    ["no host", without(request("GET /v2/catalog"), "Host"), 400],
    ["no version of the API", without(request("GET /v2/service_instances/a/last_operation"), "X-Broker"), 400],
    ["a version of the API that is too old", request("GET /v2/catalog").replace("2.17", "1.0"), 412],
    ["no credentials", without(request("GET /v2/catalog"), "Authorization"), 401],
    ["no credentials and a path that is not UTF-8", without(request("GET /v2/%FF"), "Authorization"), 401],
    ["what is not HTTP", "\u0016\u0003\u0001 hello\r\n\r\n", 400],
  ];

  it.each(REQUESTS)("is refused in OSB's words: %s", async (_what, bytes, expected) => {
    const { status, head, body } = await send(bytes);
    expect(status).toBe(expected);
    expect(head).toMatch(/content-type: application\/json/i);
    expect(JSON.parse(body)).toEqual({ description: expect.stringMatching(/./) });
  });

  it("has OSB's error code if there is one", async () => {
    const { body } = await send(
      request(`PUT ${PATH}/a`, [`Content-Length: ${JSON.stringify(ORDER).length}`], JSON.stringify(ORDER)),
    );
    expect(JSON.parse(body)).toEqual({ error: "AsyncRequired", description: expect.any(String) });
  });

  it("does not affect the next one", async () => {
    expect((await send(request("GET /v2/catalog"))).status).toBe(200);
    expect((await send(put(order("context", deep(50))))).status).toBe(202);
    expect((await send(put(order("context", deep(50)), ["Content-Type:"]))).status).toBe(202);
  });
});
