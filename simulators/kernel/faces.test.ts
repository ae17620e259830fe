import { setupServer } from "msw/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WallDriver } from "./edge/drive.ts";
import { type LocalFetch, LocalNet } from "./edge/local.ts";
import { mswHandlers } from "./edge/msw.ts";
import { type Served, serve } from "./edge/serve.ts";
import {
  type Api,
  bodyJson,
  bodyText,
  type Body,
  defineService,
  empty,
  type HttpReply,
  json,
  Kernel,
  queryOf,
  type Service,
  text,
} from "./index.ts";

/** One small API with every kind of route, and one list of cases that each face must answer alike. */
function library(kernel: Kernel): Service {
  const books = new Map<string, unknown>();
  function* slowly(): Body<HttpReply> {
    yield 20;
    return json(200, { slow: true });
  }
  const api: Api<Map<string, unknown>> = {
    name: "library",
    kernel,
    sim: books,
    bodyBytesMax: 1000,
    routes: [
      {
        method: "GET",
        path: "/books",
        handler: (sim, request) => json(200, { books: [...sim.keys()], q: queryOf(request).get("q") }),
      },
      {
        method: "PUT",
        path: "/books/:title",
        handler: (sim, request) => {
          const body = bodyJson(request);
          if (!body.ok) return json(400, { error: "not JSON" });
          sim.set(request.params.title ?? "", body.value);
          return json(201, body.value, { Location: `${request.origin}/books/x`, "X-Two": ["a", "b"] });
        },
      },
      {
        method: "DELETE",
        path: "/books/:title",
        handler: (sim, request) => (sim.delete(request.params.title ?? "") ? empty(204) : text(404, "no such book\n")),
      },
      { method: "GET", path: "/slow", handler: slowly },
      {
        method: "POST",
        path: "/echo",
        handler: (_sim, request) => ({
          status: 200,
          headers: { "X-Type": request.headers["content-type"] ?? "none" },
          body: bodyText(request),
        }),
      },
      {
        method: "POST",
        path: "/uploads",
        upload: {
          bodyBytesMax: 1e9,
          receive: async (stream) => {
            let bytes = 0;
            for await (const chunk of stream) bytes += (chunk as Buffer).length;
            return { bytes };
          },
        },
        handler: (_sim, request) => json(200, request.received),
      },
      { method: "GET", path: "/shelves/*rest", handler: (_sim, request) => text(200, request.params.rest ?? "") },
      { method: "GET", path: "/moved", handler: () => ({ status: 302, headers: { Location: "/books" } }) },
    ],
    before: (_sim, request) =>
      request.headers["x-token"] === "bad" ? json(401, { error: "who are you?" }) : undefined,
    unmatched: (_sim, _request, allowed) =>
      allowed.length === 0 ? json(404, { error: "no route" }) : empty(405, { Allow: allowed.join(", ") }),
  };
  return defineService(api);
}

interface Case {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const CASES: readonly Case[] = [
  { name: "an empty list", method: "GET", path: "/books?q=a%20b" },
  {
    name: "a create",
    method: "PUT",
    path: "/books/Moby%20Dick",
    body: '{"by":"Melville"}',
    headers: { "content-type": "application/json" },
  },
  { name: "bad JSON", method: "PUT", path: "/books/x", body: "{", headers: { "content-type": "application/json" } },
  { name: "a list", method: "GET", path: "/books" },
  { name: "a delete", method: "DELETE", path: "/books/Moby%20Dick" },
  { name: "a second delete", method: "DELETE", path: "/books/Moby%20Dick" },
  { name: "a reply that takes time", method: "GET", path: "/slow" },
  { name: "a body of an odd type", method: "POST", path: "/echo", body: "ü", headers: { "content-type": "text/yaml" } },
  {
    name: "an upload",
    method: "POST",
    path: "/uploads",
    body: "x".repeat(5000),
    headers: { "content-type": "application/x-compressed" },
  },
  { name: "the rest of a path", method: "GET", path: "/shelves/a/b%2Fc/d" },
  { name: "a redirect, not followed", method: "GET", path: "/moved" },
  { name: "an unknown path", method: "GET", path: "/nowhere" },
  { name: "an unknown method", method: "POST", path: "/books" },
  { name: "a filter before the route", method: "GET", path: "/nowhere", headers: { "x-token": "bad" } },
];

/** A client's view of a reply: status, body, and the headers that the API itself sets. */
async function exchange(fetch: LocalFetch, origin: string, { method, path, headers, body }: Case): Promise<unknown> {
  const response = await fetch(`${origin}${path}`, {
    method,
    redirect: "manual",
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
  });
  const seen = ["content-type", "location", "x-two", "x-type", "allow"].map((name) => [
    name,
    response.headers.get(name)?.replace(origin, "{origin}"),
  ]);
  return { status: response.status, body: await response.text(), headers: Object.fromEntries(seen) };
}

async function play(fetch: LocalFetch, origin: string): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const one of CASES) seen.push({ name: one.name, ...((await exchange(fetch, origin, one)) as object) });
  return seen;
}

