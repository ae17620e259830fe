import { once } from "node:events";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WallDriver } from "../kernel/edge/drive.ts";
import { type Served, serve } from "../kernel/edge/serve.ts";
import { Kernel, makeRequest } from "../kernel/index.ts";
import { createControl } from "./api.ts";

const TOKEN = "the-right-token";
const RULE = JSON.stringify({ point: "nova:POST /servers", effect: { kind: "reset" } });

/** Requests by `method path`, each with a body with which it would work. */
const ROUTES: readonly (readonly [method: string, path: string, body?: string | undefined])[] = [
  ["GET", "/_drydock/faults/points"],
  ["GET", "/_drydock/faults/effects"],
  ["GET", "/_drydock/faults"],
  ["POST", "/_drydock/faults", RULE],
  ["DELETE", "/_drydock/faults"],
  ["DELETE", "/_drydock/faults/1"],
  ["GET", "/_drydock/events"],
  ["GET", "/_drydock/digest"],
  ["GET", "/_drydock/laws"],
  ["POST", "/_drydock/snapshots"],
  ["POST", "/_drydock/snapshots/1/restore"],
];
const NO_ROUTES: typeof ROUTES = [
  ["GET", "/_drydock"],
  ["GET", "/_drydock/"],
  ["GET", "/_drydock/no-such"],
  ["GET", "/_DRYDOCK/laws"],
  ["GET", "/_drydock/%2e%2e/laws"],
  ["GET", "//_drydock/laws"],
  ["GET", "/"],
  ["HEAD", "/_drydock/laws"],
  ["OPTIONS", "/_drydock/faults"],
  ["PUT", "/_drydock/faults", RULE],
  ["PATCH", "/_drydock/faults", RULE],
  ["TRACE", "/_drydock/laws"],
];

