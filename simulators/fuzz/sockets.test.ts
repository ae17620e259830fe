import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBosh, createDummyCpi } from "../bosh/index.ts";
import { createDns } from "../dns/index.ts";
import { VirtualDriver } from "../kernel/edge/drive.ts";
import { type Served, serve } from "../kernel/edge/serve.ts";
import { defineService, json, Kernel, type Service, text } from "../kernel/index.ts";

const AUTH = `Authorization: Basic ${Buffer.from("admin:pw").toString("base64")}\r\n`;

describe("over sockets", () => {
  const kernel = new Kernel({ seed: 1 });
  const reported: unknown[] = [];
  const services: Readonly<Record<string, Service>> = {
    director: createBosh(kernel, {
      users: [{ name: "admin", password: "pw", scopes: ["bosh.admin"] }],
      cpi: createDummyCpi(kernel),
      resurrector: false,
    }).director,
    consul: createDns(kernel, { address: "127.0.0.1" }).http,
    frail: defineService<null>({
      name: "frail",
      kernel,
      sim: null,
      bodyBytesMax: 10,
      routes: [
        {
          method: "GET",
          path: "/things/:id",
          handler: () => {
            throw new TypeError("no such thing");
          },
        },
        { method: "GET", path: "/lines", handler: () => text(200, "ok", { "X-Line": "a\r\nX-Injected: b" }) },
        { method: "POST", path: "/things", handler: () => json(201, {}) },
      ],
      unmatched: () => json(404, { error: "no route" }),
    }),
  };
  const served = new Map<string, Served>();

  beforeAll(async () => {
    const driver = new VirtualDriver(kernel);
    const report = (error: unknown): number => reported.push(error);
    for (const [name, service] of Object.entries(services))
      served.set(name, await serve(service, driver, { host: "127.0.0.1", port: 0, report }));
  });
  afterAll(async () => {
    await Promise.all([...served.values()].map((each) => each.close()));
  });

  /** Sends bytes and reads until the server closes. */
  const exchange = (name: string, bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(served.get(name)?.port ?? 0, "127.0.0.1", () => socket.end(bytes, "latin1"));
      let answer = "";
      socket.setEncoding("latin1");
      socket.on("data", (chunk: string) => (answer += chunk));
      socket.once("error", reject);
      socket.once("close", () => resolve(answer));
    });
  const ask = (name: string, line: string, fields = "Host: h\r\n", body = ""): Promise<string> =>
    exchange(name, `${line}\r\n${fields}Connection: close\r\n\r\n${body}`);

  it.each<readonly [string, string, RegExp]>([
    ["director", "FOO /deployments HTTP/1.1", /^HTTP\/1\.1 404 .*Endpoint '\/deployments' not found/s],
    ["director", "foo /deployments HTTP/1.1", /^HTTP\/1\.1 400 .*<center>nginx<\/center>/s],
    ["director", "TRACE /deployments HTTP/1.1", /^HTTP\/1\.1 405 .*<center>nginx<\/center>/s],
    ["director", "CONNECT h:1 HTTP/1.1", /^HTTP\/1\.1 405 .*<center>nginx<\/center>/s],
    ["director", "GET /deployments HTTP/2.0", /^HTTP\/1\.1 505 .*<center>nginx<\/center>/s],
    ["director", "GET /deployments/%00 HTTP/1.1", /^HTTP\/1\.1 400 .*<center>nginx<\/center>/s],
    ["director", "GET /deployments/%FF HTTP/1.1", /^HTTP\/1\.1 404 .*"code":70000/s],
    ["director", `GET /${"x".repeat(9000)} HTTP/1.1`, /^HTTP\/1\.1 414 .*<center>nginx<\/center>/s],
    ["consul", "FOO /v1/agent/self HTTP/1.1", /^HTTP\/1\.1 405 .*method FOO not allowed/s],
    ["consul", "GET /v1/agent/self HTTP/2.0", /^HTTP\/1\.1 505 .*unsupported protocol version/s],
    ["consul", "GET /v1/kv/%zz HTTP/1.1", /^HTTP\/1\.1 400 .*400 Bad Request/s],
    ["consul", "GET /v1/kv/%FF HTTP/1.1", /^HTTP\/1\.1 404 /],
    ["frail", "FOO /things HTTP/1.1", /^HTTP\/1\.1 404 .*no route/s],
    ["frail", "GET a b c d", /^HTTP\/1\.1 400 .*400 Bad Request/s],
  ])("%s answers %s as its real server does", async (name, line, expected) => {
    expect(await ask(name, line, `Host: h\r\n${name === "director" ? AUTH : ""}`)).toMatch(expected);
  });

  it.each<readonly [string, string, RegExp]>([
    ["director", "Host: h\r\nContent-Length: x\r\n", /^HTTP\/1\.1 400 .*nginx/s],
    ["director", "Host: h\r\nTransfer-Encoding: zz\r\n", /^HTTP\/1\.1 (?:501|500) /],
    ["director", "", /^HTTP\/1\.1 400 .*nginx/s],
    ["consul", "Host: h\r\nContent-Length: x\r\n", /^HTTP\/1\.1 400 .*400 Bad Request/s],
    ["consul", "", /^HTTP\/1\.1 400 .*missing required Host header/s],
    ["consul", "Host: h\r\nBroken\r\n", /^HTTP\/1\.1 400 /],
  ])("%s answers the header %j as its real server does", async (name, fields, expected) => {
    expect(await ask(name, "POST /v1/query HTTP/1.1", fields)).toMatch(expected);
  });

  it("a throw becomes an answer to the client, and the log names the request", async () => {
    const answer = await ask("frail", "GET /things/7 HTTP/1.1");
    expect(answer).toMatch(/^HTTP\/1\.1 500 .*Internal Server Error/s);
    expect(answer).not.toContain("no such thing");
    expect(String(reported.at(-1))).toContain("frail: GET /things/:id threw TypeError: no such thing");
    expect(kernel.journal.events.at(-1)).toMatchObject({ source: "frail", kind: "crash", subject: "GET /things/:id" });
  });

  it("a header that can't be sent is rewritten so that it can", async () => {
    expect(await ask("frail", "GET /lines HTTP/1.1")).toMatch(/\r\nX-Line: a {2}X-Injected: b\r\n/);
  });

  it("a body over the limit is refused, and what follows it is not read", async () => {
    const answer = await ask("frail", "POST /things HTTP/1.1", "Host: h\r\nContent-Length: 20\r\n", "x".repeat(20));
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*Connection: close/s);
  });
});