describe("faces", () => {
  const drivers: WallDriver[] = [];
  const live = (): { service: Service; driver: WallDriver } => {
    const kernel = new Kernel({ startMs: Date.now() });
    const driver = new WallDriver(kernel);
    drivers.push(driver);
    return { service: library(kernel), driver };
  };
  let served: Served;
  let overTcp: unknown[];

  beforeAll(async () => {
    const { service, driver } = live();
    served = await serve(service, driver, { host: "127.0.0.1", port: 0 });
    overTcp = await play(fetch, served.url);
  });
  afterAll(async () => {
    await served.close();
    for (const driver of drivers) driver.stop();
  });

  it("the server answers as the table says", () => {
    expect(overTcp).toMatchSnapshot();
  });

  it("local fetch answers as the server does", async () => {
    const { service, driver } = live();
    const net = new LocalNet(driver);
    net.attach("10.0.0.1", 80, { service });
    expect(await play(net.fetchFrom("127.0.0.1"), "http://10.0.0.1")).toEqual(overTcp);
  });

  it("msw answers as the server does", async () => {
    const { service, driver } = live();
    const server = setupServer(...mswHandlers(service, driver, "http://library.test"));
    server.listen({ onUnhandledFrame: "bypass" });
    try {
      expect(await play(fetch, "http://library.test")).toEqual(overTcp);
    } finally {
      server.close();
    }
  });

  it("faults of the wire look the same on each face", async () => {
    const outcomes = async (kernel: Kernel, call: LocalFetch, origin: string): Promise<string[]> => {
      const seen: string[] = [];
      for (const effect of [
        { kind: "reset" },
        { kind: "lost-reply" },
        { kind: "reply", status: 503, body: "busy" },
        { kind: "truncate", bytes: 3 },
        { kind: "delay", delayMs: 5 },
      ] as const) {
        kernel.faults.arm({ point: "library:GET /books", effect });
        const outcome = await call(`${origin}/books`).then(
          async (response) => `${response.status} ${await response.text().catch(() => "torn")}`,
          () => "failed",
        );
        seen.push(`${effect.kind}: ${outcome}`);
      }
      return seen;
    };
    const tcp = live();
    const listening = await serve(tcp.service, tcp.driver, { host: "127.0.0.1", port: 0 });
    const local = live();
    const net = new LocalNet(local.driver);
    net.attach("10.0.0.1", 80, { service: local.service });
    const expected = [
      "reset: failed",
      "lost-reply: failed",
      "reply: 503 busy",
      "truncate: 200 torn",
      'delay: 200 {"books":[],"q":null}',
    ];
    expect(await outcomes(tcp.driver.kernel, fetch, listening.url)).toEqual(expected);
    expect(await outcomes(local.driver.kernel, net.fetchFrom("127.0.0.1"), "http://10.0.0.1")).toEqual(expected);
    await listening.close();
  });

  it("a body over the limit is refused with 413", async () => {
    const response = await fetch(`${served.url}/echo`, { method: "POST", body: "x".repeat(2000) });
    expect(response.status).toBe(413);
  });
});