describe("access to the control API", () => {
  const kernel = new Kernel();
  kernel.faults.define({ point: "nova:POST /servers", effects: ["reset"], prose: "It fails." });
  const driver = new WallDriver(kernel);
  const hosts: string[] = [];
  const service = createControl({ kernel, findBrokenLaws: () => [] }, { token: TOKEN, hosts });
  let served: Served;
  let host: string;

  beforeAll(async () => {
    served = await serve(service, driver, { host: "127.0.0.1", port: 0 });
    host = `127.0.0.1:${served.port}`;
    hosts.push(host);
  });
  afterAll(async () => {
    await served.close();
    driver.stop();
  });

  const send = async (
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    body: string | undefined,
  ): Promise<{ status: number; headers: IncomingMessage["headers"]; text: string }> => {
    const framed = body === undefined ? headers : { ...headers, "content-length": body.length };
    const sent = request({ host: "127.0.0.1", port: served.port, method, path, headers: framed, setHost: false });
    sent.end(body);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: await text(answer) };
  };

  /** The headers of a request by the person who started the cloud; `undefined` removes a header. */
  const rightful = (changed: OutgoingHttpHeaders = {}): OutgoingHttpHeaders => {
    const headers = { host, authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...changed };
    return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  };

  const noTokens: readonly (readonly [string, OutgoingHttpHeaders])[] = [
    ["no token", { authorization: undefined }],
    ["an empty token", { authorization: "Bearer " }],
    ["a wrong token", { authorization: "Bearer the-wrong-token" }],
    ["the beginning of the token", { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ["more than the token", { authorization: `Bearer ${TOKEN}x` }],
    ["the token as another scheme", { authorization: `Token ${TOKEN}` }],
    ["the token as a password", { authorization: `Basic ${btoa(`admin:${TOKEN}`)}` }],
    ["the token in a cookie", { authorization: undefined, cookie: `token=${TOKEN}` }],
    [
      "no token, from a page",
      { authorization: undefined, origin: "https://evil.example", "content-type": "text/plain" },
    ],
  ];
  const foreign: readonly (readonly [string, number, () => OutgoingHttpHeaders])[] = [
    ["a foreign Host", 403, () => ({ host: "evil.example" })],
    ["a foreign Host on the right port", 403, () => ({ host: `evil.example:${served.port}` })],
    ["the right address on another port", 403, () => ({ host: "127.0.0.1:1" })],
    ["a name of this machine", 403, () => ({ host: `localhost:${served.port}` })],
    ["the Origin of a page", 403, () => ({ origin: "https://evil.example" })],
    ["the Origin of a page without one", 403, () => ({ origin: "null" })],
    ["its own Origin", 403, () => ({ origin: `http://${host}` })],
    ["a request from another site", 403, () => ({ "sec-fetch-site": "cross-site" })],
    ["a request from the same site", 403, () => ({ "sec-fetch-site": "same-site" })],
    ["a request from its own page", 403, () => ({ "sec-fetch-site": "same-origin" })],
    ["text", 415, () => ({ "content-type": "text/plain" })],
    ["a form", 415, () => ({ "content-type": "application/x-www-form-urlencoded" })],
    ["a form with files", 415, () => ({ "content-type": "multipart/form-data; boundary=x" })],
    ["something like JSON", 415, () => ({ "content-type": "application/jsonp" })],
    ["JSON with a second, textual type", 415, () => ({ "content-type": "text/plain; application/json" })],
  ];

  const every = [...ROUTES, ...NO_ROUTES].map(([method, path, body]) => ({ method, path, body }));
  describe.each(every)("$method $path", ({ method, path, body }) => {
    it.each(noTokens)("is refused with 401 and a challenge for %s", async (_name, headers) => {
      const answer = await send(method, `${path}?token=${TOKEN}&access_token=${TOKEN}`, rightful(headers), body);
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe('Bearer realm="drydock"');
      expect(answer.text).not.toContain(TOKEN);
    });

    it.each(foreign)("is refused for %s, with the token", async (_name, status, headers) => {
      const answer = await send(method, path, rightful(headers()), body);
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain(TOKEN);
    });

    it("is refused for a body without a type", async () => {
      const headers = rightful({ "content-type": undefined });
      expect((await send(method, path, headers, "{}")).status).toBe(415);
      const chunked = { ...headers, "transfer-encoding": "chunked" };
      expect((await send(method, path, chunked, undefined)).status).toBe(415);
    });

    it("never lets a browser share an answer with a page", async () => {
      const answer = await send(method, path, rightful({ origin: "https://evil.example" }), body);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
      expect(answer.headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    });
  });

  it("has every route listed here", () => {
    expect(ROUTES.map(([method, path]) => `${method} ${path.replace(/\/1\b/, "/:id")}`)).toEqual(
      service.routes.map(({ method, path }) => `${method} ${path}`),
    );
  });

  it("is left untouched by all of them", () => {
    expect(kernel.faults.rules).toEqual([]);
    expect(kernel.journal.seq).toBe(0);
    const headers = { host, authorization: `Bearer ${TOKEN}` };
    const restored = service.receive(makeRequest("POST", "/_drydock/snapshots/1/restore", { headers }));
    expect(restored).toMatchObject({ status: 404 });
  });

  it("is refused without a Host", async () => {
    const socket = connect(served.port, "127.0.0.1");
    socket.end(`GET /_drydock/laws HTTP/1.0\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.[01] 403 /);
  });

  it("is refused with 401 without the token, whatever the method, path and headers", () => {
    const headers = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,15}$/), fc.string());
    const paths = fc.webPath().map((path) => `/_drydock${path}`);
    fc.assert(
      fc.property(fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH"), paths, headers, (method, path, given) => {
        const answer = service.receive(makeRequest(method, path, { headers: { host, ...given } }));
        expect(answer).toMatchObject({ status: 401 });
      }),
    );
  });

  it.each([
    ["Bearer", "application/json"],
    ["bearer", "application/json; charset=utf-8"],
    ["BEARER", "Application/JSON;charset=utf-8"],
  ])("is granted with the token as %s, and JSON as %s", async (scheme, type) => {
    const headers = rightful({ authorization: `${scheme} ${TOKEN}`, "content-type": type });
    const armed = await send("POST", "/_drydock/faults", headers, RULE);
    expect(armed.status).toBe(201);
    const { id } = JSON.parse(armed.text) as { id: number };
    expect((await send("DELETE", `/_drydock/faults/${id}`, headers, undefined)).status).toBe(204);
  });

  it("is granted without a body to a request without a type, and to a browser's address bar", async () => {
    const headers = rightful({ "content-type": undefined, "sec-fetch-site": "none" });
    expect((await send("GET", "/_drydock/laws", headers, undefined)).status).toBe(200);
    expect((await send("POST", "/_drydock/snapshots", headers, undefined)).status).toBe(201);
  });
});
